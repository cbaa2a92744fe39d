import assert from "node:assert/strict";
import test from "node:test";
import { CHANGED, changeText, countPictures, countSets, describeBox, duration, formatCount, isUnsure, likelihood, likelihoodText, percent, shortName, sizeText } from "../../prefml/review/static/words.js";
import { imageOf } from "./server.js";

test("a share is written in whole percent", () => {
  assert.deepEqual([0, 0.125, 0.994, 1].map(percent), ["0 %", "13 %", "99 %", "100 %"]);
});

test("each word for a probability begins at its threshold", () => {
  const expected = { 0: "unsure", 0.39: "unsure", 0.4: "leaning this way", 0.6: "likely", 0.8: "very likely", 0.95: "almost certain", 1: "almost certain" };
  for (const [share, word] of Object.entries(expected)) assert.equal(likelihood(Number(share)), word);
});

test("a probability that is missing is said to be", () => {
  assert.equal(likelihoodText(null), "not rated");
  assert.equal(likelihoodText(0), "unsure (0 %)");
});

test("a time is written in seconds, then minutes, then hours", () => {
  const expected = { 0: "1 s", 89: "89 s", 90: "2 min", 5369: "89 min", 5400: "1 h 30 min", 7199: "2 h 0 min" };
  for (const [seconds, words] of Object.entries(expected)) assert.equal(duration(Number(seconds)), words);
});

test("a name is shortened to the stage", () => {
  assert.equal(shortName("20250705_200001_stage2_upscaled.png"), "stage2_upscaled");
  assert.equal(shortName("stage1.5_face_swapped.jpeg"), "stage1.5_face_swapped");
  assert.equal(shortName("holiday"), "holiday");
});

test("numbers have separators, and one set is singular", () => {
  assert.equal(formatCount(12345), "12,345");
  assert.deepEqual([0, 1, 1000].map(countSets), ["0 sets", "1 set", "1,000 sets"]);
});

test("pictures are counted, and one is singular", () => {
  assert.deepEqual([1, 1234].map(countPictures), ["1 picture", "1,234 pictures"]);
});

test("a box is described in percent, and in pixels where the size is known", () => {
  assert.equal(describeBox([0.1, 0.05, 0.9, 0.85], imageOf(0)), "left 10 %, top 5 %, width 80 %, height 80 %, 160 by 240 pixels");
  assert.equal(describeBox([0, 0, 1, 1], imageOf(0, { width: null, height: null })), "left 0 %, top 0 %, width 100 %, height 100 %");
});

test("a change is told with what became of the crop that was drawn", () => {
  assert.equal(changeText("new", "none"), CHANGED);
  assert.equal(changeText("new", "kept"), "The suggestion changed; your crop is still drawn (X, Esc drop it). Decide again.");
  assert.equal(changeText("new", "dropped"), "The suggestion changed, and your crop went with its picture. Decide again.");
  assert.equal(changeText("hidden", "none"), "The hidden suggestion changed. Decide again.");
  assert.equal(changeText("gone", "dropped"), "This set is no longer suggested; nothing was decided. Your crop went with it.");
});

test("a crop is told in pixels, as a share, and by the name of its aspect", () => {
  assert.equal(sizeText([0, 0, 0.5, 0.5], imageOf(0)), "100 × 150 px · 25 % of the picture · 2:3");
  assert.equal(sizeText([0, 0, 1, 2 / 3], imageOf(0)), "200 × 200 px · 67 % of the picture · 1:1");
  assert.equal(sizeText([0, 0, 1, 0.1], imageOf(0)), "200 × 30 px · 10 % of the picture");
  assert.equal(sizeText([0, 0, 0.5, 0.5], imageOf(0, { width: null, height: null })), "25 % of the picture");
});

test("what is said to be unsure is unsure, and what is not rated is not", () => {
  assert.deepEqual([0, 0.39, 0.4, 1, null].map(isUnsure), [true, true, false, false, false]);
});
