// Wires keys and buttons to what they do. One thing happens at a time, in the order of the keys.

import { Refused, deliverLeftovers, get, interruptions, kept, post, unanswered } from "./api.js";
import * as bulk from "./bulk.js";
import * as cropper from "./cropper.js";
import { alarm, announce, byId, make, status } from "./dom.js";
import { configure, isWhole } from "./geometry.js";
import { drawInfo, drawProgress } from "./info.js";
import { drawHelp, meaning, read } from "./keys.js";
import { size } from "./pictures.js";
import * as my from "./session.js";
import * as tags from "./tags.js";
import { draw, drawEnd, place_tiles } from "./view.js";
import { STATES, sets, sure } from "./words.js";
import * as zoom from "./zoom.js";

const { session } = my;

async function show(index, words = "") {
  if (cropper.editing()) cropper.stop();
  session.index = Math.max(0, Math.min(index, session.ids.length));
  Object.assign(session, { held: null, revealed: false, zoomed: false });
  await my.ensure(session.index);
  redraw();
  session.shownAt = performance.now();
  my.ready(session.index);
  my.remember();
  const group = my.current();
  byId(group ? "group" : "end").focus({ preventScroll: true });
  announce([words, group ? spoken(group) : byId("end-title").textContent].filter(Boolean).join(". "));
}

function redraw() {
  const group = my.current();
  // What stands round the pictures first: it tells how much room is left for them.
  drawProgress();
  if (group) {
    drawInfo(group);
    draw(group, (picked) => take(() => perform({ what: "choose", index: picked })));
  } else drawEnd();
}

function spoken(group) {
  const where = byId("heading").textContent;
  if (group.state !== "pending") return `${where}, ${STATES[group.state]}`;
  if (my.veiled(group)) return `${where}, suggestion hidden`;
  return group.suggested === null ? where : `${where}, picture ${group.suggested + 1} suggested, ${sure(group.confidence)}`;
}

async function decide(decision, key) {
  const group = my.current();
  if (!group) return;
  await my.decide(group, decision, key);
  const words = outcome(group);
  status(words);
  await show(my.nextWaiting(), words);
}

function outcome(before) {
  const { state, decision } = session.groups.get(before.group_id);
  if (state === "rejected" || state === "skipped") return `Last: ${STATES[state]}`;
  const crop = decision.crop_by_hand ? "cropped by hand" : decision.crop_coords ? "cropped" : "kept whole";
  const told = my.veiled(before) && before.suggested !== null ? ` (suggested: ${before.suggested + 1})` : "";
  return `Last: picture ${decision.final_index + 1}, ${crop}, ${state === "approved" ? "as suggested" : "your choice"}${told}`;
}

// Without `crop_coords` the frame was not judged; null says that the whole picture is wanted.
function keepPicture(index, frame, key) {
  const action = index === my.current().suggested ? "approved" : "overridden";
  return decide({ action, final_choice: index, ...frame }, key);
}

function framed(group, index) {
  const box = my.frameOn(group, index);
  if (box) return { crop_coords: box };
  const judged = my.draft(group) || (group.decision && group.decision.final_index !== null);
  return judged ? { crop_coords: null } : {};
}

const needsPicture = () => status("Choose a picture first: 1 to 9");

