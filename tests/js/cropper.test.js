import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import * as cropper from "../../prefml/review/static/cropper.js";
import { configure } from "../../prefml/review/static/geometry.js";
import { readDraft, session, writeDraft } from "../../prefml/review/static/session.js";
import { drawGroup } from "../../prefml/review/static/view.js";
import { layOut, point, settle, text } from "./page.js";
import { groupOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });
window.HTMLElement.prototype.setPointerCapture = () => {};

const BOX = [0.1, 0.05, 0.9, 0.85];
const $ = (selector) => document.querySelector(selector);
const press = (key, shift = false) => cropper.handleKey({ key, shift, repeat: false });
const drawn = () => $("[data-testid=crop-box]").dataset.box.split(",").map(Number);
const near = (one, other) => one.forEach((edge, i) => assert.ok(Math.abs(edge - other[i]) < 1e-6, `${one} is not ${other}`));

function start(group = groupOf("a"), index = 2) {
  drawGroup(group);
  layOut(".tile .frame", [0, 0, 200, 300]);
  cropper.start(group, index);
}

beforeEach(() => {
  localStorage.clear();
  Object.assign(session, { ids: ["a"], index: 0, held: null, cropVisible: true });
});
afterEach(() => cropper.stop());

test("the editor takes the place of what was drawn, and has the focus and its own buttons", () => {
  start();
  assert.equal(document.querySelectorAll(".crop, .ghost").length, 1);
  assert.equal(document.activeElement, $(".tile:nth-child(3) .crop.editing"));
  assert.deepEqual([$("#crop-tools").hidden, $("#decisions").hidden], [false, true]);
  cropper.stop();
  assert.deepEqual([$("#crop-tools").hidden, $("#decisions").hidden, cropper.isEditing()], [true, false, false]);
});

test("the editor begins with the draft, else the crop, else the whole picture", () => {
  start();
  near(drawn(), BOX);
  start(groupOf("a", { crop: { box: null, alternatives: [] } }));
  near(drawn(), [0, 0, 1, 1]);
  writeDraft(groupOf("a"), 2, [0, 0, 0.5, 0.5]);
  start();
  near(drawn(), [0, 0, 0.5, 0.5]);
});

test("arrows move the box, with Shift in big steps", () => {
  start();
  press("ArrowLeft");
  press("ArrowDown", true);
  near(drawn(), [0.095, 0.1, 0.895, 0.9]);
  for (const [key, x, y] of [["ArrowRight", 0.1, 0.1], ["ArrowUp", 0.1, 0.095], ["ArrowLeft", 0.095, 0.095], ["ArrowDown", 0.095, 0.1]]) {
    press(key);
    near(drawn(), [x, y, x + 0.8, y + 0.8]);
  }
});

test("plus and minus change the size", () => {
  for (const [key, shift, width] of [["+", false, 0.81], ["=", false, 0.81], ["*", true, 0.9], ["-", false, 0.79], ["_", true, 0.7]]) {
    start();
    press(key, shift);
    near([drawn()[2] - drawn()[0]], [width]);
    localStorage.clear();
  }
});

test("0 takes the whole picture", () => {
  start();
  press("0");
  near(drawn(), [0, 0, 1, 1]);
});

test("a change is kept as a draft of the picture, and told", async () => {
  start();
  await settle(200);
  assert.match(text("announce"), /^Editing the crop\. .*Crop box: left 10 %/);
  press("ArrowRight");
  assert.match($(".crop.editing").getAttribute("style"), /left: 10\.5%/);
  assert.match($(".crop.editing").getAttribute("aria-label"), /^Crop box, left 11 %/);
  assert.equal(readDraft(groupOf("a")).index, 2);
  near(readDraft(groupOf("a")).box, cropper.edited().box);
  await settle(200);
  assert.match(text("announce"), /^Crop box: left 11 %.*160 by 240 pixels$/);
});

test("Tab goes round the proposals and the whole picture, with Shift backwards", () => {
  start();
  const seen = [];
  for (let i = 0; i < 3; i += 1) { press("Tab"); seen.push(drawn()); }
  assert.deepEqual(seen, [[0.2, 0.1, 0.7, 0.6], [0, 0, 1, 1], BOX]);
  press("Tab", true);
  near(drawn(), [0, 0, 1, 1]);
});

test("a proposal is told by its number, and the whole picture as such", async () => {
  start();
  press("Tab");
  await settle(200);
  assert.match(text("announce"), /^Proposal 2 of 3\. Crop box: left 20 %/);
  press("Tab");
  await settle(200);
  assert.match(text("announce"), /^Proposal 3 of 3, whole picture\. /);
});

test("from a box that is no proposal, Tab goes to the first and Shift+Tab to the last", () => {
  for (const [shift, expected] of [[false, BOX], [true, [0, 0, 1, 1]]]) {
    start();
    press("ArrowLeft");
    press("Tab", shift);
    near(drawn(), expected);
    localStorage.clear();
  }
});

test("proposals that are the same box are one", () => {
  const alternatives = [{ box: [0.10001, 0.05, 0.9, 0.85], probability: 0.3 }, { box: [0, 0, 1, 1], probability: 0.2 }];
  assert.deepEqual(cropper.proposalsOf(groupOf("a", { crop: { alternatives } })), [BOX, [0, 0, 1, 1]]);
});

