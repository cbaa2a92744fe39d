// Where the person is: the sets that pass the filter, the one in view, and what is drawn on it.

import { get, storage, post } from "./api.js";
import { keepsWhole } from "./geometry.js";
import { aspect } from "./layout.js";
import { imageElement, prefetch, PICTURE_SIZE } from "./pictures.js";

const BEHIND = 2, AHEAD = 10, DECODED = 4;

export const session = {
  ids: [], index: 0, groups: new Map(), queueStates: new Map(), filter: "all", project: "",
  hidden: document.body.dataset.hide === "true", cropVisible: true,
  revealed: false, held: null, shownAt: 0, zoomed: false, progress: null,
};

export const currentGroup = () => session.groups.get(session.ids[session.index]) ?? null;

export function stateOf(id) {
  return session.groups.get(id)?.state ?? session.queueStates.get(id) ?? "pending";
}

const isWaiting = (id) => stateOf(id) === (session.filter === "skipped" ? "skipped" : "pending");

export function receive(answer) {
  for (const group of answer.groups ?? []) session.groups.set(group.group_id, group);
  if (answer.progress) session.progress = answer.progress;
}

export async function loadQueue(filter, project) {
  const answer = await get("queue", { filter, project });
  Object.assign(session, { ids: answer.group_ids, filter, project });
  session.queueStates = new Map(Object.entries(answer.states));
  session.groups.clear();
  const last = sessionStorage.getItem("prefml.at");
  const start = session.ids.indexOf(last);
  session.index = start >= 0 ? start : Math.max(0, session.ids.indexOf(answer.first_pending));
  return answer;
}

export function rememberPlace() {
  const id = session.ids[session.index];
  if (id) sessionStorage.setItem("prefml.at", id);
  sessionStorage.setItem("prefml.filter", JSON.stringify([session.filter, session.project]));
}

export function rememberedFilter() {
  try { return JSON.parse(sessionStorage.getItem("prefml.filter")) ?? ["all", ""]; } catch { return ["all", ""]; }
}

const requested = new Set();

function loadNeighbours(index, ids) {
  if (!ids.length) return;
  ids.forEach((id) => requested.add(id));
  get("load_batch", { id: ids, picture: PICTURE_SIZE }).then((answer) => { receive(answer); prefetchAround(index); })
    .finally(() => ids.forEach((id) => requested.delete(id)));
}

// Load what lies around a position; resolves when the set at that position is there.
export async function loadAt(index) {
  const wanted = session.ids.slice(Math.max(0, index - BEHIND), index + AHEAD);
  const missing = wanted.filter((id) => !session.groups.has(id));
  const here = session.ids[index];
  if (!missing.length || !here) return;
  // The set in view first and alone: it must not wait for its neighbours.
  if (missing.includes(here)) receive(await get("load_batch", { id: [here], picture: PICTURE_SIZE }));
  const others = missing.filter((id) => id !== here && !requested.has(id));
  if (others.length > AHEAD / 2 || missing.includes(here)) loadNeighbours(index, others);
}

export function prefetchAround(index) {
  const near = [...session.ids.slice(index + 1, index + 1 + DECODED), session.ids[index - 1]];
  const here = session.groups.get(session.ids[index]);
  const own = here ? here.images.filter((image) => image.version).map((image) => imageElement(image).ready) : [];
  // The set in view is painted before anything is fetched for the next ones.
  Promise.all(own).then(() => new Promise((painted) => { setTimeout(painted, 60); })).then(() => {
    if (session.index === index) prefetch(near.map((id) => session.groups.get(id)).filter(Boolean));
  });
}

export function nextWaiting() {
  const { ids, index } = session;
  for (let i = index + 1; i < ids.length; i += 1) if (isWaiting(ids[i])) return i;
  for (let i = 0; i < index; i += 1) if (isWaiting(ids[i])) return i;
  return ids.length;
}

// The picture that a crop or "keep whole" is about: held, decided, drafted, else suggested.
export function selectedIndex(group) {
  if (session.held !== null) return session.held;
  const decided = group.decision?.final_index;
  if (decided !== null && decided !== undefined) return decided;
  const drafted = readDraft(group)?.index;
  if (drafted !== undefined) return drafted;
  if (isBlind(group)) return null;
  return group.suggested;
}

// Whether the suggestion is still kept from the person. A single picture offers no choice to lead.
export function isBlind(group) {
  return session.hidden && !session.revealed && group.state === "pending" && group.images.length > 1;
}

export const readDraft = (group) => storage.read(`draft.${group.group_id}`);

export function writeDraft(group, index, box) { storage.write(`draft.${group.group_id}`, { index, box }); }

export function removeDraft(group) { storage.remove(`draft.${group.group_id}`); }

// The box now proposed or decided for the set, or null for the whole picture.
export function cropOf(group) {
  const drafted = readDraft(group);
  if (drafted) return keepsWhole(drafted.box) ? null : drafted.box;
  return group.decision && group.decision.final_index !== null ? group.decision.crop_coords : group.crop.box;
}

// The same for one picture: a box is carried over only to a picture of the same shape.
export function cropOn(group, index) {
  const box = cropOf(group), from = readDraft(group)?.index ?? group.decision?.final_index ?? group.suggested;
  if (!box || from === null) return box;
  return Math.abs(aspect(group.images[index]) / aspect(group.images[from]) - 1) < 0.01 ? box : null;
}

export function shownFields(group, key) {
  return {
    position: session.index, suggested_position: group.suggested, hidden: session.hidden,
    revealed: session.revealed, crop_visible: session.cropVisible, full_size: session.zoomed,
    seconds: Math.round(performance.now() - session.shownAt) / 1000, filter: session.filter, key,
    order: group.images.map((_, index) => index),
  };
}

export async function postDecision(group, decision, key) {
  const answer = await post("decide", { group_id: group.group_id, ...decision, shown: shownFields(group, key) }, PICTURE_SIZE);
  removeDraft(group);
  receive(answer);
  return answer;
}

export async function postTurn(which) {
  const answer = await post(which, {}, PICTURE_SIZE);
  for (const id of answer.group_ids) session.queueStates.delete(id);
  if (answer.group_ids.length > answer.groups.length) await loadQueue(session.filter, session.project);
  receive(answer);
  return answer.group_ids[0] ?? null;
}
