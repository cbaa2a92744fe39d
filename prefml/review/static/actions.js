// What a command does, whether a key or a button asked for it.

import { post, storage } from "./api.js";
import * as bulk from "./bulk.js";
import * as cropper from "./cropper.js";
import { announce, byId, showStatus } from "./dom.js";
import { drawProgress } from "./info.js";
import { PICTURE_SIZE } from "./pictures.js";
import { drawHidden, loadQueue, redraw, showAt } from "./screen.js";
import * as my from "./session.js";
import * as tags from "./tags.js";
import { STATE_LABELS, countSets } from "./words.js";
import * as zoom from "./zoom.js";

const { session } = my;

async function decide(decision, key) {
  const group = my.currentGroup();
  if (!group) return;
  await my.postDecision(group, decision, key);
  const words = outcome(group);
  showStatus(words);
  await showAt(my.nextWaiting(), words);
}

function outcome(before) {
  const { state, decision } = session.groups.get(before.group_id);
  if (state === "rejected" || state === "skipped") return `Last: ${STATE_LABELS[state]}`;
  const crop = decision.crop_by_hand ? "cropped by hand" : decision.crop_coords ? "cropped" : "kept whole";
  const told = my.isBlind(before) && before.suggested !== null ? ` (suggested: ${before.suggested + 1})` : "";
  return `Last: picture ${decision.final_index + 1}, ${crop}, ${state === "approved" ? "as suggested" : "your choice"}${told}`;
}

// Without `crop_coords` the frame was not judged; null says that the whole picture is wanted.
export function keepPicture(index, frame, key) {
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

const GROUP_COMMANDS = {
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

const PAGE_COMMANDS = {
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
  next: () => showAt(session.index + 1),
  back: () => showAt(session.index - 1),
  undo: () => turn("undo"),
  redo: () => turn("redo"),
  submit,
  help: () => byId("help").showModal(),
  bulk: () => bulk.open(async (ids) => {
    await loadQueue(session.filter, session.project);
    showStatus(`${countSets(ids.length)} approved together; Z takes them back`);
    await showAt(session.ids.length && my.stateOf(session.ids[session.index]) !== "pending" ? my.nextWaiting() : session.index);
  }),
};

async function turn(which) {
  const id = await my.postTurn(which);
  if (id === null) return showStatus(`Nothing to ${which}`);
  if (!session.ids.includes(id)) await loadQueue("all", "");
  const at = session.ids.indexOf(id);
  const words = which === "undo" ? "Undone" : "Done again";
  showStatus(words);
  if (at >= 0) return showAt(at, words);
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

// Do what a command says; those about a set need one in view.
export async function perform(command) {
  const group = my.currentGroup();
  if (PAGE_COMMANDS[command.name]) return PAGE_COMMANDS[command.name]();
  return group ? GROUP_COMMANDS[command.name](group, command) : showStatus("No set here; ↑ goes back");
}
