import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach } from "node:test";
import { capOf, changedKeys, digitsCap, drawCaps, exchanged, isFree, keycap, keyed, keyedParts, layoutKeys, meantKey, useKeys } from "../../prefml/review/static/keymap.js";
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

const words = (text) => keyedParts(text).map((part) => (typeof part === "string" ? part : part.textContent)).join("");

test("texts name the keys to press", () => {
  const text = "{K} keeps, {↑} goes back, {Space} flips, {1-9} choose, {1-1} too, {Esc} and {Tab} stay, Shift+{Enter}";
  assert.equal(keyed(text), "K keeps, ↑ goes back, Space flips, 1 to 9 choose, 1 too, Esc and Tab stay, Shift+Enter");
  useKeys({ k: "q", q: "k", ArrowUp: "e", e: "ArrowUp", " ": "j", j: " ", Enter: "n", n: "Enter", 1: "7", 7: "1" });
  assert.equal(keyed(text), "Q keeps, E goes back, J flips, 7 2 3 4 5 6 1 8 9 choose, 7 too, Esc and Tab stay, Shift+N");
});

test("texts with caps say the same, and follow when the keys change", () => {
  assert.equal(words("{A}, {1-4}, {1-1}, {Enter}, {Space}"), "A, 1–4, 1, Enter, Space");
  const box = document.createElement("p");
  box.append(...keyedParts("{A} and {⇧↵}"), keycap("A", "number"));
  useKeys({ a: "ArrowUp", ArrowUp: "a", Enter: "b", b: "Enter" });
  drawCaps(box);
  assert.equal(box.textContent, "↑ and ⇧BA".replace("A", "↑"));
  useKeys({});
  drawCaps(box);
  assert.equal(box.textContent, "A and ⇧↵A");
  assert.equal(box.querySelector(".number").textContent, "A");
});

test("the range of digits is a range only while it is one", () => {
  assert.equal(digitsCap(9), "1–9");
  useKeys(layoutKeys("right"));
  assert.equal(digitsCap(9), "7 8 9 0 5 6 1 2 3");
});

test("every cap of the page follows a changed key, and none of it twice", () => {
  const keys = Object.fromEntries([..."abcdefghijklmnopqrstuvwxyz0123456789+-?", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", " "].map((key, at) => [key, String.fromCodePoint(0x3b1 + at)]));
  const all = { ...keys, ...Object.fromEntries(Object.entries(keys).map(([key, pressed]) => [pressed, key])) };
  useKeys(all);
  for (let turn = 0; turn < 2; turn += 1) {
    drawCaps(document);
    const caps = [...document.querySelectorAll("kbd")].filter((cap) => !cap.closest("#help-keys")).map((cap) => cap.textContent);
    assert.ok(caps.length > 50);
    assert.deepEqual(caps.filter((cap) => !/^⇧?[^ -~←↑→↓↵−]$/.test(cap)).sort(), ["Esc", "Esc", "Tab"]);
  }
});