test("L frees the aspect and locks it again", async () => {
  start();
  press("l");
  await settle(200);
  assert.equal(text("announce"), "Aspect free");
  assert.deepEqual([$("#lock").getAttribute("aria-pressed"), $("#lock").textContent], ["false", "L Aspect free"]);
  press("l");
  assert.deepEqual([$("#lock").getAttribute("aria-pressed"), $("#lock").textContent], ["true", "L Aspect locked"]);
});

test("other keys are not the editor's", () => {
  start();
  for (const key of ["a", "1", "Escape", "Enter"]) assert.ok(!press(key), key);
  for (const key of ["ArrowLeft", "+", "-", "Tab", "l", "0", "q", "w", "d", "e", "p", "t"]) assert.ok(press(key), key);
  press("t");
});

/** Drag from one element by a way in CSS pixels; the frame has 200 by 300. */
function drag(selector, x, y) {
  point($(selector), "pointerdown", { pointerId: 1, clientX: 50, clientY: 50 });
  point($(".crop.editing"), "pointermove", { pointerId: 1, clientX: 50 + x, clientY: 50 + y });
}

test("the box follows the pointer until it is let go", () => {
  start();
  drag(".crop.editing", -10, 30);
  near(drawn(), [0.05, 0.15, 0.85, 0.95]);
  for (const end of ["pointerup", "pointercancel"]) {
    $("#filter").focus();
    point($(".crop.editing"), end, { pointerId: 1 });
    assert.equal(document.activeElement, $(".crop.editing"));
    point($(".crop.editing"), "pointermove", { pointerId: 1, clientX: 0, clientY: 0 });
    near(drawn(), [0.05, 0.15, 0.85, 0.95]);
    drag(".crop.editing", 0, 0);
  }
});

test("a handle pulls its side, with the aspect locked or free", () => {
  start();
  drag("[data-handle=e]", -40, 0);
  near(drawn(), [0.1, 0.15, 0.7, 0.75]);
  localStorage.clear();
  start();
  press("l");
  drag("[data-handle=e]", -40, 0);
  near(drawn(), [0.1, 0.05, 0.7, 0.85]);
});

test("only the main button of the mouse moves the box", () => {
  start();
  point($(".crop.editing"), "pointerdown", { pointerId: 1, button: 2 });
  point($(".crop.editing"), "pointermove", { pointerId: 1, clientX: 90, clientY: 90 });
  near(drawn(), BOX);
});

test("the picture has all the room while its crop is edited", () => {
  start();
  assert.deepEqual([...document.querySelectorAll(".tile")].map((tile) => tile.classList.contains("edited")), [false, false, true]);
  assert.equal($("#pictures").dataset.edited, "2");
  cropper.stop();
  assert.deepEqual([$(".tile.edited"), $("#pictures").dataset.edited], [null, undefined]);
});

test("width and height are changed alone, with Shift in big steps", () => {
  for (const [key, shift, expected] of [["w", false, [0.095, 0.05, 0.905, 0.85]], ["q", true, [0.15, 0.05, 0.85, 0.85]], ["e", false, [0.1, 0.045, 0.9, 0.855]], ["d", true, [0.1, 0.1, 0.9, 0.8]]]) {
    start();
    press(key, shift);
    near(drawn(), expected);
    localStorage.clear();
  }
});

test("aspects that have a name are taken in turn and lock it, and the text agrees with the box", () => {
  start();
  press("l");
  const ratio = () => (drawn()[2] - drawn()[0]) * 200 / ((drawn()[3] - drawn()[1]) * 300);
  for (const expected of [2 / 3, 1, 4 / 5, 3 / 4, 2 / 3, 9 / 16, 2 / 3]) {
    press("p");
    assert.ok(Math.abs(ratio() - expected) < 1e-4, `${ratio()} is not ${expected}`);
  }
  press("p", true);
  assert.match(text("crop-size"), /^\d+ × \d+ px · \d+ % of the picture · 9:16$/);
  assert.ok(cropper.edited().locked);
});

test("what is cut is marked and said", () => {
  const group = groupOf("a");
  group.images[2] = { ...group.images[2], faces: [[0.3, 0.3, 0.5, 0.5]], hands: [[0.05, 0.5, 0.2, 0.6], [0, 0.95, 0.1, 1]] };
  start(group);
  const cut = () => [...document.querySelectorAll(".person")].map((mark) => mark.classList.contains("cut"));
  assert.deepEqual(cut(), [false, true, true]);
  assert.match(text("crop-size"), /cuts a hand, leaves out a hand$/);
  press("0");
  assert.deepEqual(cut(), [false, false, false]);
  assert.equal(document.querySelectorAll(".eyeline").length, 1);
  cropper.stop();
  assert.equal(document.querySelectorAll(".person, .eyeline").length, 0);
});

test("thirds and the line of the eyes are shown and hidden", () => {
  start();
  const guides = () => [$(".tile.edited .frame").dataset.guides, $("#guides").getAttribute("aria-pressed")];
  assert.deepEqual(guides(), ["true", "true"]);
  press("t");
  assert.deepEqual(guides(), ["false", "false"]);
  press("t");
});

test("changes are taken back one by one", () => {
  start();
  press("ArrowLeft");
  press("+");
  cropper.stepBack();
  near(drawn(), [0.095, 0.05, 0.895, 0.85]);
  cropper.stepBack();
  cropper.stepBack();
  near(drawn(), BOX);
});
