import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach } from "node:test";
import { capOf, changedKeys, exchanged, isFree, layoutKeys, meantKey, useKeys } from "../../prefml/review/static/keymap.js";
import { forAll } from "./random.js";

const NAMES = ["a", "b", "c", "d", "j", "k", "Enter", "ArrowUp", "Backspace", " ", "0", "1"];
const any = (random) => NAMES[Math.floor(random() * NAMES.length)];

afterEach(() => useKeys({}));

test("however keys are exchanged, each has one meaning and none is lost", () => {
  forAll((random) => Array.from({ length: 12 }, () => [any(random), any(random)]), (steps) => {
    let keys = {};
    for (const [key, pressed] of steps) {
      keys = exchanged(keys, key, pressed);
      assert.equal(keys[key] ?? key, pressed);
      assert.deepEqual(Object.keys(keys).sort(), Object.values(keys).sort());
      useKeys(keys);
      for (const name of NAMES) assert.equal(meantKey(keys[name] ?? name), name);
    }
  }, 200);
});

test("to change a key back leaves the keys as delivered", () => {
  assert.deepEqual(exchanged(exchanged({}, "a", "j"), "a", "a"), {});
});

test("the layouts are exchanges, and their decisions lie under one hand", () => {
  const halves = { left: "qwertasdfgzxcvb12345", right: "yuiophjklnm67890" };
  assert.deepEqual(layoutKeys("standard"), {});
  for (const [name, half] of Object.entries(halves)) {
    const keys = layoutKeys(name);
    assert.deepEqual(Object.keys(keys).sort(), Object.values(keys).sort());
    for (const key of ["a", "r", "s", "k", "m", "x", "1", "2", "3", "4"]) assert.ok(half.includes(keys[key] ?? key), `${name} ${key}`);
  }
});

test("a cap names the key to press", () => {
  useKeys({ a: "Enter", Enter: "a", ArrowUp: " ", " ": "ArrowUp" });
  assert.deepEqual(["a", "Enter", "ArrowUp", " ", "b", "-"].map(capOf), ["Enter", "A", "Space", "↑", "B", "−"]);
  assert.deepEqual(changedKeys().a, "Enter");
});

test("keys that work dialogs and the focus stay what they are", () => {
  assert.deepEqual(["Tab", "Escape", "Shift", "Dead"].map(isFree), [false, false, false, false]);
  assert.ok(isFree("a") && isFree("Enter") && isFree(" "));
});
