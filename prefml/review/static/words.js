// Format probabilities, times, counts and boxes as words.

import { keyed } from "./keymap.js";

/**
 * Write a share in whole percent.
 *
 * @param {number} share
 */
export const percent = (share) => `${Math.round(share * 100)} %`;

/** Below this probability something is stated as unsure. */
const UNSURE = 0.4;

/**
 * Tell whether something is stated as unsure; what is not rated is stated as such.
 *
 * @param {Share} share
 */
export const isUnsure = (share) => share !== null && share < UNSURE;

/**
 * Return the word for a probability.
 *
 * @param {number} share
 */
export function likelihood(share) {
  if (share >= 0.95) return "almost certain";
  if (share >= 0.8) return "very likely";
  if (share >= 0.6) return "likely";
  if (share >= UNSURE) return "leaning this way";
  return "unsure";
}

/**
 * Write a probability as a word and in percent.
 *
 * @param {Share} share
 */
export const likelihoodText = (share) => (share === null ? "not rated" : `${likelihood(share)} (${percent(share)})`);

/**
 * Write a time in the unit that suits it.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/**
 * Shorten a file's name to the stage, which is what differs within a set; titles have the whole name.
 *
 * @param {string} name
 */
export const shortName = (name) => name.replace(/^\d{8}_\d{6}_(?=.)/, "").replace(/\.\w+$/, "");

/**
 * Write a whole number with separators.
 *
 * @param {number} number
 */
export const formatCount = (number) => number.toLocaleString("en");

/**
 * Write a number of sets.
 *
 * @param {number} number
 */
export const countSets = (number) => (number === 1 ? "1 set" : `${formatCount(number)} sets`);

/**
 * Write a number of pictures.
 *
 * @param {number} number
 */
export const countPictures = (number) => (number === 1 ? "1 picture" : `${formatCount(number)} pictures`);

/** Said where the suggestion that is drawn is not the one that was in view. */
export const CHANGED = "The suggestion changed; here is the new one. Decide again.";

/**
 * Say that a decision was not taken because the suggestion had changed, and what became of a drawn crop.
 *
 * @param {"new" | "hidden" | "gone"} what what there is now: a new suggestion, one that is hidden, or none
 * @param {"kept" | "dropped" | "none"} draft
 */
export function changeText(what, draft) {
  if (what === "gone") return `This set is no longer suggested; nothing was decided.${draft === "none" ? "" : " Your crop went with it."}`;
  if (draft === "dropped") return "The suggestion changed, and your crop went with its picture. Decide again.";
  if (draft === "kept") return keyed("The suggestion changed; your crop is still drawn ({X}, {Esc} drop it). Decide again.");
  return what === "hidden" ? "The hidden suggestion changed. Decide again." : CHANGED;
}

/** @type {Readonly<Record<State, string>>} */
export const STATE_LABELS = {
  pending: "undecided", approved: "approved", overridden: "your choice", rejected: "none is good", skipped: "skipped",
};

/** Ratios that are named, as their longer side over the shorter. */
export const RATIOS = /** @type {const} */ ([["1:1", 1], ["5:4", 5 / 4], ["4:3", 4 / 3], ["3:2", 3 / 2], ["16:9", 16 / 9]]);

/**
 * Write how large a crop is: pixels where the picture's size is known, the share it keeps, and its aspect where that has a name.
 *
 * @param {Box} box
 * @param {Image} image
 */
export function sizeText([x1, y1, x2, y2], { width, height }) {
  const share = `${percent((x2 - x1) * (y2 - y1))} of the picture`;
  if (!width || !height) return share;
  const [w, h] = [Math.round((x2 - x1) * width), Math.round((y2 - y1) * height)], long = Math.max(w, h) / Math.max(1, Math.min(w, h));
  const name = RATIOS.find(([, ratio]) => Math.abs(long / ratio - 1) < 0.01)?.[0];
  return [`${w} × ${h} px`, share, name && (w < h ? name.split(":").reverse().join(":") : name)].filter(Boolean).join(" · ");
}

/**
 * Describe where a crop box lies, and its size in pixels where the picture's is known.
 *
 * @param {Box} box
 * @param {Image} image
 */
export function describeBox([x1, y1, x2, y2], { width, height }) {
  const pixels = width && height
    ? `, ${Math.round((x2 - x1) * width)} by ${Math.round((y2 - y1) * height)} pixels` : "";
  return `left ${percent(x1)}, top ${percent(y1)}, width ${percent(x2 - x1)}, height ${percent(y2 - y1)}${pixels}`;
}
