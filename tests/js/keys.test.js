import "./page.js";
import assert from "node:assert/strict";
import test from "node:test";
import { make } from "../../prefml/review/static/dom.js";
import { KEYS, commandOf, drawHelp, readStroke, showKeys } from "../../prefml/review/static/keys.js";

const stroke = (key, fields = {}) => ({ key, shift: false, repeat: false, ...fields });

function read(key, fields = {}) {
  const flags = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, repeat: false };
  return readStroke({ key, code: "", target: document, ...flags, ...fields });
}

function inside(tag, properties = {}, child = null) {
  const outer = make(tag, properties, child);
  document.body.append(outer);
  return child ?? outer;
}

test("letters are read the same with and without Shift or Caps Lock", () => {
  assert.deepEqual(read("A"), stroke("a"));
  assert.deepEqual(read("Z", { shiftKey: true }), stroke("z", { shift: true }));
  assert.deepEqual(read("ArrowUp", { repeat: true }), stroke("ArrowUp", { repeat: true }));
});

test("with Shift a digit is read by its place, whatever sign the keyboard has there", () => {
  for (const sign of ["!", "\"", "1", "&"]) assert.deepEqual(read(sign, { code: "Digit1", shiftKey: true }), stroke("1", { shift: true }));
  assert.deepEqual(read("é", { code: "Digit2" }), stroke("é"));
});

test("the browser's own keys are left alone", () => {
  for (const flag of ["ctrlKey", "metaKey", "altKey", "isComposing"]) assert.equal(read("a", { [flag]: true }), null);
  assert.equal(read("z", { ctrlKey: true, altKey: true }), null);
});

test("Ctrl and Cmd with Z and Y undo and redo, but not while typing, whatever the letters mean", () => {
  showKeys({ z: "q", q: "z" });
  for (const flag of ["ctrlKey", "metaKey"]) {
    assert.deepEqual(commandOf(read("z", { [flag]: true })), { name: "undo" });
    assert.deepEqual(commandOf(read("Z", { [flag]: true, shiftKey: true })), { name: "redo" });
    assert.deepEqual(commandOf(read("y", { [flag]: true })), { name: "redo" });
    assert.equal(read("z", { [flag]: true, target: inside("textarea") }), null);
  }
  showKeys({});
});

test("a key that was changed means what it was changed to, and the sheet and the buttons say so", () => {
  showKeys({ a: "j", j: "a" });
  assert.deepEqual([read("J").key, read("a").key, read("r").key], ["a", "j", "r"]);
  assert.equal(document.querySelector("#approve kbd").textContent, "J");
  assert.equal(document.querySelector('[data-rebind="a"]').textContent, "J");
  showKeys({});
  assert.equal(document.querySelector("#approve kbd").textContent, "A");
  assert.equal(document.querySelector('[data-rebind="a"]').textContent, "A");
});

test("what is typed into a field or chosen in a list is left alone", () => {
  for (const tag of ["textarea", "select"]) assert.equal(read("a", { target: inside(tag) }), null);
  assert.equal(read("a", { target: inside("input", { type: "text" }) }), null);
  assert.equal(read("a", { target: inside("div", { contenteditable: "true" }, make("b")) }), null);
  assert.deepEqual(read("a", { target: inside("input", { type: "checkbox" }) }), stroke("a"));
});

test("a focused control keeps the keys that work it, except Shift and Enter, which submit", () => {
  const target = inside("button", {}, make("kbd"));
  for (const key of ["Enter", " "]) assert.equal(read(key, { target }), null);
  assert.equal(read(" ", { target, shiftKey: true }), null);
  assert.deepEqual(read("Enter", { target, shiftKey: true }), stroke("Enter", { shift: true }));
  assert.deepEqual(read("a", { target }), stroke("a"));
  assert.deepEqual(read("Enter", { target: inside("p") }), stroke("Enter"));
});

test("each key of the table asks for its command", () => {
  for (const [key, name] of Object.entries(KEYS)) assert.deepEqual(commandOf(stroke(key)), { name });
});

test("digits choose, with Shift they hold, and 0 takes none", () => {
  assert.deepEqual(commandOf(stroke("1")), { name: "choose", index: 0 });
  assert.deepEqual(commandOf(stroke("9", { shift: true })), { name: "hold", index: 8 });
  assert.deepEqual(commandOf(stroke("0")), { name: "reject" });
});

test("Shift changes what Z and Enter ask for, and no other key", () => {
  assert.deepEqual(commandOf(stroke("z")), { name: "undo" });
  assert.deepEqual(commandOf(stroke("z", { shift: true })), { name: "redo" });
  assert.deepEqual(commandOf(stroke("Enter", { shift: true })), { name: "submit" });
  assert.deepEqual(commandOf(stroke("a", { shift: true })), { name: "approve" });
});

test("a key held down moves on, but decides once", () => {
  const repeated = [...Object.keys(KEYS), "z", "1"].filter((key) => commandOf(stroke(key, { repeat: true })));
  assert.deepEqual(repeated, ["Enter", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"]);
});

test("a key without a command asks for nothing", () => {
  for (const key of ["q", "Escape", "F5", "Tab"]) assert.equal(commandOf(stroke(key)), null);
});

test("the help page names every key of the table", () => {
  drawHelp();
  const caps = [...document.querySelectorAll("#help-keys kbd")].map((cap) => cap.textContent);
  const signs = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", " ": "Space" };
  for (const key of Object.keys(KEYS)) assert.ok(caps.includes(signs[key] ?? (key.length === 1 ? key.toUpperCase() : key)), key);
});
