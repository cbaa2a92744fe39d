import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import test from "node:test";

const STATIC = new URL("../../prefml/review/static/", import.meta.url);

test("every module of the page has a test file of its name", () => {
  const modules = readdirSync(STATIC).filter((name) => name.endsWith(".js"));
  assert.ok(modules.length > 10);
  const missing = modules.filter((name) => !existsSync(new URL(name.replace(/js$/, "test.js"), import.meta.url)));
  assert.deepEqual(missing, []);
});
