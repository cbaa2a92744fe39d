import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { configure } from "../../prefml/review/static/geometry.js";
import { byNumber, drawInfo, drawProgress, progressText, withoutFigures } from "../../prefml/review/static/info.js";
import { session, writeDraft } from "../../prefml/review/static/session.js";
import { text } from "./page.js";
import { groupOf, imageOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const decision = (fields) => ({ final_index: 2, crop_coords: null, crop_by_hand: false, crop_source: null, timestamp: "", ...fields });
const PROGRESS = {
  total: 2000, pending: 1995, approved: 2, overridden: 1, rejected: 1, skipped: 1, unsubmitted: 4,
  seconds_per_set: 2, seconds_left: 3990, can_undo: true, can_redo: false,
};

/** Return the lines of each part, below its title. */
function parts(group) {
  drawInfo(group);
  return Object.fromEntries([...document.querySelectorAll(".part")].map((part) => [
    part.querySelector("h3").textContent, [...part.querySelectorAll("p, .reasons")].map((line) => line.textContent),
  ]));
}

beforeEach(() => {
  localStorage.clear();
  Object.assign(session, { hidden: false, revealed: false, progress: null });
});

test("a suggestion is told with how sure it is, and why", () => {
  assert.deepEqual(parts(groupOf("a")), {
    Suggestion: ["Picture 3: very likely (86 %)", "None is good: 12 %"],
    Crop: ["Crop to 64 %: likely (74 %)", "the subject lies low"],
    Why: ["sharper"],
  });
});

test("what is not rated is not told", () => {
  const group = groupOf("a", { suggested: null, none_probability: null, reasons: [], crop: { offered: false, reason: "no model" } });
  assert.deepEqual(parts(group), { Suggestion: ["None"], Crop: ["Not rated", "no model"], Why: ["No reason given"] });
});

test("a hidden suggestion is not told, and how to see it is", () => {
  session.hidden = true;
  const told = parts(groupOf("a"));
  assert.deepEqual([told.Suggestion, told.Why], [["Hidden until you have chosen 1–3"], ["Hidden"]]);
  const images = Array.from({ length: 12 }, (_, index) => imageOf(index));
  assert.deepEqual(parts(groupOf("a", { images })).Suggestion, ["Hidden until you have chosen 1–9"]);
});

test("a set that was changed has no suggestion yet, and what makes one is told", () => {
  const told = parts(groupOf("a", { awaiting: true, suggested: null, confidence: null, none_probability: null, reasons: [] }));
  assert.deepEqual(told.Suggestion, ["None yet", "You changed this set; prefml suggest rates it"]);
  assert.deepEqual(told.Why, ["Nothing was suggested for these pictures together"]);
});

test("of a single picture only the crop is told", () => {
  session.hidden = true;
  const told = parts(groupOf("a", { images: [imageOf(0)], suggested: 0 }));
  assert.deepEqual([told.Picture, told.Why], [["A single picture: only its crop is judged"], ["sharper"]]);
});

test("a proposal to keep the picture whole says so", () => {
  assert.equal(parts(groupOf("a", { crop: { box: null } })).Crop[0], "Keep whole: likely (74 %)");
});

test("without a reason, the number of other proposals is told", () => {
  assert.equal(parts(groupOf("a", { crop: { reason: "" } })).Crop[1], "1 other proposal in X");
  assert.equal(parts(groupOf("a", { crop: { reason: "", alternatives: [] } })).Crop[1], "");
});

test("what was decided about the crop takes the place of the proposal", () => {
  const crop = (fields) => parts(groupOf("a", { state: "overridden", decision: decision(fields) })).Crop[0];
  assert.equal(crop({ crop_coords: [0, 0, 0.5, 0.5] }), "Cropped as drawn");
  assert.equal(crop({}), "Kept whole");
  assert.equal(crop({ crop_by_hand: true }), "You crop it by hand");
  assert.equal(crop({ final_index: null }), "Crop to 64 %: likely (74 %)");
});

test("a draft is told to be none", () => {
  writeDraft(groupOf("a"), 1, [0, 0, 0.5, 0.5]);
  assert.deepEqual(parts(groupOf("a")).Crop, ["Your draft, not decided yet", "25 % of the picture; A uses it"]);
});

test("copies are told by the number of the picture, in one line", () => {
  const [first] = groupOf("a").images;
  const words = [`${first.name} is also in b`, "another line"];
  assert.deepEqual(words.map((line) => byNumber(groupOf("a"), line)), ["Picture 1 is also in b", "another line"]);
  assert.equal(parts(groupOf("a", { duplicates: words })).Why[1], "Picture 1 is also in b · another line");
});

test("progress is told in words", () => {
  assert.equal(progressText(PROGRESS), "4 of 2,000 reviewed · 1 skipped · about 67 min left · 4 to submit");
  assert.equal(progressText({ ...PROGRESS, skipped: 0, seconds_left: null, unsubmitted: 0 }), "4 of 2,000 reviewed");
  assert.equal(progressText({ ...PROGRESS, skipped: 0, pending: 0, unsubmitted: 0 }), "4 of 2,000 reviewed");
});

test("buttons that could do nothing are switched off", () => {
  session.progress = { ...PROGRESS, unsubmitted: 0 };
  drawProgress();
  const disabled = ["undo", "redo", "submit"].map((id) => document.getElementById(id).disabled);
  assert.deepEqual(disabled, [false, true, true]);
  assert.deepEqual([document.getElementById("progress-bar").value, document.getElementById("progress-bar").max], [4, 2000]);
});

test("before the first answer progress is left as it is", () => {
  document.getElementById("progress-text").textContent = "Loading";
  drawProgress();
  assert.equal(text("progress-text"), "Loading");
});

test("a crop is explained without figures, which its likelihood says", () => {
  assert.equal(withoutFigures("fairly sure: about 74 of 100 such proposals overlap yours by more than 0.7; keeps the head"), "keeps the head");
  assert.equal(withoutFigures("unsure: about 31 of 100 such proposals are kept whole"), "");
  assert.equal(withoutFigures("the subject lies low"), "the subject lies low");
});
