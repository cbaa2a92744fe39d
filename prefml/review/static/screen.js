// Move from set to set, draw the one in view and announce it to a screen reader.

import { get } from "./api.js";
import { drawApproval } from "./approval.js";
import * as cropper from "./cropper.js";
import { announce, byId, make, showStatus } from "./dom.js";
import { drawHint } from "./hints.js";
import { drawInfo, drawProgress } from "./info.js";
import { dropWaiting } from "./jobs.js";
import { drawLoupes } from "./loupe.js";
import { PICTURE_SIZE } from "./pictures.js";
import * as my from "./session.js";
import { drawEnd, drawGroup } from "./view.js";
import { CHANGED, STATE_LABELS, changeText, likelihoodText } from "./words.js";

const { session } = my;

/**
 * Show the set at a position; the end of the list lies behind the last.
 *
 * @param {number} index
 * @param {string} [words] said before what is in view
 */
export async function showAt(index, words = "") {
  if (cropper.isEditing()) cropper.stop();
  session.index = Math.max(0, Math.min(index, session.ids.length));
  Object.assign(session, { held: null, revealed: false, asked: false, zoomed: false });
  await my.loadAt(session.index);
  redraw();
  session.shownAt = performance.now();
  my.prefetchAround(session.index);
  my.rememberPlace();
  const group = my.currentGroup();
  byId(group ? "group" : "end").focus({ preventScroll: true });
  announce([words, group ? spoken(group) : byId("end-title").textContent].filter(Boolean).join(". "));
}

/** Draw what is in view; say so where the suggestion is another than the one that was drawn, and not just hidden. */
export function redraw() {
  const group = my.currentGroup();
  const changed = group !== null && group.group_id === session.seen?.id && !my.isSeen(group) && !group.audited;
  // What stands round the pictures first: it tells how much room is left for them.
  drawProgress();
  drawApproval(group);
  drawHint();
  if (group) {
    drawInfo(group);
    drawGroup(group);
    drawLoupes();
  } else drawEnd();
  if (changed) {
    dropWaiting();
    showStatus(CHANGED);
  }
}

/**
 * Show what is suggested now for a set that was not decided because its suggestion had changed.
 *
 * @param {Group} before as it was in view
 */
export async function showChanged(before) {
  const { groups: [after = null] } = await get("load_batch", { id: [before.group_id], picture: PICTURE_SIZE });
  const draft = my.carryDraft(before, after);
  await loadQueue(session.filter, session.project);
  if (after && !session.ids.includes(after.group_id)) await loadQueue("all", "");
  const at = session.ids.indexOf(before.group_id);
  const words = changeText(after ? my.isBlind(after) ? "hidden" : "new" : "gone", draft);
  await showAt(at < 0 ? session.index : at, words);
  showStatus(words);
  // What was pressed meanwhile was meant for what was in view before.
  dropWaiting();
}

/**
 * Describe the set that is drawn for a screen reader.
 *
 * @param {Group} group
 */
export function spoken(group) {
  const where = byId("heading").textContent;
  if (group.state !== "pending") return `${where}, ${STATE_LABELS[group.state]}`;
  if (my.isBlind(group)) return `${where}, suggestion hidden`;
  if (group.awaiting) return `${where}, changed by you, no suggestion yet`;
  return group.suggested === null ? where : `${where}, picture ${group.suggested + 1} suggested, ${likelihoodText(group.confidence)}`;
}

/**
 * Load the sets that pass a filter, and draw the lists from which it is chosen.
 *
 * @param {string} filter
 * @param {string} project all of them where it is empty
 */
export async function loadQueue(filter, project) {
  const { projects, problems } = await my.loadQueue(filter, project);
  const select = byId("project");
  const options = projects.filter(Boolean).map((name) => make("option", { value: name }, name));
  select.replaceChildren(make("option", { value: "" }, "all projects"), ...options);
  select.value = project;
  byId("filter").value = filter;
  if (problems[0]) showStatus(`${problems.length} suggestions cannot be used: ${problems[0]}`);
}

/** Show whether suggestions are hidden. */
export function drawHidden() {
  byId("hide").setAttribute("aria-pressed", String(session.hidden));
}
