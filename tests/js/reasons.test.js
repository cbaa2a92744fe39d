import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { drawInfo } from "../../prefml/review/static/info.js";
import { givenReasons, rivalOf, showReason, timesText } from "../../prefml/review/static/reasons.js";
import { session } from "../../prefml/review/static/session.js";
import { drawGroup } from "../../prefml/review/static/view.js";
import { groupOf, imageOf } from "./server.js";

const $ = (selector) => document.querySelector(selector);
const FACE = [0.4, 0.1, 0.6, 0.3];
const faces = [0, 1, 2].map((index) => imageOf(index, { faces: index ? [FACE] : [] }));

function show(fields) {
  const group = groupOf("a", fields);
  drawGroup(group);
  drawInfo(group);
  return group;
}

beforeEach(() => Object.assign(session, { ids: ["a"], index: 0, groups: new Map(), hidden: false, revealed: false, held: null }));
afterEach(() => { for (const mark of document.querySelectorAll(".reason-mark")) mark.remove(); });

test("at most three reasons are given, and what speaks against is one of them", () => {
  assert.deepEqual(givenReasons(["a", "b", "c", "d"]), ["a", "b", "c"]);
  assert.deepEqual(givenReasons(["a", "b", "c", "against it: d"]), ["a", "b", "against it: d"]);
  assert.deepEqual(givenReasons([]), []);
});

test("the rival is the likeliest of the other pictures that can be read", () => {
  assert.equal(rivalOf(groupOf("a")), 1);
  assert.equal(rivalOf(groupOf("a", { images: [imageOf(0), imageOf(1, { version: null }), imageOf(2)] })), 0);
  assert.equal(rivalOf(groupOf("a", { images: [imageOf(0)], suggested: 0 })), null);
});

test("a reason with a place is a button, another one is not", () => {
  show({ reasons: ["sharper face", "higher stage", "stronger local contrast"], images: faces });
  assert.deepEqual([...document.querySelectorAll(".reason")].map((one) => one.tagName), ["BUTTON", "SPAN", "BUTTON"]);
  // Two pictures of unlike shape cannot be laid over each other.
  show({ reasons: ["brighter"], images: [0, 1, 2].map((index) => imageOf(index, { width: 200 + 50 * index })) });
  assert.equal($("button.reason"), null);
});

test("a reason shows its faces while it is hovered or has the focus, and on as long as it is pressed", () => {
  show({ reasons: ["sharper face"], images: faces });
  const reason = $("button.reason"), count = () => document.querySelectorAll(".reason-place").length;
  for (const [begin, end] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
    reason.dispatchEvent(new window.Event(begin));
    assert.equal(count(), 2);
    reason.dispatchEvent(new window.Event(end));
    assert.equal(count(), 0);
  }
  reason.click();
  reason.dispatchEvent(new window.Event("pointerleave"));
  assert.deepEqual([count(), reason.getAttribute("aria-pressed")], [2, "true"]);
  assert.match($(".reason-place").getAttribute("style"), /left: 40%; top: 10%/);
  reason.click();
  assert.deepEqual([count(), reason.getAttribute("aria-pressed")], [0, "false"]);
});

test("a browser that gives no pixels shows no number and no heat", () => {
  const group = show({ reasons: ["brighter"] });
  showReason(group, "brighter");
  assert.equal($(".reason-mark"), null);
});

test("a number is told where it is seen and says what the reason says", () => {
  const text = (words, times) => timesText(words, times, ["sharper", "softer"], 1);
  assert.equal(text("mainly sharper face", 1.42), "42 % sharper than picture 2");
  assert.equal(text("softer", 0.7), "30 % softer than picture 2");
  assert.equal(text("its sharpness", 2.44), "2.4 times sharper than picture 2");
  assert.deepEqual([text("sharper", 1.02), text("sharper", 0.8), text("softer", 1.5)], ["", "", ""]);
});
