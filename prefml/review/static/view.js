// Draw one set: pictures as large as fit, badges, borders and the crop.

import { byId, findAll, make, visible } from "./dom.js";
import { deskLink, endWords } from "./end.js";
import { boxText } from "./geometry.js";
import { keycap } from "./keymap.js";
import { GAP, bestGrid } from "./layout.js";
import { imageElement } from "./pictures.js";
import { flagChip } from "./places.js";
import { cropOn, imageAt, isBlind, readDraft, selectedIndex, session, stateOf } from "./session.js";
import { STATE_LABELS, describeBox, formatCount, likelihoodText, percent, shortName } from "./words.js";

/**
 * Draw a set in place of the one before.
 *
 * @param {Group} group
 */
export function drawGroup(group) {
  const box = byId("group");
  box.hidden = false;
  byId("end").hidden = true;
  session.seen = { id: group.group_id, version: group.version };
  box.dataset.groupId = group.group_id;
  box.dataset.state = group.state;
  box.dataset.hidden = String(isBlind(group));
  box.classList.toggle("group-rejected", group.state === "rejected");
  const heading = `Set ${formatCount(session.index + 1)} of ${formatCount(session.ids.length)}${group.project ? ` · ${group.project}` : ""}`;
  byId("heading").textContent = visible(heading);
  byId("heading").title = visible(heading);
  const state = byId("state");
  // Neither word may tell whether the answer was what had been suggested.
  state.textContent = group.audited && ["approved", "overridden"].includes(group.state) ? "answered" : STATE_LABELS[group.state];
  state.dataset.state = group.state;
  byId("chips").replaceChildren(...chips(group));
  byId("pictures").replaceChildren(...group.images.map((image, index) => drawTile(group, image, index)));
  placeTiles(group);
}

/** Draw the end of the list in place of a set. */
export function drawEnd() {
  session.seen = null;
  byId("group").hidden = true;
  byId("why").replaceChildren();
  byId("end").hidden = false;
  const { title, text } = endWords(session.ids.map(stateOf), session.progress);
  byId("end-title").textContent = title;
  byId("end-text").replaceChildren(text, make("br"), deskLink());
}

/**
 * Give the pictures of the set that is drawn the room there is.
 *
 * @param {Group} group
 */
export function placeTiles(group) {
  const box = byId("pictures");
  const room = byId("group").getBoundingClientRect();
  const height = room.bottom - box.getBoundingClientRect().top - 6;
  // While a crop is edited its picture has all the room.
  const { edited } = box.dataset, only = edited === undefined ? undefined : group.images[Number(edited)];
  const { columns, tiles } = bestGrid(only ? [only] : group.images, room.width - 28, height);
  const which = only ? ".tile.edited" : ".tile", drawn = findAll(box, which), frames = findAll(box, `${which} .frame`);
  box.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  box.style.gap = `4px ${GAP}px`;
  tiles.forEach(({ w, h }, index) => {
    const tile = drawn[index], frame = frames[index];
    // While the next set is loaded, the one before may still be drawn.
    if (!tile || !frame) return;
    tile.style.width = frame.style.width = `${w}px`;
    frame.style.height = `${h}px`;
  });
}

/** @param {Group} group */
function chips(group) {
  // What is odd about the suggested picture would give the suggestion away.
  const flags = isBlind(group) ? [] : group.flags.map((flag) => flagChip(group, flag));
  const budget = group.within_budget && !isBlind(group) ? [make("span", { class: "chip" }, "inside the error budget")] : [];
  const audit = group.audited ? [make("span", { class: "chip", "data-testid": "audited" }, "asked one by one, without a suggestion")] : [];
  const tags = group.images.flatMap((image, index) => image.tags.map((tag) => make("span", { class: "chip flag" }, `${index + 1}: ${tag.replaceAll("_", " ")}`)));
  const awaiting = group.awaiting ? [make("span", { class: "chip flag", "data-testid": "awaiting" }, "changed by you, no suggestion yet")] : [];
  const alike = group.near_duplicates ? [make("span", { class: "chip", "data-testid": "near-duplicates" }, "near duplicates: keep the best")] : [];
  return [...audit, ...alike, ...awaiting, ...flags, ...tags, ...budget];
}

