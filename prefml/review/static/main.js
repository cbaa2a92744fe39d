// Wires keys and buttons to what they do. One thing happens at a time, in the order of the keys.

import { RefusedError, deliverOutbox, get, silenceCount, storage, post, isSilent } from "./api.js";
import * as bulk from "./bulk.js";
import * as cropper from "./cropper.js";
import { showAlert, announce, byId, make, showStatus } from "./dom.js";
import { configure, keepsWhole } from "./geometry.js";
import { drawInfo, drawProgress } from "./info.js";
import { drawHelp, commandOf, readStroke } from "./keys.js";
import { PICTURE_SIZE } from "./pictures.js";
import * as my from "./session.js";
import * as tags from "./tags.js";
import { drawGroup, drawEnd, placeTiles } from "./view.js";
import { STATE_LABELS, countSets, likelihoodText } from "./words.js";
import * as zoom from "./zoom.js";

const { session } = my;

async function show(index, words = "") {
  if (cropper.isEditing()) cropper.stop();
  session.index = Math.max(0, Math.min(index, session.ids.length));
  Object.assign(session, { held: null, revealed: false, zoomed: false });
  await my.loadAt(session.index);
  redraw();
  session.shownAt = performance.now();
  my.prefetchAround(session.index);
  my.rememberPlace();
  const group = my.currentGroup();
  byId(group ? "group" : "end").focus({ preventScroll: true });
  announce([words, group ? spoken(group) : byId("end-title").textContent].filter(Boolean).join(". "));
}

function redraw() {
  const group = my.currentGroup();
  // What stands round the pictures first: it tells how much room is left for them.
  drawProgress();
  if (group) {
    drawInfo(group);
    drawGroup(group, (picked) => enqueueInput(() => perform({ what: "choose", index: picked })));
  } else drawEnd();
}

function spoken(group) {
  const where = byId("heading").textContent;
  if (group.state !== "pending") return `${where}, ${STATE_LABELS[group.state]}`;
  if (my.isBlind(group)) return `${where}, suggestion hidden`;
  return group.suggested === null ? where : `${where}, picture ${group.suggested + 1} suggested, ${likelihoodText(group.confidence)}`;
}

async function decide(decision, key) {
  const group = my.currentGroup();
  if (!group) return;
  await my.postDecision(group, decision, key);
  const words = outcome(group);
  showStatus(words);
  await show(my.nextWaiting(), words);
}

function outcome(before) {
  const { state, decision } = session.groups.get(before.group_id);
  if (state === "rejected" || state === "skipped") return `Last: ${STATE_LABELS[state]}`;
  const crop = decision.crop_by_hand ? "cropped by hand" : decision.crop_coords ? "cropped" : "kept whole";
  const told = my.isBlind(before) && before.suggested !== null ? ` (suggested: ${before.suggested + 1})` : "";
  return `Last: picture ${decision.final_index + 1}, ${crop}, ${state === "approved" ? "as suggested" : "your choice"}${told}`;
}

// Without `crop_coords` the frame was not judged; null says that the whole picture is wanted.
function keepPicture(index, frame, key) {
  const action = index === my.currentGroup().suggested ? "approved" : "overridden";
  return decide({ action, final_choice: index, ...frame }, key);
}

function cropFields(group, index) {
  const box = my.cropOn(group, index);
  if (box) return { crop_coords: box };
  const judged = my.readDraft(group) || (group.decision && group.decision.final_index !== null);
  return judged ? { crop_coords: null } : {};
}

const needsPicture = () => showStatus("Choose a picture first: 1 to 9");

