import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { session } from "../../prefml/review/static/session.js";
import * as zoom from "../../prefml/review/static/zoom.js";
import { layOut, point, settle, text } from "./page.js";
import { groupOf, imageOf } from "./server.js";

const PANE = [0, 40, 400, 800];
window.HTMLElement.prototype.setPointerCapture = () => {};
// Panes are laid out as soon as they are made.
window.HTMLDivElement.prototype.getBoundingClientRect = () => new window.DOMRect(...PANE);

const large = (fields = {}) => groupOf("a", { images: [0, 1, 2].map((index) => imageOf(index, { width: 1600, height: 2400 })), ...fields });
const transforms = () => new Set([...document.querySelectorAll(".pane img")].map((picture) => picture.style.transform));
const transform = () => { const [only, ...others] = transforms(); assert.deepEqual(others, []); return only; };
const labels = () => [...document.querySelectorAll(".pane .label")].map((label) => label.textContent.replace(/(\d+ % · )?2025.*/, "").trim());
const pane = () => document.querySelector(".pane");

beforeEach(() => Object.assign(session, { hidden: false, revealed: false }));
afterEach(() => zoom.close());

test("a set opens with a pixel of the picture on a pixel of the screen", () => {
  zoom.open(large());
  assert.ok(zoom.isZooming());
  assert.equal(text("zoom-level"), "100 %");
  assert.match(transform(), /scale\(1\)$/);
});

test("the picture is replaced by the original once that is decoded", async () => {
  zoom.open(large());
  const picture = pane().querySelector("img");
  assert.match(picture.src, /\/picture\/0\/view\?v=1$/);
  await settle();
  assert.match(picture.src, /\/picture\/0\/full\?v=1$/);
});

test("all pictures are magnified and moved together, and 0 shows the whole", () => {
  zoom.open(large());
  zoom.handleKey({ key: "0" });
  assert.equal(transform(), "translate(0px, 100px) scale(0.25)");
  assert.equal(text("zoom-level"), "25 %");
  zoom.handleKey({ key: "+" });
  assert.equal(transform(), "translate(-50px, 25px) scale(0.3125)");
  for (const [key, shift, x] of [["ArrowRight", false, -110], ["ArrowLeft", false, -50], ["ArrowLeft", true, 190], ["ArrowRight", true, -50]]) {
    zoom.handleKey({ key, shift });
    assert.equal(transform(), `translate(${x}px, 25px) scale(0.3125)`);
  }
  zoom.handleKey({ key: "-" });
  assert.equal(transform(), "translate(0px, 100px) scale(0.25)");
  zoom.handleKey({ key: "0" });
  assert.match(transform(), /scale\(1\)$/);
});

test("arrows up and down move the pictures down and up", () => {
  zoom.open(large());
  const top = () => Math.round(Number(/, (.*?)px/.exec(transform())[1])), before = top();
  zoom.handleKey({ key: "ArrowUp" });
  assert.equal(top(), before + 60);
  zoom.handleKey({ key: "ArrowDown" });
  zoom.handleKey({ key: "ArrowDown", shift: true });
  assert.equal(top(), before - 240);
});

test("the pictures open a little above their middle", () => {
  zoom.open(large());
  assert.equal(transform(), "translate(-600px, -608px) scale(1)");
});

test("keys of the dialog are told from others", () => {
  zoom.open(large());
  for (const key of ["ArrowLeft", "+", "=", "-", "_", "0"]) assert.ok(zoom.handleKey({ key }), key);
  for (const key of ["a", "1", "Escape"]) assert.ok(!zoom.handleKey({ key }), key);
});

test("the wheel magnifies about the pointer", () => {
  zoom.open(large());
  zoom.handleKey({ key: "0" });
  // The corner of the picture, which lies 100 pixels below that of the pane.
  const event = new window.WheelEvent("wheel", { deltaY: -400 * Math.log(2), cancelable: true });
  pane().dispatchEvent(Object.assign(event, { clientX: 0, clientY: 140 }));
  assert.ok(event.defaultPrevented);
  assert.equal(transform().replace(/-?0px/g, "0px"), "translate(0px, 100px) scale(0.5)");
});

test("a drag moves the pictures until the button is let go", () => {
  zoom.open(large());
  const before = transform();
  point(pane(), "pointerdown", { pointerId: 1 });
  point(pane(), "pointermove", { pointerId: 1, movementX: 10, movementY: 0 });
  const moved = transform();
  assert.notEqual(moved, before);
  point(pane(), "pointerup", { pointerId: 1 });
  point(pane(), "pointermove", { pointerId: 1, movementX: 10, movementY: 0 });
  assert.equal(transform(), moved);
});

test("a double click changes between the whole picture and its pixels", () => {
  zoom.open(large());
  const click = () => pane().dispatchEvent(new window.MouseEvent("dblclick"));
  click();
  assert.match(transform(), /scale\(0\.25\)$/);
  click();
  assert.match(transform(), /scale\(1\)$/);
});

test("the chosen and the suggested picture have their signs, a hidden suggestion none", () => {
  zoom.open(large({ decision: { final_index: 0 }, state: "overridden" }));
  assert.deepEqual(labels(), ["1 ✓", "2", "3 ★"]);
  session.hidden = true;
  assert.deepEqual([0, 1, 2].map((index) => zoom.signOf(large(), index)), ["", "", ""]);
});

test("pictures of unknown size are shown without a level", () => {
  zoom.open(groupOf("a", { suggested: 0, images: [imageOf(0, { width: null, height: null })] }));
  assert.equal(text("zoom-level"), "");
});

