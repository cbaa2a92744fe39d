// Where the person is: the sets that pass the filter, the one in view, and what is drawn on it.

import { get, kept, post } from "./api.js";
import { isWhole } from "./geometry.js";
import { aspect } from "./layout.js";
import { element, prefetch, size } from "./pictures.js";

const BEHIND = 2, AHEAD = 10, DECODED = 4;

export const session = {
  ids: [], index: 0, groups: new Map(), waitingStates: new Map(), filter: "all", project: "",
  hidden: document.body.dataset.hide === "true", cropVisible: true,
  revealed: false, held: null, shownAt: 0, zoomed: false, progress: null,
};

export const current = () => session.groups.get(session.ids[session.index]) ?? null;

export function stateOf(id) {
  return session.groups.get(id)?.state ?? session.waitingStates.get(id) ?? "pending";
}

const waits = (id) => stateOf(id) === (session.filter === "skipped" ? "skipped" : "pending");

export function take(answer) {
  for (const group of answer.groups ?? []) session.groups.set(group.group_id, group);
  if (answer.progress) session.progress = answer.progress;
}

export async function loadQueue(filter, project) {
  const answer = await get("queue", { filter, project });
  Object.assign(session, { ids: answer.group_ids, filter, project });
  session.waitingStates = new Map(Object.entries(answer.states));
  session.groups.clear();
  const last = sessionStorage.getItem("prefml.at");
  const start = session.ids.indexOf(last);
  session.index = start >= 0 ? start : Math.max(0, session.ids.indexOf(answer.first_pending));
  return answer;
}

export function remember() {
  const id = session.ids[session.index];
  if (id) sessionStorage.setItem("prefml.at", id);
  sessionStorage.setItem("prefml.filter", JSON.stringify([session.filter, session.project]));
}

export function remembered() {
  try { return JSON.parse(sessionStorage.getItem("prefml.filter")) ?? ["all", ""]; } catch { return ["all", ""]; }
}

const asked = new Set();

function loadAround(index, ids) {
  if (!ids.length) return;
  ids.forEach((id) => asked.add(id));
  get("load_batch", { id: ids, picture: size }).then((answer) => { take(answer); ready(index); })
    .finally(() => ids.forEach((id) => asked.delete(id)));
}

// Load what lies around a position; resolves when the set at that position is there.
export async function ensure(index) {
  const wanted = session.ids.slice(Math.max(0, index - BEHIND), index + AHEAD);
  const missing = wanted.filter((id) => !session.groups.has(id));
  const here = session.ids[index];
  if (!missing.length || !here) return;
  // The set in view first and alone: it must not wait for its neighbours.
  if (missing.includes(here)) take(await get("load_batch", { id: [here], picture: size }));
  const others = missing.filter((id) => id !== here && !asked.has(id));
  if (others.length > AHEAD / 2 || missing.includes(here)) loadAround(index, others);
}

export function ready(index) {
  const near = [...session.ids.slice(index + 1, index + 1 + DECODED), session.ids[index - 1]];
  const here = session.groups.get(session.ids[index]);
  const own = here ? here.images.filter((image) => image.version).map((image) => element(image).ready) : [];
  // The set in view is painted before anything is fetched for the next ones.
  Promise.all(own).then(() => new Promise((painted) => { setTimeout(painted, 60); })).then(() => {
    if (session.index === index) prefetch(near.map((id) => session.groups.get(id)).filter(Boolean));
  });
}

export function nextWaiting() {
  const { ids, index } = session;
  for (let i = index + 1; i < ids.length; i += 1) if (waits(ids[i])) return i;
  for (let i = 0; i < index; i += 1) if (waits(ids[i])) return i;
  return ids.length;
}

// The picture that a crop or "keep whole" is about: held, decided, drafted, else suggested.
export function selected(group) {
  if (session.held !== null) return session.held;
  const decided = group.decision?.final_index;
  if (decided !== null && decided !== undefined) return decided;
  const drafted = draft(group)?.index;
  if (drafted !== undefined) return drafted;
  if (veiled(group)) return null;
  return group.suggested;
}

// Whether the suggestion is still kept from the person. A single picture offers no choice to lead.
export function veiled(group) {
  return session.hidden && !session.revealed && group.state === "pending" && group.images.length > 1;
}

export const draft = (group) => kept.read(`draft.${group.group_id}`);

export function keepDraft(group, index, box) { kept.write(`draft.${group.group_id}`, { index, box }); }

export function dropDraft(group) { kept.remove(`draft.${group.group_id}`); }

// The box now proposed or decided for the set, or null for the whole picture.
export function frame(group) {
  const drafted = draft(group);
  if (drafted) return isWhole(drafted.box) ? null : drafted.box;
  return group.decision && group.decision.final_index !== null ? group.decision.crop_coords : group.crop.box;
}

// The same for one picture: a box is carried over only to a picture of the same shape.
export function frameOn(group, index) {
  const box = frame(group), from = draft(group)?.index ?? group.decision?.final_index ?? group.suggested;
  if (!box || from === null) return box;
  return Math.abs(aspect(group.images[index]) / aspect(group.images[from]) - 1) < 0.01 ? box : null;
}

export function shown(group, key) {
  return {
    position: session.index, suggested_position: group.suggested, hidden: session.hidden,
    revealed: session.revealed, crop_visible: session.cropVisible, full_size: session.zoomed,
    seconds: Math.round(performance.now() - session.shownAt) / 1000, filter: session.filter, key,
    order: group.images.map((_, index) => index),
  };
}

export async function decide(group, decision, key) {
  const answer = await post("decide", { group_id: group.group_id, ...decision, shown: shown(group, key) }, size);
  dropDraft(group);
  take(answer);
  return answer;
}

export async function turn(which) {
  const answer = await post(which, {}, size);
  for (const id of answer.group_ids) session.waitingStates.delete(id);
  if (answer.group_ids.length > answer.groups.length) await loadQueue(session.filter, session.project);
  take(answer);
  return answer.group_ids[0] ?? null;
}
