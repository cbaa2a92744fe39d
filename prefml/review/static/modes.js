// Route keys to the active mode: the crop editor, an open dialog or the review itself.

import { keepPicture, perform } from "./actions.js";
import * as bulk from "./bulk.js";
import * as cropper from "./cropper.js";
import { byId, showStatus } from "./dom.js";
import { keepsWhole } from "./geometry.js";
import { dismiss } from "./hints.js";
import { keyed } from "./keymap.js";
import { commandOf } from "./keys.js";
import { present } from "./present.js";
import { redraw } from "./screen.js";
import * as my from "./session.js";
import * as sets from "./sets.js";
import * as tags from "./tags.js";
import * as zoom from "./zoom.js";

/** Commands that are done from full size, which they close. */
const ZOOM_COMMANDS = new Set(["approve", "reject", "skip", "choose", "keep", "edit"]);
/** Keys that with Shift open the editor and move the crop. */
const NUDGES = { ArrowLeft: true, ArrowUp: true, ArrowRight: true, ArrowDown: true };
const ABOUT_ONE = new Set(["keep", "edit"]);

/** @param {Stroke} stroke */
const claimsCommand = (stroke) => commandOf(stroke) !== null || /^Arrow(Up|Down)$/.test(stroke.key);

/** @param {Stroke} stroke */
const claimsMark = (stroke) => commandOf(stroke) !== null || /^Arrow|^[0-9+\-=_ ]$/.test(stroke.key);

/**
 * Modes in order of precedence: the first that is active gets the key.
 *
 * @type {readonly Mode[]}
 */
const MODES = [
  { isActive: cropper.isEditing, claims: () => true, handleKey: handleEditorKey },
  { isActive: tags.isTagging, claims: claimsMark, handleKey: tags.handleKey },
  { isActive: sets.isOpen, claims: claimsMark, handleKey: handleSetsKey },
  { isActive: () => byId("help").open, claims: claimsCommand, handleKey: handleHelpKey },
  { isActive: () => byId("bulk").open, claims: (stroke) => /^Arrow/.test(stroke.key), handleKey: handleBulkKey },
  { isActive: zoom.isZooming, claims: claimsMark, handleKey: handleZoomKey },
  { isActive: () => true, claims: claimsCommand, handleKey: handleReviewKey },
];

const activeMode = () => present(MODES.find((mode) => mode.isActive()), "mode");

/**
 * Tell whether the browser must leave a key alone.
 *
 * @param {Stroke} stroke
 */
export function claims(stroke) {
  // Tab and Escape work the dialogs and move the focus; only the editor has a use of its own for them.
  return cropper.isEditing() || (stroke.key !== "Tab" && stroke.key !== "Escape" && activeMode().claims(stroke));
}

/**
 * Tell whether a key is one of the single letters that the person has switched off.
 *
 * @param {Stroke} stroke
 */
export const isSwitchedOff = (stroke) => !byId("keys-on").checked && stroke.key.length === 1 && !cropper.isEditing();

/**
 * Do what a key means where the person is.
 *
 * @param {Stroke} stroke
 */
export const handleKey = (stroke) => activeMode().handleKey(stroke);

/** @param {Stroke} stroke */
function handleReviewKey(stroke) {
  if (stroke.key === "Escape") dismiss();
  if (stroke.shift && stroke.key in NUDGES) return nudge(stroke);
  const command = commandOf(stroke);
  return command ? perform(command) : undefined;
}

/**
 * Edit the crop, and move it at once.
 *
 * @param {Stroke} stroke
 */
async function nudge(stroke) {
  await perform({ name: "edit" });
  if (cropper.isEditing()) cropper.handleKey(stroke);
}

/** @param {Stroke} stroke */
function handleHelpKey(stroke) {
  if (commandOf(stroke)?.name === "help") byId("help").close();
}

/** @param {Stroke} stroke */
function handleSetsKey(stroke) {
  return commandOf(stroke)?.name === "sets" ? byId("sets").close() : sets.handleKey(stroke);
}

/** @param {Stroke} stroke */
function handleBulkKey(stroke) {
  return commandOf(stroke)?.name === "bulk" ? byId("bulk").close() : bulk.handleKey(stroke);
}

/** @param {Stroke} stroke */
function handleZoomKey(stroke) {
  const command = commandOf(stroke);
  if (command?.name === "zoom") return zoom.close();
  if (command?.name === "hold" && "index" in command) return zoom.show(command.index);
  // 0 has a use of its own here.
  if (zoom.handleKey(stroke) || !command || !ZOOM_COMMANDS.has(command.name)) return undefined;
  const index = zoom.pictureInView();
  zoom.close();
  // K and X are about the picture that is seen in place of the others.
  if (index !== null && ABOUT_ONE.has(command.name)) my.session.held = index;
  return perform(command);
}

/** @param {Stroke} stroke */
function handleEditorKey(stroke) {
  if (stroke.key === "Escape") return cancelEdit();
  if (stroke.key === "x" && !stroke.repeat) return leaveEditor();
  if (stroke.repeat && !/^Arrow|^[-+=_*qwed]$/.test(stroke.key)) return undefined;
  if (["Enter", "a"].includes(stroke.key) && !stroke.shift) return acceptCrop();
  const command = commandOf(stroke);
  if (command?.name === "undo") return cropper.stepBack();
  if (cropper.handleKey(stroke) || !command) return undefined;
  if (!["keep", "reject", "skip", "hand"].includes(command.name)) return undefined;
  my.session.held = cropper.edited().index;
  cropper.stop();
  return perform(command);
}

/** @param {string} [words] */
function leaveEditor(words = keyed("The box is a draft: {A} uses it, {X} edits it further")) {
  cropper.stop();
  redraw();
  byId("group").focus({ preventScroll: true });
  showStatus(words);
}

function cancelEdit() {
  my.removeDraft(cropper.edited().group);
  leaveEditor("Nothing is changed");
}

function acceptCrop() {
  const { index, box } = cropper.edited();
  cropper.stop();
  return keepPicture(index, { crop_coords: keepsWhole(box) ? null : box }, "edit");
}

/** @param {string} key */
const pressInEditor = (key) => { cropper.handleKey({ key, shift: false, repeat: false }); };

/** @type {Readonly<Record<CropTool, () => Promise<void> | void>>} */
const CROP_TOOLS = {
  accept: acceptCrop, next: () => { cropper.showProposal(1); }, smaller: () => { pressInEditor("-"); },
  larger: () => { pressInEditor("+"); }, lock: cropper.toggleLock, guides: cropper.toggleGuides, reset: () => { pressInEditor("0"); }, cancel: cancelEdit,
};

/**
 * @param {string} name
 * @returns {name is CropTool}
 */
const isCropTool = (name) => Object.hasOwn(CROP_TOOLS, name);

/**
 * Work the editor by one of its buttons.
 *
 * @param {string} name
 * @throws {TypeError} if there is no tool of that name
 */
export async function useCropTool(name) {
  if (!isCropTool(name)) throw new TypeError(`no crop tool ${name}`);
  await CROP_TOOLS[name]();
  // The keys go on where the mouse left off.
  if (cropper.isEditing()) cropper.focus();
}
