import assert from "node:assert/strict";
import test from "node:test";
import { present } from "../../prefml/review/static/present.js";

test("a value that is there is returned, false and 0 and empty text among them", () => {
  for (const value of [0, false, "", [], "x"]) assert.equal(present(value, "value"), value);
});

test("a value that is missing is named", () => {
  for (const value of [null, undefined]) assert.throws(() => present(value, "picture 3"), /no picture 3/);
});
