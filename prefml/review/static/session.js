// Hold the state of the review: the queue, the set in view and the drafts; load and post it.

import { StaleError, get, post, readJson, storage } from "./api.js";
import { keepsWhole } from "./geometry.js";
import { aspect } from "./layout.js";
import { PICTURE_SIZE, imageElement, prefetch } from "./pictures.js";
import { present } from "./present.js";

const BEHIND = 2, AHEAD = 10, DECODED = 4;

/** @type {Session} */
export const session = {
  ids: [], index: 0, groups: new Map(), queueStates: new Map(), filter: "all", project: "",
  hidden: document.body.dataset.hide === "true", cropVisible: true,
  revealed: false, asked: false, held: null, shownAt: 0, seen: null, zoomed: false, progress: null,
};

/** Return the id of the set in view; undefined at the end of the list. */
export const currentId = () => session.ids[session.index];

/**
 * Return a group that is loaded.
 *
 * @param {string | undefined} id
 */
const loadedGroup = (id) => (id === undefined ? undefined : session.groups.get(id));

/** Return the set in view; null at the end of the list. */
export const currentGroup = () => loadedGroup(currentId()) ?? null;

/**
 * Tell whether what the page knows of a set is what is drawn of it.
 *
 * @param {Group} group
 */
export const isSeen = ({ group_id: id, version }) => session.seen?.id === id && session.seen.version === version;

/**
 * Return an image of a group.
 *
 * @param {Group} group
 * @param {number} index
 */
export const imageAt = (group, index) => present(group.images[index], `picture ${index + 1}`);

/**
 * Return the state of a group, loaded or not.
 *
 * @param {string} id
 * @returns {State}
 */
export const stateOf = (id) => session.groups.get(id)?.state ?? session.queueStates.get(id) ?? "pending";

/** @param {string} id */
const isWaiting = (id) => stateOf(id) === (session.filter === "skipped" ? "skipped" : "pending");

/**
 * Take over the groups and the progress of an answer.
 *
 * @param {{ groups?: readonly Group[], progress?: Progress }} answer
 */
export function receive({ groups = [], progress }) {
  for (const group of groups) session.groups.set(group.group_id, group);
  if (progress) session.progress = progress;
}

/**
 * Load the ids that pass a filter and go to where the person was, else to the first that waits.
 *
 * @param {string} filter
 * @param {string} project all of them where it is empty
 */
export async function loadQueue(filter, project) {
  const answer = await get("queue", { filter, project });
  Object.assign(session, { ids: answer.group_ids, filter, project });
  session.queueStates = new Map(Object.entries(answer.states));
  session.groups.clear();
  const last = session.ids.indexOf(sessionStorage.getItem("prefml.at") ?? "");
  session.index = last >= 0 ? last : Math.max(0, session.ids.indexOf(answer.first_pending ?? ""));
  return answer;
}

/** Keep the set in view and the filter over a reload. */
export function rememberPlace() {
  const id = currentId();
  if (id) sessionStorage.setItem("prefml.at", id);
  sessionStorage.setItem("prefml.filter", JSON.stringify([session.filter, session.project]));
}

/**
 * Return the filter and the project of before a reload.
 *
 * @returns {[filter: string, project: string]}
 */
export function rememberedFilter() {
  return /** @type {[string, string] | null} */ (readJson(sessionStorage, "prefml.filter")) ?? ["all", ""];
}

/** @type {Set<string>} */
const requested = new Set();

/**
 * @param {number} index
 * @param {string[]} ids
 */
async function loadNeighbours(index, ids) {
  ids.forEach((id) => { requested.add(id); });
  try {
    receive(await get("load_batch", { id: ids, picture: PICTURE_SIZE }));
    prefetchAround(index);
  } finally {
    ids.forEach((id) => { requested.delete(id); });
  }
}

/**
 * Load what lies around a position; resolve when the set at that position is there.
 *
 * @param {number} index
 */
export async function loadAt(index) {
  const around = session.ids.slice(Math.max(0, index - BEHIND), index + AHEAD);
  const missing = around.filter((id) => !session.groups.has(id));
  const here = session.ids[index];
  if (!missing.length || !here) return;
  // The set in view first and alone: it must not wait for its neighbours.
  if (missing.includes(here)) receive(await get("load_batch", { id: [here], picture: PICTURE_SIZE }));
  const others = missing.filter((id) => id !== here && !requested.has(id));
  const due = others.length > AHEAD / 2 || missing.includes(here);
  if (due && others.length) void loadNeighbours(index, others);
}

/**
 * Decode the set at a position, then fetch the pictures of those around it.
 *
 * @param {number} index
 */
export function prefetchAround(index) {
  const near = [...session.ids.slice(index + 1, index + 1 + DECODED), session.ids[index - 1]];
  const own = (loadedGroup(session.ids[index])?.images ?? []).filter((image) => image.version);
  // The set in view is painted before anything is fetched for the next ones.
  void Promise.all(own.map((image) => imageElement(image).ready)).then(() => setTimeout(() => {
    if (session.index === index) prefetch(near.map(loadedGroup).filter((group) => group !== undefined));
  }, 60));
}

