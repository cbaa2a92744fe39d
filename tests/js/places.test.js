import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { configure } from "../../prefml/review/static/geometry.js";
import { flagChip } from "../../prefml/review/static/places.js";
import { session } from "../../prefml/review/static/session.js";
import { drawGroup } from "../../prefml/review/static/view.js";
import { groupOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const HAND = { flag: "a hand looks too large", index: 2, box: [0.5, 0.25, 0.75, 0.5] };
const WRIST = { flag: "a hand looks badly set on its arm", index: 2, box: [0.1, 0.6, 0.3, 0.8] };
const flagged = () => groupOf("a", { flags: ["the stages differ much", HAND.flag, WRIST.flag], flag_places: [HAND, WRIST] });
const chips = () => [...document.querySelectorAll("[data-testid=flag-place]")];
const marks = () => [...document.querySelectorAll(".flag-place")];

beforeEach(() => Object.assign(session, { ids: ["a"], index: 0, groups: new Map(), hidden: false, revealed: false, held: null }));

test("a flag without a place is no button, one with a place is", () => {
  assert.equal(flagChip(flagged(), "the stages differ much").tagName, "SPAN");
  const chip = flagChip(flagged(), HAND.flag);
  assert.deepEqual([chip.tagName, chip.getAttribute("aria-pressed")], ["BUTTON", "false"]);
});

test("nothing is marked until it is asked for", () => {
  drawGroup(flagged());
  assert.equal(chips().length, 2);
  assert.deepEqual(marks(), []);
});

test("a click marks the place in its picture, and a second one takes the mark away", () => {
  drawGroup(flagged());
  chips()[0].click();
  const [mark] = marks();
  assert.equal(mark.parentElement.querySelector(".image").dataset.index, "2");
  assert.deepEqual([mark.style.left, mark.style.top, mark.style.width, mark.style.height], ["50%", "25%", "25%", "25%"]);
  assert.equal(mark.getAttribute("aria-label"), HAND.flag);
  assert.equal(chips()[0].getAttribute("aria-pressed"), "true");
  chips()[0].click();
  assert.deepEqual(marks(), []);
  assert.equal(chips()[0].getAttribute("aria-pressed"), "false");
});

test("one flag is shown at a time", () => {
  drawGroup(flagged());
  chips()[0].click();
  chips()[1].click();
  assert.deepEqual(marks().map((mark) => mark.getAttribute("aria-label")), [WRIST.flag]);
  assert.deepEqual(chips().map((chip) => chip.getAttribute("aria-pressed")), ["false", "true"]);
});

test("where suggestions are hidden no place is told", () => {
  session.hidden = true;
  drawGroup(flagged());
  assert.deepEqual(chips(), []);
});
