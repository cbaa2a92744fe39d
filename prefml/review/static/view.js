// Draws one set: pictures as large as fit, badges, borders and the crop.

import { byId, make } from "./dom.js";
import { boxText } from "./geometry.js";
import { GAP, bestGrid } from "./layout.js";
import { imageElement } from "./pictures.js";
import { readDraft, cropOn, selectedIndex, session, stateOf, isBlind } from "./session.js";
import { STATE_LABELS, formatCount, percent, describeBox, shortName, likelihoodText } from "./words.js";

export function drawGroup(group) {
  const box = byId("group");
  box.hidden = false;
  byId("end").hidden = true;
  box.dataset.groupId = group.group_id;
  box.dataset.state = group.state;
  box.dataset.hidden = String(isBlind(group));
  box.classList.toggle("group-rejected", group.state === "rejected");
  byId("heading").textContent = `Set ${formatCount(session.index + 1)} of ${formatCount(session.ids.length)}${group.project ? ` · ${group.project}` : ""}`;
  const state = byId("state");
  state.textContent = STATE_LABELS[group.state];
  state.dataset.state = group.state;
  byId("chips").replaceChildren(...chips(group));
  byId("pictures").replaceChildren(...group.images.map((image, index) => tile(group, image, index)));
  placeTiles(group);
}

export function drawEnd() {
  byId("group").hidden = true;
  byId("why").replaceChildren();
  byId("end").hidden = false;
  const left = session.ids.filter((id) => stateOf(id) === "pending").length;
  const empty = !session.ids.length;
  byId("end-title").textContent = empty ? "No sets here" : left ? "End of the list" : "All sets are reviewed";
  byId("end-text").textContent = empty ? "Choose another filter above."
    : left ? `${formatCount(left)} still undecided: ↑ goes back.` : "Shift+Enter submits the decisions; ↑ goes back.";
}

export function placeTiles(group) {
  const box = byId("pictures");
  const room = byId("group").getBoundingClientRect();
  const height = room.bottom - box.getBoundingClientRect().top - 6;
  const { columns, tiles } = bestGrid(group.images, room.width - 28, height);
  box.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  box.style.gap = `4px ${GAP}px`;
  box.querySelectorAll(".tile").forEach((tile, index) => {
    const frame = tile.querySelector(".frame");
    frame.style.width = `${tiles[index].w}px`;
    frame.style.height = `${tiles[index].h}px`;
    tile.style.width = `${tiles[index].w}px`;
  });
}

function chips(group) {
  // What is odd about the suggested picture would give the suggestion away.
  const flags = isBlind(group) ? [] : group.flags.map((flag) => make("span", { class: "chip flag" }, `⚑ ${flag}`));
  const budget = group.within_budget && !isBlind(group) ? [make("span", { class: "chip" }, "inside the error budget")] : [];
  const tags = group.images.flatMap((image, index) => image.tags.map((tag) => make("span", { class: "chip flag" }, `${index + 1}: ${tag.replaceAll("_", " ")}`)));
  return [...flags, ...tags, ...budget];
}

function tile(group, image, index) {
  const suggested = group.suggested === index && !isBlind(group);
  const chosen = group.decision?.final_index === index;
  const held = session.held === index;
  const lost = group.decision && group.decision.final_index !== null && !chosen;
  const frame = make("div", { class: "frame" }, button(group, image, index, suggested, chosen), crop(group, index));
  const names = ["tile", suggested && "suggested", chosen && "chosen", held && "held", lost && "lost"];
  return make("div", { class: names.filter(Boolean).join(" ") }, frame, caption(group, image, index, suggested, chosen, held));
}

function button(group, image, index, suggested, chosen) {
  const words = [`Picture ${index + 1} of ${group.images.length}`];
  if (suggested) words.push(`suggested, ${likelihoodText(group.confidence)}`);
  if (chosen) words.push("your choice");
  const content = image.version ? imageElement(image) : make("span", { class: "missing" }, "This picture cannot be read");
  return make("button", {
    type: "button", class: "image", "data-testid": "image", "data-index": String(index), "data-suggested": String(suggested),
    "aria-pressed": String(chosen), "aria-label": words.join(", "), title: image.name,
  }, content);
}

function caption(group, image, index, suggested, chosen, held) {
  const marks = [];
  if (suggested) marks.push(make("span", { class: "badge" }, "★ Suggested"));
  if (chosen && !suggested) marks.push(make("span", { class: "badge own" }, "✓ Your choice"));
  if (chosen && suggested) marks.push(make("span", { class: "badge" }, "✓ Approved"));
  if (held) marks.push(make("span", { class: "badge own" }, "held"));
  const likely = !isBlind(group) && image.probability !== null && group.images.length > 1 ? `${percent(image.probability)} · ` : "";
  const size = image.width ? ` · ${image.width}×${image.height}` : "";
  return make("div", { class: "caption" }, make("kbd", { class: "number" }, String(index + 1)), marks, make("span", { class: "name" }, `${likely}${shortName(image.name)}${size}`));
}

// What is drawn on one picture: the frame that would be kept, or where it would lie on this one.
export function overlay(group, index) {
  if (!session.cropVisible || group.state === "rejected") return null;
  const box = cropOn(group, index);
  if (!box) return null;
  const at = selectedIndex(group);
  if (index === at || (at === null && isBlind(group))) return { box, kind: "crop" };
  const undecided = !group.decision || group.decision.final_index === null;
  return undecided && !readDraft(group) ? { box, kind: "ghost" } : null;
}

function crop(group, index) {
  const drawn = overlay(group, index);
  if (!drawn) return null;
  const testid = drawn.kind === "crop" ? "crop-box" : "crop-ghost";
  const box = make("div", { class: drawn.kind, "data-testid": testid, "data-box": boxText(drawn.box), role: "img", "aria-label": `Crop: ${describeBox(drawn.box, group.images[index])}` });
  placeBox(box, drawn.box);
  return box;
}

export function placeBox(box, [x1, y1, x2, y2]) {
  Object.assign(box.style, { left: `${x1 * 100}%`, top: `${y1 * 100}%`, width: `${(x2 - x1) * 100}%`, height: `${(y2 - y1) * 100}%` });
}
