// Hint at first use at what a new person needs, one thing at a time, and never again.

import { get, post } from "./api.js";
import { byId } from "./dom.js";
import { enqueue } from "./jobs.js";
import { keyedParts } from "./keymap.js";
import { PICTURE_SIZE } from "./pictures.js";
import { currentGroup, isBlind } from "./session.js";

/** @type {readonly Hint[]} */
const HINTS = [
  { name: "decide", doneBy: new Set(["approve", "choose", "reject", "keep", "hand", "edit"]), words: decideText },
  { name: "look", doneBy: new Set(["flip", "zoom", "versus", "difference", "people", "loupe"]), words: lookText },
  { name: "undo", doneBy: new Set(["undo", "help"]), words: () => "{Z} takes the last decision back, and the one before it. {?} shows all keys, and changes them." },
];

/**
 * Hints that were not seen yet.
 *
 * @type {readonly Hint[]}
 */
let waiting = [];

/** @param {Group} group */
function decideText(group) {
  const count = group.images.length;
  if (count === 1) return "{A} approves the frame that is drawn, {K} keeps the whole picture, {X} changes the crop.";
  const others = `{1-${Math.min(9, count)}}`;
  if (group.suggested === null || isBlind(group)) return `${others} choose the best picture, {R} says that none is good.`;
  return `{A} approves the suggestion with its crop, ${others} choose another picture, {R} says that none is good.`;
}

/** @param {Group} group */
function lookText(group) {
  const first = group.images.length > 1 ? "{Space} shows one picture in place of the other, {F} all at full size" : "{F} shows the picture at full size";
  return `${first}, {L} the pixels under the pointer.`;
}

/** Ask which hints were seen, and show the first of the others. */
export async function loadHints() {
  const { seen } = await get("hints", {});
  waiting = HINTS.filter(({ name }) => !seen.includes(name));
  drawHint();
}

/** Draw the hint that is due for the set in view; at the end of the list there is none. */
export function drawHint() {
  const group = currentGroup(), hint = group && waiting[0];
  byId("hint").hidden = !hint;
  if (!group || !hint) return;
  const words = hint.words(group), line = byId("hint-words");
  // A screen reader would read what is drawn anew.
  if (line.dataset.words === words) return;
  line.dataset.words = words;
  byId("hint").dataset.hint = hint.name;
  line.replaceChildren(...keyedParts(words));
}

/**
 * Take what a person did for known.
 *
 * @param {Command["name"]} command
 */
export function noteDone(command) {
  for (const hint of waiting) if (hint.doneBy.has(command)) forget(hint);
}

/** Take the hint in view for known; tell whether there is one. */
export function dismiss() {
  const hint = byId("hint").hidden ? undefined : waiting[0];
  if (hint) forget(hint);
  return hint !== undefined;
}

/** @param {Hint} hint */
function forget(hint) {
  waiting = waiting.filter((other) => other !== hint);
  enqueue(async () => {
    await post("see_hint", { hint: hint.name }, PICTURE_SIZE);
    drawHint();
  });
}

byId("hint-close").addEventListener("click", () => {
  dismiss();
  byId("group").focus({ preventScroll: true });
});
