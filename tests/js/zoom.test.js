import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { session } from "../../prefml/review/static/session.js";
import * as zoom from "../../prefml/review/static/zoom.js";
import { point, settle, text } from "./page.js";
import { groupOf, imageOf } from "./server.js";

const PANE = [0, 40, 400, 800];
window.HTMLElement.prototype.setPointerCapture = () => {};
// Panes are laid out as soon as they are made.
window.HTMLDivElement.prototype.getBoundingClientRect = () => new window.DOMRect(...PANE);

const large = (fields = {}) => groupOf("a", { images: [0, 1, 2].map((index) => imageOf(index, { width: 1600, height: 2400 })), ...fields });
const transforms = () => new Set([...document.querySelectorAll(".pane img")].map((picture) => picture.style.transform));
const transform = () => { const [only, ...others] = transforms(); assert.deepEqual(others, []); return only; };
const labels = () => [...document.querySelectorAll(".pane .label")].map((label) => label.textContent.replace(/2025.*/, "").trim());
const pane = () => document.querySelector(".pane");

beforeEach(() => Object.assign(session, { hidden: false, revealed: false }));
afterEach(() => zoom.close());

test("a set opens with a pixel of the picture on a pixel of the screen", () => {
  zoom.open(large());
  assert.ok(zoom.isZooming());
  assert.equal(text("zoom-level"), "100 %");
  assert.match(transform(), /scale\(4\)$/);
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
  assert.equal(transform(), "translate(0px, 100px) scale(1)");
  assert.equal(text("zoom-level"), "25 %");
  zoom.handleKey({ key: "+" });
  assert.equal(transform(), "translate(-50px, 25px) scale(1.25)");
  for (const [key, shift, x] of [["ArrowRight", false, -110], ["ArrowLeft", false, -50], ["ArrowLeft", true, 190], ["ArrowRight", true, -50]]) {
    zoom.handleKey({ key, shift });
    assert.equal(transform(), `translate(${x}px, 25px) scale(1.25)`);
  }
  zoom.handleKey({ key: "-" });
  assert.equal(transform(), "translate(0px, 100px) scale(1)");
  zoom.handleKey({ key: "0" });
  assert.match(transform(), /scale\(4\)$/);
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
  assert.equal(transform(), "translate(-600px, -608px) scale(4)");
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
  assert.equal(transform().replace(/-?0px/g, "0px"), "translate(0px, 100px) scale(2)");
});

test("a drag moves the pictures until the button is let go", () => {
  zoom.open(large());
  const before = transform();
  point(pane(), "pointerdown", { pointerId: 1 });
  point(pane(), "pointermove", { movementX: 10, movementY: 0 });
  const moved = transform();
  assert.notEqual(moved, before);
  point(pane(), "pointerup", { pointerId: 1 });
  point(pane(), "pointermove", { movementX: 10, movementY: 0 });
  assert.equal(transform(), moved);
});

test("a double click changes between the whole picture and its pixels", () => {
  zoom.open(large());
  const click = () => pane().dispatchEvent(new window.MouseEvent("dblclick"));
  click();
  assert.match(transform(), /scale\(1\)$/);
  click();
  assert.match(transform(), /scale\(4\)$/);
});

test("the chosen and the suggested picture have their signs, a hidden suggestion none", () => {
  zoom.open(large({ decision: { final_index: 0 }, state: "overridden" }));
  assert.deepEqual(labels(), ["1 ✓", "2", "3 ★"]);
  session.hidden = true;
  assert.deepEqual([0, 1, 2].map((index) => zoom.signOf(large(), index)), ["", "", ""]);
});

test("pictures of unknown size are shown without a level", () => {
  zoom.open(groupOf("a", { images: [imageOf(0, { width: null, height: null })] }));
  assert.equal(text("zoom-level"), "");
});

test("closing lets the pictures go", () => {
  zoom.open(large());
  zoom.close();
  assert.ok(!zoom.isZooming());
  assert.equal(pane(), null);
});
