// Change sets by hand: tick pictures, choose another set of the project, then split, move or join.

import { RefusedError, StaleError, get, post } from "./api.js";
import { byId, make, visible } from "./dom.js";
import { dropWaiting, enqueueInput } from "./jobs.js";
import { keyed, keycap } from "./keymap.js";
import { aspect, fitInside } from "./layout.js";
import { PICTURE_SIZE, pictureUrl } from "./pictures.js";
import { present } from "./present.js";
import { STATE_LABELS, countPictures, formatCount, shortName } from "./words.js";

/** @type {SetEditor | null} */
let editor = null;

const opened = () => present(editor, "editor of sets");

/** Tell whether the dialog is open. */
export const isOpen = () => byId("sets").open;

/**
 * Show a set, and beside it the one that follows in its project.
 *
 * @param {Group} group
 * @param {SetEditor["done"]} done called with the answer and what it says in words
 * @param {SetEditor["stale"]} stale called where a set is another by now than the one that was shown
 */
export async function open(group, done, stale) {
  const { group_ids: all } = await get("queue", { filter: "all", project: group.project });
  const at = all.indexOf(group.group_id), ids = all.filter((id) => id !== group.group_id);
  editor = { group, ids, at: Math.min(Math.max(0, at), Math.max(0, ids.length - 1)), other: null, ticked: new Set(), note: "", done, stale };
  await loadOther();
  byId("sets").showModal();
  draw();
  checkboxes()[0]?.focus();
}

async function loadOther() {
  const state = opened(), id = state.ids[state.at];
  if (id === undefined) return;
  const { groups } = await get("load_batch", { id: [id], picture: "small" });
  state.other = groups[0] ?? null;
}

const checkboxes = () => [...byId("sets-own").querySelectorAll("input")];

function draw() {
  const { group, other, ids, at, note } = opened();
  byId("sets-note").textContent = visible(note);
  byId("sets-own").replaceChildren(...group.images.map((image, index) => tile(image, index, true)));
  byId("sets-place").textContent = other ? visible(placeText(other, at, ids.length)) : "No other set in this project";
  byId("sets-other").replaceChildren(...(other?.images ?? []).map((image, index) => tile(image, index, false)));
  drawCommands();
}

/**
 * Write where the other set stands, and what becomes of its decision.
 *
 * @param {Group} other
 * @param {number} at
 * @param {number} count
 */
export function placeText({ images, state }, at, count) {
  const decided = state === "pending" ? "" : `, ${STATE_LABELS[state]} (a change takes that back)`;
  return `Other set ${formatCount(at + 1)} of ${formatCount(count)}: ${countPictures(images.length)}${decided}`;
}

/**
 * @param {Image} image
 * @param {number} index
 * @param {boolean} own whether it can be ticked
 */
function tile(image, index, own) {
  const picture = make("img", { alt: own ? "" : `Picture ${index + 1} of the other set`, width: image.width, height: image.height });
  if (image.version) picture.src = pictureUrl(image, "small");
  const frame = make("div", { class: "frame" }, picture);
  frame.style.width = `${fitInside(aspect(image), 132, 132).w}px`;
  const name = make("span", { title: image.name }, shortName(image.name));
  if (!own) return make("div", { class: "bulk-item" }, frame, make("div", { class: "label" }, name));
  const tick = make("input", { type: "checkbox", checked: opened().ticked.has(index), "aria-label": `Picture ${index + 1}, ${image.name}` });
  tick.addEventListener("change", () => { setTicked(index, tick.checked); });
  return make("div", { class: "bulk-item" }, make("label", {}, frame, tick, keycap(String(index + 1)), name));
}

/**
 * @param {number} index
 * @param {boolean} wanted
 */
function setTicked(index, wanted) {
  const { ticked } = opened();
  if (wanted) ticked.add(index); else ticked.delete(index);
  drawCommands();
}

/**
 * Tell which commands make sense.
 *
 * @param {number} ticked how many pictures are ticked
 * @param {number} count how many the set has
 * @param {boolean} hasOther
 */
export const possible = (ticked, count, hasOther) => ({
  split: ticked > 0 && ticked < count, move: ticked > 0 && hasOther, join: hasOther,
});

function drawCommands() {
  const { group, other, ticked, ids } = opened();
  const can = possible(ticked.size, group.images.length, other !== null);
  byId("sets-split").disabled = !can.split;
  byId("sets-move").disabled = !can.move;
  byId("sets-join").disabled = !can.join;
  byId("sets-before").disabled = byId("sets-after").disabled = ids.length < 2;
}

/**
 * Choose the other set, round the ends.
 *
 * @param {number} step
 */
async function choose(step) {
  const state = opened(), count = state.ids.length;
  if (count < 2) return;
  state.at = (state.at + step + count) % count;
  await loadOther();
  draw();
  // Drawing makes new checkboxes.
  checkboxes()[0]?.focus();
}

/**
 * Write what a change made of the sets.
 *
 * @param {SetCommand} command
 * @param {number} count how many pictures were taken out
 */
export function changeWords(command, count) {
  const what = { split: `Split: ${countPictures(count)} in a set of ${count === 1 ? "its" : "their"} own`, move: `Moved ${countPictures(count)}`, join: "Joined" };
  return keyed(`${what[command]}; {Z} takes it back`);
}

/** @param {SetCommand} command */
async function change(command) {
  const { group, other, ticked, done, stale } = opened();
  if (!possible(ticked.size, group.images.length, other !== null)[command]) return;
  const images = command === "join" ? group.images.map((_, index) => index) : [...ticked].sort((a, b) => a - b);
  const target = command === "split" ? null : other;
  const versions = Object.fromEntries([group, target].flatMap((one) => (one ? [[one.group_id, one.version]] : [])));
  const body = { group_id: group.group_id, images, to: target?.group_id ?? null, suggestion_versions: versions };
  try {
    const answer = await post("regroup", body, PICTURE_SIZE);
    byId("sets").close();
    await done(answer, changeWords(command, images.length));
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    dropWaiting();
    if (error instanceof StaleError) {
      byId("sets").close();
      await stale(group);
    } else {
      opened().note = `Not done: ${error.message}`;
      draw();
    }
  }
}

/** @type {Readonly<Record<string, SetCommand>>} */
const KEYS = { n: "split", m: "move", j: "join" };

/**
 * Work the dialog by a key.
 *
 * @param {Stroke} stroke
 */
export async function handleKey({ key, repeat }) {
  const all = checkboxes(), at = all.findIndex((box) => box === document.activeElement), command = KEYS[key];
  const box = /^[1-9]$/.test(key) ? all[Number(key) - 1] : undefined;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    all[Math.min(all.length - 1, Math.max(0, at + (key === "ArrowRight" ? 1 : -1)))]?.focus();
  } else if (key === "ArrowUp" || key === "ArrowDown") await choose(key === "ArrowDown" ? 1 : -1);
  else if (repeat) return;
  else if (box) {
    box.checked = !box.checked;
    setTicked(Number(key) - 1, box.checked);
  } else if (command) await change(command);
}

for (const command of /** @type {const} */ (["split", "move", "join"])) {
  byId(`sets-${command}`).addEventListener("click", () => { enqueueInput(() => change(command)); });
}
byId("sets-before").addEventListener("click", () => { enqueueInput(() => choose(-1)); });
byId("sets-after").addEventListener("click", () => { enqueueInput(() => choose(1)); });
