// Execute commands, whether a key or a button asked for them.

import { post, storage } from "./api.js";
import { askedText, cropFields, mustAsk, planApproval } from "./approval.js";
import * as bulk from "./bulk.js";
import * as cropper from "./cropper.js";
import { announce, byId, showStatus } from "./dom.js";
import * as hints from "./hints.js";
import { drawProgress } from "./info.js";
import { keyed } from "./keymap.js";
import * as loupe from "./loupe.js";
import { PICTURE_SIZE } from "./pictures.js";
import { present } from "./present.js";
import { drawHidden, loadQueue, redraw, showAt, showChanged } from "./screen.js";
import * as my from "./session.js";
import * as sets from "./sets.js";
import * as tags from "./tags.js";
import { STATE_LABELS, countSets } from "./words.js";
import * as zoom from "./zoom.js";

const { session } = my;

/**
 * Decide the set in view and go on to the next that waits; where the suggestion is no longer the one in view,
 * decide nothing and show the new one.
 *
 * @param {Choice} choice
 * @param {string} key command that decided
 */
async function decide(choice, key) {
  const group = my.currentGroup();
  if (!group) return;
  if (!my.isSeen(group) || !(await my.postDecision(group, choice, key))) {
    await showChanged(group);
    return;
  }
  const words = outcomeText(group, present(session.groups.get(group.group_id), "decided set"));
  showStatus(words);
  await showAt(my.nextWaiting(), words);
}

/**
 * Write what became of a set.
 *
 * @param {Group} before as it was when it was decided
 * @param {Group} after
 */
export function outcomeText(before, { state, decision }) {
  const index = decision?.final_index ?? null;
  if (!decision || index === null) return `Last: ${STATE_LABELS[state]}`;
  const whose = before.audited ? "asked without a suggestion" : state === "approved" ? "as suggested" : "your choice";
  const crop = decision.crop_by_hand ? "cropped by hand" : decision.crop_coords ? "cropped" : "kept whole";
  const told = my.isBlind(before) && before.suggested !== null ? ` (suggested: ${before.suggested + 1})` : "";
  return `Last: picture ${index + 1}, ${crop}, ${whose}${told}`;
}

/**
 * Choose a picture of the set in view.
 *
 * @param {number} index
 * @param {{ crop_coords?: Box | null }} crop without `crop_coords` the frame was not judged; null says that the
 *   whole picture is wanted
 * @param {string} key command that decided
 */
export function keepPicture(index, crop, key) {
  const action = index === my.currentGroup()?.suggested ? "approved" : "overridden";
  return decide({ action, final_choice: index, ...crop }, key);
}

/**
 * Do something with the picture that the set is about; ask for one where none is.
 *
 * @param {number | null} index
 * @param {(index: number) => Promise<void> | void} act
 */
const withPicture = (index, act) => (index === null ? showStatus(keyed("Choose a picture first: {1-9}")) : act(index));

/** @param {Group} group */
function approve(group) {
  const plan = planApproval(group);
  switch (plan.does) {
    case "refuse": return showStatus(plan.words);
    case "reveal":
      session.revealed = true;
      redraw();
      return showStatus(keyed("This is the suggestion; {A} again approves it"));
    case "choose": return choose(group, plan.index);
    case "ask": return askFrame(group, plan.index);
    case "keep": return keepPicture(plan.index, plan.fields, "approve");
  }
}

/**
 * Show the crop of a picture, and leave it to the next key whether it is taken.
 *
 * @param {Group} group
 * @param {number} index
 */
function askFrame(group, index) {
  session.asked = true;
  if (index !== my.selectedIndex(group) || group.decision) session.held = index;
  redraw();
  showStatus(askedText());
  announce(askedText());
}

/**
 * Choose a picture; where its frame is asked for too, open the editor on it, with nothing cut off yet.
 *
 * @param {Group} group
 * @param {number} index
 */
function choose(group, index) {
  if (mustAsk(group, index)) return askFrame(group, index);
  if (!group.judges_crop || my.readDraft(group)) return keepPicture(index, cropFields(group, index), "choose");
  session.cropVisible = true;
  redraw();
  cropper.start(group, index);
  return showStatus(keyed(`Picture ${index + 1}: set its frame as you want it; {Enter} uses it, {K} keeps the whole picture`));
}

/**
 * Hold a picture, or let go of it.
 *
 * @param {number} index
 */
function hold(index) {
  session.held = session.held === index ? null : index;
  redraw();
  showStatus(session.held === null ? "" : keyed(`Picture ${index + 1} is held: {K}, {X}, {M} or {A} are about it`));
}

/**
 * Hold the picture beside the one that the set is about, from the last round to the first.
 *
 * @param {Group} group
 * @param {1 | -1} by
 */
function holdBeside(group, by) {
  const count = group.images.length, at = my.selectedIndex(group) ?? (by > 0 ? -1 : count);
  session.held = null;
  hold((at + by + count) % count);
}

/** @param {Group} group */
function edit(group) {
  return withPicture(my.selectedIndex(group) ?? (group.images.length === 1 ? 0 : null), (index) => {
    session.cropVisible = true;
    redraw();
    cropper.start(group, index);
  });
}

/**
 * Show the set at full size; a single picture is compared with nothing.
 *
 * @param {Group} group
 * @param {CompareMode} mode
 */
function compare(group, mode) {
  session.zoomed = true;
  zoom.open(group, group.images.length > 1 ? mode : "together");
}

