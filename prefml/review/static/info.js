// Draw the strip under the pictures, and the line of progress above them.

import { byId, make } from "./dom.js";
import { FULL_FRAME, areaShare } from "./geometry.js";
import { keyedParts } from "./keymap.js";
import { reasonElements } from "./reasons.js";
import { cropOf, isBlind, readDraft, session } from "./session.js";
import { duration, formatCount, likelihoodText, percent } from "./words.js";

/**
 * Draw what is suggested for a set, and why.
 *
 * @param {Group} group
 */
export function drawInfo(group) {
  const blind = isBlind(group);
  byId("why").replaceChildren(choicePart(group, blind), cropPart(group), reasonPart(group, blind));
}

/**
 * @param {string} title
 * @param {...Child} lines
 */
const part = (title, ...lines) => make("div", { class: "part" }, make("h3", {}, title), lines);

/** @param {...Child} content */
const line = (...content) => make("p", {}, ...content);

/** @param {string} text */
const strong = (text) => line(make("strong", {}, text));

/**
 * @param {Group} group
 * @param {boolean} blind
 */
function choicePart(group, blind) {
  const { images, suggested, confidence, none_probability: none } = group;
  if (images.length === 1) return part("Picture", line("A single picture: only its crop is judged"));
  if (group.audited) return part("Suggestion", line("None: drawn at random from a batch, to see how often what you approve unseen is wrong"));
  if (blind) return part("Suggestion", line(...keyedParts(`Hidden until you have chosen {1-${Math.min(9, images.length)}}`)));
  if (group.awaiting) return part("Suggestion", strong("None yet"), line("You changed this set; prefml suggest rates it"));
  const noneLine = none === null ? null : line(`None is good: ${percent(none)}`);
  if (suggested === null) return part("Suggestion", line("None"), noneLine);
  return part("Suggestion", strong(`Picture ${suggested + 1}: ${likelihoodText(confidence)}`), noneLine);
}

/** @param {Group} group */
function cropPart(group) {
  const { crop, decision } = group;
  if (decision?.crop_by_hand) return part("Crop", strong("You crop it by hand"));
  if (readDraft(group)) return part("Crop", strong("Your draft, not decided yet"), line(...keyedParts(`${percent(areaShare(cropOf(group) ?? FULL_FRAME))} of the picture; {A} uses it`)));
  if (decision && decision.final_index !== null) {
    return part("Crop", strong(decision.crop_coords ? "Cropped as drawn" : "Kept whole"));
  }
  if (group.judges_crop) return part("Crop", strong("Set it yourself"), line(...keyedParts("The number opens the picture's frame; {Enter} uses it")));
  if (!crop.offered) return part("Crop", strong("Not rated"), line(withoutFigures(crop.reason)));
  const box = cropOf(group), size = box ? `Crop to ${percent(areaShare(box))}` : "Keep whole";
  const count = crop.alternatives.length, others = count ? keyedParts(`${count} other ${count === 1 ? "proposal" : "proposals"} in {X}`) : [];
  return part("Crop", strong(crop.confidence === null ? size : `${size}: ${likelihoodText(crop.confidence)}`), line(...[withoutFigures(crop.reason) || others].flat()));
}

/**
 * Leave out how often such crops are right, which the likelihood beside it says.
 *
 * @param {string} reason
 */
export const withoutFigures = (reason) => reason.replace(/^(sure|fairly sure|unsure): about \d+ of 100 [^;]*(; )?/, "");

/**
 * Put a picture's number in place of its file's name, by which the page does not know it.
 *
 * @param {Group} group
 * @param {string} words
 */
export function byNumber({ images }, words) {
  const at = images.findIndex((image) => words.startsWith(`${image.name} `)), image = images[at];
  return image ? `Picture ${at + 1}${words.slice(image.name.length)}` : words;
}

/**
 * @param {Group} group
 * @param {boolean} blind
 */
function reasonPart(group, blind) {
  const reasons = blind ? "Hidden" : group.awaiting ? "Nothing was suggested for these pictures together" : group.reasons.length ? reasonElements(group) : "No reason given";
  const same = group.duplicates.map((words) => byNumber(group, words));
  const copies = same.length ? make("p", { class: "copies", title: same.join("\n") }, same.join(" · ")) : null;
  return part("Why", make("div", { class: "reasons" }, reasons), copies);
}

/**
 * Return how many groups are decided.
 *
 * @param {Progress} progress
 */
export const decidedCount = (progress) => progress.approved + progress.overridden + progress.rejected;

/**
 * Write how far the review is.
 *
 * @param {Progress} progress
 */
export function progressText(progress) {
  const parts = [`${formatCount(decidedCount(progress))} of ${formatCount(progress.total)} reviewed`];
  if (progress.skipped) parts.push(`${formatCount(progress.skipped)} skipped`);
  if (progress.pending && progress.seconds_left !== null) parts.push(`about ${duration(progress.seconds_left)} left`);
  if (progress.unsubmitted) parts.push(`${formatCount(progress.unsubmitted)} to submit`);
  return parts.join(" · ");
}

/** Draw how far the review is, and switch off the buttons that could do nothing. */
export function drawProgress() {
  const { progress } = session;
  if (!progress) return;
  const bar = byId("progress-bar");
  bar.max = Math.max(1, progress.total);
  bar.value = decidedCount(progress);
  byId("progress-text").textContent = progressText(progress);
  byId("undo").disabled = !progress.can_undo;
  byId("redo").disabled = !progress.can_redo;
  byId("submit").disabled = !progress.unsubmitted;
}