/** Return the position of the next set that waits, from the start again after the last. */
export function nextWaiting() {
  const { ids, index } = session;
  const later = ids.findIndex((id, at) => at > index && isWaiting(id));
  const earlier = () => ids.findIndex((id, at) => at < index && isWaiting(id));
  const found = later >= 0 ? later : earlier();
  return found >= 0 ? found : ids.length;
}

/**
 * Return the picture that a crop or "keep whole" is about: held, decided, drafted, else suggested.
 *
 * @param {Group} group
 */
export function selectedIndex(group) {
  const chosen = session.held ?? group.decision?.final_index ?? readDraft(group)?.index;
  return chosen ?? (isBlind(group) ? null : group.suggested);
}

/**
 * Tell whether the suggestion is still kept from the person; of an audited set the page never knows it.
 *
 * A single picture offers no choice to lead.
 *
 * @param {Group} group
 */
export function isBlind(group) {
  if (group.audited) return true;
  return session.hidden && !session.revealed && group.state === "pending" && group.images.length > 1;
}

/**
 * Return the box that is drawn on a set and not decided.
 *
 * @param {Group} group
 */
export const readDraft = (group) => storage.read(`draft.${group.group_id}`);

/**
 * Keep a draft.
 *
 * @param {Group} group
 * @param {number} index
 * @param {Box} box
 */
export function writeDraft(group, index, box) { storage.write(`draft.${group.group_id}`, { index, box }); }

/**
 * Drop a draft.
 *
 * @param {Group} group
 */
export function removeDraft(group) { storage.remove(`draft.${group.group_id}`); }

/**
 * Take a draft over to the set as it is suggested now; tell whether there is one, and where it went.
 *
 * @param {Group} before
 * @param {Group | null} after null where the set is no longer suggested
 * @returns {"kept" | "dropped" | "none"}
 */
export function carryDraft(before, after) {
  const draft = readDraft(before);
  if (!draft) return "none";
  const index = after?.images.findIndex((image) => image.picture === before.images[draft.index]?.picture) ?? -1;
  if (after && index >= 0) {
    writeDraft(after, index, draft.box);
    return "kept";
  }
  removeDraft(before);
  return "dropped";
}

/**
 * Return the crop now drafted, decided or proposed for a set; null for the whole picture.
 *
 * @param {Group} group
 */
export function cropOf(group) {
  const draft = readDraft(group);
  if (draft) return keepsWhole(draft.box) ? null : draft.box;
  // What is asked about is the suggested crop, whatever was decided before.
  return group.decision && !session.asked && group.decision.final_index !== null ? group.decision.crop_coords : group.crop.box;
}

/**
 * Return the crop for one picture: a box is carried over only to a picture of the same shape.
 *
 * @param {Group} group
 * @param {number} index
 */
export function cropOn(group, index) {
  const box = cropOf(group), from = readDraft(group)?.index ?? (session.asked ? null : group.decision?.final_index) ?? group.suggested;
  if (!box || from === null) return box;
  return Math.abs(aspect(imageAt(group, index)) / aspect(imageAt(group, from)) - 1) < 0.01 ? box : null;
}

/**
 * Return the context of a decision.
 *
 * @param {Group} group
 * @param {string} key command that decided
 * @returns {Shown}
 */
export function shownFields(group, key) {
  return {
    position: session.index, suggested_position: group.suggested, hidden: session.hidden,
    revealed: session.revealed, crop_visible: session.cropVisible, full_size: session.zoomed,
    seconds: Math.round(performance.now() - session.shownAt) / 1000, filter: session.filter, key,
    order: group.images.map((_, index) => index),
  };
}

/**
 * Send a decision on a set with the version of its suggestion; tell whether it was taken, which it is not where
 * the suggestion has changed.
 *
 * @param {Group} group
 * @param {Choice} choice
 * @param {string} key command that decided
 */
export async function postDecision(group, choice, key) {
  const about = { group_id: group.group_id, suggestion_version: group.version };
  try {
    const answer = await post("decide", { ...about, ...choice, shown: shownFields(group, key) }, PICTURE_SIZE);
    removeDraft(group);
    receive(answer);
    return true;
  } catch (error) {
    if (error instanceof StaleError) return false;
    throw error;
  }
}

/**
 * Undo or redo; return the id of the first set that changed, null where none did, and what was done in words.
 *
 * @param {"undo" | "redo"} which
 */
export async function postTurn(which) {
  const answer = await post(which, {}, PICTURE_SIZE);
  if (answer.group_ids.length > answer.groups.length) await loadQueue(session.filter, session.project);
  receive(answer);
  return { id: answer.group_ids[0] ?? null, what: answer.what };
}