const actions = {
  approve(group) {
    if (my.veiled(group) && session.held === null && !my.draft(group)) {
      session.revealed = true;
      redraw();
      return status("This is the suggestion; A again approves it");
    }
    const decided = group.decision && session.held === null && !my.draft(group);
    if (decided && group.suggested !== null) return keepPicture(group.suggested, {}, "approve");
    const index = my.selected(group);
    if (index === null) return status("Nothing is suggested here: 1 to 9 choose");
    return keepPicture(index, framed(group, index), "approve");
  },
  choose(group, { index }) {
    if (index >= group.images.length) return status(`There is no picture ${index + 1}`);
    return keepPicture(index, framed(group, index), "choose");
  },
  hold(group, { index }) {
    if (index >= group.images.length) return status(`There is no picture ${index + 1}`);
    session.held = session.held === index ? null : index;
    redraw();
    return status(session.held === null ? "" : `Picture ${index + 1} is held: K, X, M or A are about it`);
  },
  reject: () => decide({ action: "rejected" }, "reject"),
  skip: () => decide({ action: "skipped" }, "skip"),
  keep(group) {
    const index = my.selected(group);
    return index === null ? needsPicture() : keepPicture(index, { crop_coords: null }, "keep");
  },
  hand(group) {
    const index = my.selected(group);
    return index === null ? needsPicture() : decide({ action: "overridden", final_choice: index, crop_by_hand: true }, "hand");
  },
  edit(group) {
    const index = my.selected(group) ?? (group.images.length === 1 ? 0 : null);
    if (index === null) return needsPicture();
    session.cropVisible = true;
    redraw();
    return cropper.start(group, index);
  },
  tags: (group) => tags.start(group, my.selected(group)),
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
    kept.write("hidden", session.hidden);
    drawHidden();
    redraw();
  },
  next: () => show(session.index + 1),
  back: () => show(session.index - 1),
  undo: () => turn("undo"),
  redo: () => turn("redo"),
  submit,
  help: () => byId("help").showModal(),
  bulk: () => bulk.start(async (ids) => {
    await loadQueue(session.filter, session.project);
    status(`${sets(ids.length)} approved together; Z takes them back`);
    await show(session.ids.length && my.stateOf(session.ids[session.index]) !== "pending" ? my.nextWaiting() : session.index);
  }),
};

async function turn(which) {
  const id = await my.turn(which);
  if (id === null) return status(`Nothing to ${which}`);
  if (!session.ids.includes(id)) await loadQueue("all", "");
  const at = session.ids.indexOf(id);
  const words = which === "undo" ? "Undone" : "Done again";
  status(words);
  if (at >= 0) return show(at, words);
  return redraw();
}

async function submit() {
  const answer = await post("submit_batch", {}, size);
  my.take(answer);
  drawProgress();
  const words = `${sets(answer.submitted)} submitted; prefml apply shows what it would do with them`;
  status(words);
  announce(words);
}

async function loadQueue(filter, project) {
  const answer = await my.loadQueue(filter, project);
  const select = byId("project");
  const options = [["", "all projects"], ...answer.projects.filter(Boolean).map((name) => [name, name])];
  select.replaceChildren(...options.map(([value, words]) => make("option", { value }, words)));
  select.value = project;
  byId("filter").value = filter;
  if (answer.problems.length) status(`${answer.problems.length} suggestions cannot be used: ${answer.problems[0]}`);
}

function drawHidden() {
  byId("hide").setAttribute("aria-pressed", String(session.hidden));
}

async function perform(wanted) {
  const group = my.current();
  if (everywhere[wanted.what]) return everywhere[wanted.what]();
  return group ? actions[wanted.what](group, wanted) : status("No set here; ↑ goes back");
}

let queue = Promise.resolve();
let waiting = 0;

// What is pressed while the one before is being saved waits its turn.
function enqueue(job) {
  waiting += 1;
  queue = queue.then(job).catch((error) => {
    alarm(error instanceof Refused ? `Not done: ${error.message}` : `The page has a fault: ${error.message}`);
  }).finally(() => { waiting -= 1; document.body.dataset.busy = String(waiting > 0); });
  document.body.dataset.busy = "true";
}

// A key pressed while the server was silent was meant for what was seen then, not for the next set.
function take(job) {
  if (unanswered() && waiting) return status("Not taken: the server does not answer yet");
  const before = interruptions();
  return enqueue(() => (interruptions() === before ? job() : status("A key from before the interruption was not taken")));
}

async function pressed(stroke) {
  if (cropper.editing()) return editKey(stroke);
  if (tags.tagging()) return tags.press(stroke);
  const wanted = meaning(stroke);
  if (byId("help").open) return wanted?.what === "help" && byId("help").close();
  if (byId("bulk").open) return wanted?.what === "bulk" ? byId("bulk").close() : bulk.press(stroke);
  if (zoom.zooming()) return zoomKey(stroke, wanted);
  return wanted && perform(wanted);
}