/** @type {Readonly<Record<GroupCommand, (group: Group) => Promise<void> | void>>} */
const GROUP_COMMANDS = {
  approve,
  reject: () => decide({ action: "rejected" }, "reject"),
  skip: () => decide({ action: "skipped" }, "skip"),
  keep: (group) => withPicture(my.selectedIndex(group), (index) => keepPicture(index, { crop_coords: null }, "keep")),
  hand: (group) => withPicture(my.selectedIndex(group), (index) => decide({ action: "overridden", final_choice: index, crop_by_hand: true }, "hand")),
  edit,
  left: (group) => holdBeside(group, -1),
  right: (group) => holdBeside(group, 1),
  sets: (group) => sets.open(group, afterRegroup, showChanged),
  tags: (group) => { tags.open(group, my.selectedIndex(group)); },
  zoom: (group) => compare(group, "together"),
  flip: (group) => compare(group, "flip"),
  versus: (group) => compare(group, "champion"),
  difference: (group) => compare(group, "difference"),
  people(group) {
    compare(group, "together");
    zoom.showRegion(1);
  },
};

/** @type {Readonly<Record<PageCommand, () => Promise<void> | void>>} */
const PAGE_COMMANDS = {
  crop() {
    session.cropVisible = !session.cropVisible;
    byId("crop-toggle").setAttribute("aria-pressed", String(session.cropVisible));
    redraw();
  },
  hide() {
    session.hidden = !session.hidden;
    session.revealed = false;
    storage.write("hidden", session.hidden);
    drawHidden();
    redraw();
  },
  loupe: () => { loupe.toggle(); },
  next: () => showAt(session.index + 1),
  back: () => showAt(session.index - 1),
  undo: () => turn("undo"),
  redo: () => turn("redo"),
  submit,
  help: () => { byId("help").showModal(); },
  bulk: () => bulk.open(afterBatch),
};

/**
 * Show what is left after sets were approved together, first those that are asked one by one.
 *
 * @param {readonly string[]} approved
 * @param {readonly string[]} asked
 */
async function afterBatch(approved, asked) {
  await loadQueue(session.filter, session.project);
  const first = asked[0];
  if (first !== undefined) {
    if (!session.ids.includes(first)) await loadQueue("all", "");
    showStatus(batchText(approved.length, asked.length));
    return showAt(session.ids.indexOf(first), batchText(approved.length, asked.length));
  }
  showStatus(batchText(approved.length, 0));
  const id = my.currentId();
  await showAt(id && my.stateOf(id) !== "pending" ? my.nextWaiting() : session.index);
}

/**
 * Write what became of a batch.
 *
 * @param {number} approved
 * @param {number} asked how many are asked one by one
 */
export function batchText(approved, asked) {
  const back = keyed(`${countSets(approved)} approved together; {Z} takes them back`);
  return asked ? `${back}. ${countSets(asked)} ${asked === 1 ? "is" : "are"} asked one by one` : back;
}

/**
 * Show what is left of a set that was changed, or the set that it was joined to.
 *
 * @param {Changed} answer
 * @param {string} words
 */
async function afterRegroup(answer, words) {
  const find = () => answer.group_ids.find((id) => session.ids.includes(id));
  await loadQueue(session.filter, session.project);
  if (find() === undefined) await loadQueue("all", "");
  my.receive(answer);
  showStatus(words);
  await showAt(session.ids.indexOf(find() ?? ""), words);
}

/**
 * Undo or redo, and show the set that changed.
 *
 * @param {"undo" | "redo"} which
 */
async function turn(which) {
  const { id, what } = await my.postTurn(which);
  if (id === null) return showStatus(`Nothing to ${which}`);
  if (!session.ids.includes(id)) await loadQueue("all", "");
  const at = session.ids.indexOf(id);
  const words = `${which === "undo" ? "Undone" : "Done again"}${what && `: ${what}`}`;
  showStatus(words);
  return at >= 0 ? showAt(at, words) : redraw();
}

async function submit() {
  const answer = await post("submit_batch", {}, PICTURE_SIZE);
  my.receive(answer);
  drawProgress();
  const words = `${countSets(answer.submitted)} submitted; prefml apply shows what it would do with them`;
  showStatus(words);
  announce(words);
}

/**
 * @param {string} name
 * @returns {name is PageCommand}
 */
const isPageCommand = (name) => Object.hasOwn(PAGE_COMMANDS, name);

/**
 * Return the command of a button.
 *
 * @param {string} name
 * @returns {Command}
 * @throws {TypeError} if there is none of that name
 */
export function commandNamed(name) {
  if (isPageCommand(name) || Object.hasOwn(GROUP_COMMANDS, name)) return { name: /** @type {CommandName} */ (name) };
  throw new TypeError(`no command ${name}`);
}

/**
 * Do what a command says. Those about a set need one in view.
 *
 * @param {Command} command
 * @returns {Promise<void> | void}
 */
export function perform(command) {
  hints.noteDone(command.name);
  if (isPageCommand(command.name)) return PAGE_COMMANDS[command.name]();
  const group = my.currentGroup();
  if (!group) return showStatus(keyed("No set here; {↑} goes back"));
  if (!my.isSeen(group)) return showChanged(group);
  if (!("index" in command)) return GROUP_COMMANDS[command.name](group);
  const { name, index } = command;
  if (index >= group.images.length) return showStatus(`There is no picture ${index + 1}`);
  return name === "hold" ? hold(index) : choose(group, index);
}
