// The strip under the pictures, and the line of progress above them.

import { byId, make } from "./dom.js";
import { readDraft, cropOf, session, isBlind } from "./session.js";
import { formatCount, duration, percent, likelihoodText } from "./words.js";

export function drawInfo(group) {
  const veil = isBlind(group);
  byId("why").replaceChildren(choicePart(group, veil), cropPart(group), reasonPart(group, veil));
}

function part(title, ...lines) {
  return make("div", { class: "part" }, make("h3", {}, title), lines.filter(Boolean));
}

const line = (...content) => make("p", {}, ...content);

function choicePart(group, veil) {
  if (group.images.length === 1) return part("Picture", line("A single picture: only its crop is judged"));
  if (veil) return part("Suggestion", line("Hidden until you have chosen ", make("kbd", {}, "1"), "–", make("kbd", {}, String(Math.min(9, group.images.length)))));
  if (group.suggested === null) return part("Suggestion", line("None"), noneLine(group));
  return part("Suggestion", line(make("strong", {}, `Picture ${group.suggested + 1}: ${likelihoodText(group.confidence)}`)), noneLine(group));
}

const noneLine = (group) => (group.none_probability === null ? null : line(`None is good: ${percent(group.none_probability)}`));

function cropPart(group) {
  const { crop, decision } = group;
  if (decision?.crop_by_hand) return part("Crop", line(make("strong", {}, "You crop it by hand")));
  if (readDraft(group)) return part("Crop", line(make("strong", {}, "Your draft, not decided yet")), line("A uses it"));
  if (decision && decision.final_index !== null) {
    return part("Crop", line(make("strong", {}, decision.crop_coords ? "Cropped as drawn" : "Kept whole")));
  }
  if (!crop.offered) return part("Crop", line(make("strong", {}, "Not rated")), line(crop.reason));
  const size = cropOf(group) ? `Crop to ${percent(area(crop.box))}` : "Keep whole";
  const more = crop.alternatives.length ? ` · ${crop.alternatives.length} other proposals in X` : "";
  return part("Crop", line(make("strong", {}, crop.confidence === null ? size : `${size}: ${likelihoodText(crop.confidence)}`)), line(`${crop.reason}${crop.reason ? "" : more.slice(3)}`));
}

const area = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);

// On the page a picture of the set is known by its number, not by its file's name.
function byNumber(group, words) {
  const at = group.images.findIndex((image) => words.startsWith(`${image.name} `));
  return at < 0 ? words : `Picture ${at + 1}${words.slice(group.images[at].name.length)}`;
}

function reasonPart(group, veil) {
  const reasons = veil ? [] : group.reasons;
  const same = group.duplicates.map((words) => byNumber(group, words));
  const copies = same.length ? make("p", { class: "copies", title: same.join("\n") }, same.join(" · ")) : null;
  return part("Why", line(reasons.length ? reasons.join(" · ") : veil ? "Hidden" : "No reason given"), copies);
}

export function drawProgress() {
  const progress = session.progress;
  if (!progress) return;
  const decided = progress.approved + progress.overridden + progress.rejected;
  const bar = byId("progress-bar");
  bar.max = Math.max(1, progress.total);
  bar.value = decided;
  const parts = [`${formatCount(decided)} of ${formatCount(progress.total)} reviewed`];
  if (progress.skipped) parts.push(`${formatCount(progress.skipped)} skipped`);
  if (progress.pending && progress.seconds_left !== null) parts.push(`about ${duration(progress.seconds_left)} left`);
  if (progress.unsubmitted) parts.push(`${formatCount(progress.unsubmitted)} to submit`);
  byId("progress-text").textContent = parts.join(" · ");
  byId("undo").disabled = !progress.can_undo;
  byId("redo").disabled = !progress.can_redo;
  byId("submit").disabled = !progress.unsubmitted;
}