function editKey(stroke) {
  if (stroke.key === "Escape") return cancelEdit();
  if (stroke.key === "x" && !stroke.repeat) return leaveEditor();
  if (stroke.repeat && !/^(Arrow|[-+=_*])/.test(stroke.key)) return null;
  if (["Enter", "a"].includes(stroke.key) && !stroke.shift) return acceptCrop();
  if (cropper.press(stroke)) return null;
  const wanted = meaning(stroke);
  if (!wanted || !["keep", "reject", "skip", "hand"].includes(wanted.what)) return null;
  session.held = cropper.edited().index;
  cropper.stop();
  return perform(wanted);
}

function leaveEditor() {
  cropper.stop();
  redraw();
  byId("group").focus({ preventScroll: true });
  return status("The box is a draft: A uses it, X edits it further");
}

function cancelEdit() {
  my.dropDraft(my.current());
  leaveEditor();
  status("Nothing is changed");
}

function acceptCrop() {
  const { index, box } = cropper.edited();
  cropper.stop();
  return keepPicture(index, { crop_coords: isWhole(box) ? null : box }, "edit");
}

function zoomKey(stroke, wanted) {
  if (wanted?.what === "zoom") return zoom.close();
  if (zoom.press(stroke)) return null;
  if (!wanted || !["approve", "reject", "skip", "choose", "keep"].includes(wanted.what)) return null;
  zoom.close();
  return perform(wanted);
}

const CROP_TOOLS = {
  accept: acceptCrop, next: () => cropper.propose(1), smaller: () => cropper.press({ key: "-" }),
  larger: () => cropper.press({ key: "+" }), lock: cropper.lock, reset: () => cropper.press({ key: "0" }), cancel: cancelEdit,
};

async function cropTool(name) {
  await CROP_TOOLS[name]();
  // The keys go on where the mouse left off.
  if (cropper.editing()) cropper.focus();
}

function ours(stroke) {
  if (cropper.editing()) return true;
  if (stroke.key === "Tab" || stroke.key === "Escape") return false;
  if (tags.tagging() || zoom.zooming()) return /^Arrow|^[0-9+\-=_]$/.test(stroke.key) || meaning(stroke);
  if (byId("bulk").open) return /^Arrow/.test(stroke.key);
  return meaning(stroke) || /^Arrow(Up|Down)$/.test(stroke.key);
}

document.addEventListener("keydown", (event) => {
  const stroke = read(event);
  if (!stroke || (!byId("keys-on").checked && stroke.key.length === 1 && !cropper.editing())) return;
  if (ours(stroke)) event.preventDefault();
  take(() => pressed(stroke));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.do) {
    if (!button.getAttribute("aria-haspopup")) byId("group").focus({ preventScroll: true });
    take(() => perform({ what: button.dataset.do }));
  } else if (button?.dataset.zoom) zoom.press({ key: button.dataset.zoom });
  else if (button?.dataset.crop) take(() => cropTool(button.dataset.crop));
  else if (button?.dataset.close) byId(button.dataset.close).close();
});

byId("tags").addEventListener("close", redraw);
byId("keys-on").addEventListener("change", (event) => kept.write("keys", event.target.checked));
for (const name of ["filter", "project"]) {
  byId(name).addEventListener("change", () => enqueue(async () => {
    await loadQueue(byId("filter").value, byId("project").value);
    await show(session.index);
  }));
}
// The window, an alert or a longer line of buttons: whatever changes the room for the pictures.
new ResizeObserver(() => {
  const group = my.current();
  if (group && !byId("group").hidden) place_tiles(group);
}).observe(byId("group"));

configure(document.body.dataset);
enqueue(async () => {
  drawHelp();
  byId("keys-on").checked = kept.read("keys") ?? true;
  session.hidden = kept.read("hidden") ?? session.hidden;
  drawHidden();
  await deliverLeftovers();
  await loadQueue(...my.remembered());
  await show(session.index);
  if (!session.progress) my.take({ progress: await get("progress") });
  drawProgress();
});