/**
 * Return what marks one picture among the others.
 *
 * @param {Group} group
 * @param {number} index
 */
export function marksOf(group, index) {
  const chosen = group.decision?.final_index === index;
  return {
    suggested: group.suggested === index && !isBlind(group),
    chosen,
    held: session.held === index,
    lost: group.decision !== null && group.decision.final_index !== null && !chosen,
  };
}

/**
 * @param {Group} group
 * @param {Image} image
 * @param {number} index
 */
function drawTile(group, image, index) {
  const marks = marksOf(group, index);
  const frame = make("div", { class: "frame" }, button(group, image, index), cropElement(group, index));
  const names = ["tile", ...Object.entries(marks).filter(([, marked]) => marked).map(([name]) => name)];
  return make("div", { class: names.join(" ") }, frame, caption(group, image, index));
}

/**
 * @param {Group} group
 * @param {Image} image
 * @param {number} index
 */
function button(group, image, index) {
  const { suggested, chosen } = marksOf(group, index);
  const words = [`Picture ${index + 1} of ${group.images.length}`];
  if (suggested) words.push(`suggested, ${likelihoodText(group.confidence)}`);
  if (chosen) words.push("your choice");
  const content = image.version ? imageElement(image) : make("span", { class: "missing" }, "This picture cannot be read");
  return make("button", {
    type: "button", class: "image", "data-testid": "image", "data-index": String(index), "data-suggested": String(suggested),
    "aria-pressed": String(chosen), "aria-label": words.join(", "), title: image.name,
  }, content);
}

/**
 * @param {Group} group
 * @param {Image} image
 * @param {number} index
 */
function caption(group, image, index) {
  const { suggested, chosen, held } = marksOf(group, index);
  const badges = [];
  if (suggested) badges.push(make("span", { class: "badge" }, "★ Suggested"));
  if (chosen) badges.push(suggested ? make("span", { class: "badge" }, "✓ Approved") : make("span", { class: "badge own" }, "✓ Your choice"));
  if (held) badges.push(make("span", { class: "badge own" }, "held"));
  const likely = !isBlind(group) && image.probability !== null && group.images.length > 1 ? make("span", { class: "likely" }, percent(image.probability)) : null;
  const size = image.width && image.height ? ` · ${image.width}×${image.height}` : "";
  return make("div", { class: "caption" }, keycap(String(index + 1), "number"), badges, likely, make("span", { class: "name" }, make("bdi", {}, shortName(image.name)), size));
}

/**
 * Return what is drawn on one picture: the crop that would be kept, or where it would lie on this one.
 *
 * @param {Group} group
 * @param {number} index
 * @returns {{ box: Box, kind: "crop" | "ghost" } | null}
 */
export function overlay(group, index) {
  if (!session.asked && (!session.cropVisible || group.state === "rejected")) return null;
  const box = cropOn(group, index);
  if (!box) return null;
  const at = selectedIndex(group);
  if (index === at || (at === null && isBlind(group))) return { box, kind: "crop" };
  const undecided = !group.decision || group.decision.final_index === null;
  return undecided && !readDraft(group) ? { box, kind: "ghost" } : null;
}

/**
 * @param {Group} group
 * @param {number} index
 */
function cropElement(group, index) {
  const drawn = overlay(group, index);
  if (!drawn) return null;
  const testid = drawn.kind === "crop" ? "crop-box" : "crop-ghost";
  const box = make("div", { class: drawn.kind, "data-testid": testid, "data-box": boxText(drawn.box), role: "img", "aria-label": `Crop: ${describeBox(drawn.box, imageAt(group, index))}` });
  placeBox(box, drawn.box);
  return box;
}

/**
 * Lay an element over the part of a picture that a box keeps.
 *
 * @param {HTMLElement} element
 * @param {Box} box
 */
export function placeBox(element, [x1, y1, x2, y2]) {
  Object.assign(element.style, { left: `${x1 * 100}%`, top: `${y1 * 100}%`, width: `${(x2 - x1) * 100}%`, height: `${(y2 - y1) * 100}%` });
}