const actions = {
  approve(group) {
    if (my.isBlind(group) && session.held === null && !my.readDraft(group)) {
      session.revealed = true;
      redraw();
      return showStatus("This is the suggestion; A again approves it");
    }
    const decided = group.decision && session.held === null && !my.readDraft(group);
    if (decided && group.suggested !== null) return keepPicture(group.suggested, {}, "approve");
    const index = my.selectedIndex(group);
    if (index === null) return showStatus("Nothing is suggested here: 1 to 9 choose");
    return keepPicture(index, cropFields(group, index), "approve");
  },
  choose(group, { index }) {
    if (index >= group.images.length) return showStatus(`There is no picture ${index + 1}`);
    return keepPicture(index, cropFields(group, index), "choose");
  },
  hold(group, { index }) {
    if (index >= group.images.length) return showStatus(`There is no picture ${index + 1}`);
    session.held = session.held === index ? null : index;
    redraw();
    return showStatus(session.held === null ? "" : `Picture ${index + 1} is held: K, X, M or A are about it`);
  },
  reject: () => decide({ action: "rejected" }, "reject"),
  skip: () => decide({ action: "skipped" }, "skip"),
  keep(group) {
    const index = my.selectedIndex(group);
    return index === null ? needsPicture() : keepPicture(index, { crop_coords: null }, "keep");
  },
  hand(group) {
    const index = my.selectedIndex(group);
    return index === null ? needsPicture() : decide({ action: "overridden", final_choice: index, crop_by_hand: true }, "hand");
  },
  edit(group) {
    const index = my.selectedIndex(group) ?? (group.images.length === 1 ? 0 : null);
    if (index === null) return needsPicture();
    session.cropVisible = true;
    redraw();
    return cropper.start(group, index);
  },
  tags: (group) => tags.open(group, my.selectedIndex(group)),
  zoom(group) {
    session.zoomed = true;
    zoom.open(group);
  },
};

const everywhere = {
  crop() {
    session.cropVisible = !session.cropVisible;
    const button = byId("crop-toggle");
    button.setAttribute("aria-pressed", String(session.cropVisible));
    redraw();
  },
  hide() {
    session.hidden = !session.hidden;
    session.revealed = false;
    storage.write("hidden", session.hidden);
    drawHidden();
    redraw();
  },
  next: () => show(session.index + 1),
  back: () => show(session.index - 1),
  undo: () => turn("undo"),
  redo: () => turn("redo"),
  submit,
  help: () => byId("help").showModal(),
  bulk: () => bulk.open(async (ids) => {
    await loadQueue(session.filter, session.project);
    showStatus(`${countSets(ids.length)} approved together; Z takes them back`);
    await show(session.ids.length && my.stateOf(session.ids[session.index]) !== "pending" ? my.nextWaiting() : session.index);
  }),
};

async function turn(which) {
  const id = await my.postTurn(which);
  if (id === null) return showStatus(`Nothing to ${which}`);
  if (!session.ids.includes(id)) await loadQueue("all", "");
  const at = session.ids.indexOf(id);
  const words = which === "undo" ? "Undone" : "Done again";
  showStatus(words);
  if (at >= 0) return show(at, words);
  return redraw();
}

async function submit() {
  const answer = await post("submit_batch", {}, PICTURE_SIZE);
  my.receive(answer);
  drawProgress();
  const words = `${countSets(answer.submitted)} submitted; prefml apply shows what it would do with them`;
  showStatus(words);
  announce(words);
}

async function loadQueue(filter, project) {
  const answer = await my.loadQueue(filter, project);
  const select = byId("project");
  const options = [["", "all projects"], ...answer.projects.filter(Boolean).map((name) => [name, name])];
  select.replaceChildren(...options.map(([value, words]) => make("option", { value }, words)));
  select.value = project;
  byId("filter").value = filter;
  if (answer.problems.length) showStatus(`${answer.problems.length} suggestions cannot be used: ${answer.problems[0]}`);
}

function drawHidden() {
  byId("hide").setAttribute("aria-pressed", String(session.hidden));
}

async function perform(wanted) {
  const group = my.currentGroup();
  if (everywhere[wanted.what]) return everywhere[wanted.what]();
  return group ? actions[wanted.what](group, wanted) : showStatus("No set here; ↑ goes back");
}

let queue = Promise.resolve();
let waiting = 0;

// What is pressed while the one before is being saved waits its turn.
function enqueue(job) {
  waiting += 1;
  queue = queue.then(job).catch((error) => {
    showAlert(error instanceof RefusedError ? `Not done: ${error.message}` : `The page has a fault: ${error.message}`);
  }).finally(() => { waiting -= 1; document.body.dataset.busy = String(waiting > 0); });
  document.body.dataset.busy = "true";
}

// A key pressed while the server was silent was meant for what was seen then, not for the next set.
function enqueueInput(job) {
  if (isSilent() && waiting) return showStatus("Not taken: the server does not answer yet");
  const before = silenceCount();
  return enqueue(() => (silenceCount() === before ? job() : showStatus("A key from before the interruption was not taken")));
}

async function pressed(stroke) {
  if (cropper.isEditing()) return editKey(stroke);
  if (tags.isTagging()) return tags.handleKey(stroke);
  const wanted = commandOf(stroke);
  if (byId("help").open) return wanted?.what === "help" && byId("help").close();
  if (byId("bulk").open) return wanted?.what === "bulk" ? byId("bulk").close() : bulk.handleKey(stroke);
  if (zoom.isZooming()) return zoomKey(stroke, wanted);
  return wanted && perform(wanted);
}