test("closing lets the pictures go", () => {
  zoom.open(large());
  zoom.close();
  assert.ok(!zoom.isZooming());
  assert.equal(pane(), null);
});

const mode = () => document.getElementById("zoom-panes").dataset.mode;
const seen = () => [...document.querySelectorAll(".pane")].flatMap((one, index) => (one.classList.contains("seen") ? [index + 1] : []));
const above = () => [...document.querySelectorAll(".pane.above")].map((one) => Number(one.dataset.index) + 1);
const keys = (...names) => names.forEach((name) => zoom.handleKey({ key: name }));

test("Space shows one picture in place of the other, at the same place and as large", () => {
  zoom.open(large({ suggested: 1 }));
  keys(" ");
  const before = transform();
  assert.deepEqual([mode(), seen()], ["flip", [2]]);
  keys(" ");
  assert.deepEqual([seen(), transform()], [[3], before]);
  keys(" ");
  assert.deepEqual(seen(), [1]);
  zoom.handleKey({ key: " ", shift: true });
  assert.deepEqual(seen(), [3]);
  zoom.handleKey({ key: " ", repeat: true });
  assert.deepEqual(seen(), [3]);
  assert.match(text("zoom-words"), /^Picture 3 of 3 · A: /);
  keys("g");
  assert.deepEqual([mode(), seen()], ["together", [1, 2, 3]]);
});

test("a key that is held down shows the other picture only meanwhile", async () => {
  zoom.open(large(), "flip");
  assert.deepEqual(seen(), [3]);
  keys(" ");
  zoom.release(" ");
  assert.deepEqual(seen(), [1]);
  keys(" ");
  await settle(330);
  zoom.release("a");
  assert.deepEqual(seen(), [2]);
  zoom.release(" ");
  assert.deepEqual(seen(), [1]);
});

test("a champion stays while the challengers take turns, and is replaced by one of them", () => {
  zoom.open(large({ suggested: 1 }), "champion");
  assert.deepEqual([mode(), seen()], ["champion", [2, 3]]);
  keys(" ");
  assert.deepEqual(seen(), [1, 2]);
  keys(" ");
  assert.deepEqual(seen(), [2, 3]);
  keys("w", " ");
  assert.deepEqual([seen(), text("zoom-words").slice(0, 11)], [[1, 3], "3 against 1"]);
  keys("v");
  assert.equal(mode(), "together");
});

test("the difference of two pictures is drawn from both", () => {
  zoom.open(large({ suggested: 0 }), "difference");
  assert.deepEqual([mode(), seen(), above()], ["difference", [1, 2], [2]]);
  assert.match(text("zoom-words"), /^Difference of 1 and 2/);
  keys(" ");
  assert.deepEqual(seen(), [1, 3]);
  keys("d");
  assert.equal(mode(), "together");
});

test("a picture is shown by its number, and is what K and X are about", () => {
  zoom.open(large());
  assert.equal(zoom.pictureInView(), null);
  zoom.show(1);
  assert.deepEqual([seen(), zoom.pictureInView()], [[2], 1]);
  zoom.show(7);
  assert.deepEqual(seen(), [2]);
});

test("faces and hands that were found are magnified in turn", () => {
  const box = [0.25, 0.1, 0.5, 0.3];
  zoom.open(large());
  keys("e");
  assert.match(text("zoom-words"), /No face or hand was found/);
  zoom.open(large({ images: [0, 1, 2].map((index) => imageOf(index, { width: 1600, height: 2400, faces: index === 1 ? [box] : [], hands: index === 1 ? [[0.8, 0.8, 0.9, 0.9]] : [] })) }));
  keys("0", "e");
  const [x, y, scale] = transform().match(/-?[\d.]+/g).map(Number);
  // Its middle lies in that of the pane, 400 by 800.
  assert.deepEqual([Math.round(x + 0.375 * 1600 * scale), Math.round(y + 0.2 * 2400 * scale)], [200, 400]);
  const face = transform();
  keys("e");
  assert.notEqual(transform(), face);
  zoom.handleKey({ key: "e", shift: true });
  assert.equal(transform(), face);
});

test("one picture is moved alone, and goes back to its place", () => {
  zoom.open(large());
  keys("o", "ArrowLeft");
  assert.equal(transforms().size, 2);
  keys("o", "ArrowRight");
  assert.equal(transforms().size, 2);
  zoom.handleKey({ key: "o", shift: true });
  assert.equal(transforms().size, 1);
});

test("1:1 goes back to the place that was looked at before", () => {
  zoom.open(large());
  keys("ArrowLeft");
  const before = transform();
  keys("0", "0");
  assert.equal(transform(), before);
});

test("two fingers magnify", () => {
  zoom.open(large());
  keys("0");
  point(pane(), "pointerdown", { pointerId: 1, clientX: 100, clientY: 440 });
  point(pane(), "pointerdown", { pointerId: 2, clientX: 300, clientY: 440 });
  point(pane(), "pointermove", { pointerId: 2, clientX: 500, clientY: 440 });
  assert.match(transform(), /scale\(0\.5\)$/);
  for (const pointerId of [1, 2]) point(pane(), "pointerup", { pointerId });
});

test("pictures lie in as many columns as make them largest, and again after the window has changed", () => {
  zoom.open(large());
  const columns = () => document.getElementById("zoom-panes").style.gridTemplateColumns;
  assert.equal(columns(), "repeat(2, minmax(0, 1fr))");
  layOut("#zoom-panes", [0, 0, 1400, 800]);
  zoom.refit();
  assert.equal(columns(), "repeat(3, minmax(0, 1fr))");
  layOut("#zoom-panes", PANE);
  zoom.close();
  zoom.refit();
});