function editKey(stroke) {
  if (stroke.key === "Escape") return cancelEdit();
  if (stroke.key === "x" && !stroke.repeat) return leaveEditor();
  if (stroke.repeat && !/^(Arrow|[-+=_*])/.test(stroke.key)) return null;
  if (["Enter", "a"].includes(stroke.key) && !stroke.shift) return acceptCrop();
  if (cropper.handleKey(stroke)) return null;
  const wanted = commandOf(stroke);
  if (!wanted || !["keep", "reject", "skip", "hand"].includes(wanted.what)) return null;
  session.held = cropper.editedCrop().index;
  cropper.stop();
  return perform(wanted);
}

function leaveEditor() {
  cropper.stop();
  redraw();
  byId("group").focus({ preventScroll: true });
  return showStatus("The box is a draft: A uses it, X edits it further");
}

function cancelEdit() {
  my.removeDraft(my.currentGroup());
  leaveEditor();
  showStatus("Nothing is changed");
}

function acceptCrop() {
  const { index, box } = cropper.editedCrop();
  cropper.stop();
  return keepPicture(index, { crop_coords: keepsWhole(box) ? null : box }, "edit");
}

function zoomKey(stroke, wanted) {
  if (wanted?.what === "zoom") return zoom.close();
  if (zoom.handleKey(stroke)) return null;
  if (!wanted || !["approve", "reject", "skip", "choose", "keep"].includes(wanted.what)) return null;
  zoom.close();
  return perform(wanted);
}

const CROP_TOOLS = {
  accept: acceptCrop, next: () => cropper.showProposal(1), smaller: () => cropper.handleKey({ key: "-" }),
  larger: () => cropper.handleKey({ key: "+" }), lock: cropper.toggleLock, reset: () => cropper.handleKey({ key: "0" }), cancel: cancelEdit,
};

async function cropTool(name) {
  await CROP_TOOLS[name]();
  // The keys go on where the mouse left off.
  if (cropper.isEditing()) cropper.focus();
}

function ours(stroke) {
  if (cropper.isEditing()) return true;
  if (stroke.key === "Tab" || stroke.key === "Escape") return false;
  if (tags.isTagging() || zoom.isZooming()) return /^Arrow|^[0-9+\-=_]$/.test(stroke.key) || commandOf(stroke);
  if (byId("bulk").open) return /^Arrow/.test(stroke.key);
  return commandOf(stroke) || /^Arrow(Up|Down)$/.test(stroke.key);
}

document.addEventListener("keydown", (event) => {
  const stroke = readStroke(event);
  if (!stroke || (!byId("keys-on").checked && stroke.key.length === 1 && !cropper.isEditing())) return;
  if (ours(stroke)) event.preventDefault();
  enqueueInput(() => pressed(stroke));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.do) {
    if (!button.getAttribute("aria-haspopup")) byId("group").focus({ preventScroll: true });
    enqueueInput(() => perform({ what: button.dataset.do }));
  } else if (button?.dataset.zoom) zoom.handleKey({ key: button.dataset.zoom });
  else if (button?.dataset.crop) enqueueInput(() => cropTool(button.dataset.crop));
  else if (button?.dataset.close) byId(button.dataset.close).close();
});

byId("tags").addEventListener("close", redraw);
byId("keys-on").addEventListener("change", (event) => storage.write("keys", event.target.checked));
for (const name of ["filter", "project"]) {
  byId(name).addEventListener("change", () => enqueue(async () => {
    await loadQueue(byId("filter").value, byId("project").value);
    await show(session.index);
  }));
}
// The window, an alert or a longer line of buttons: whatever changes the room for the pictures.
new ResizeObserver(() => {
  const group = my.currentGroup();
  if (group && !byId("group").hidden) placeTiles(group);
}).observe(byId("group"));

configure(document.body.dataset);
enqueue(async () => {
  drawHelp();
  byId("keys-on").checked = storage.read("keys") ?? true;
  session.hidden = storage.read("hidden") ?? session.hidden;
  drawHidden();
  await deliverOutbox();
  await loadQueue(...my.rememberedFilter());
  await show(session.index);
  if (!session.progress) my.receive({ progress: await get("progress") });
  drawProgress();
});
