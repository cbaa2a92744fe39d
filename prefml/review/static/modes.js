// Whose key it is: the crop editor's, an open dialog's or the review's own.

import { keepPicture, perform } from "./actions.js";
import * as bulk from "./bulk.js";
import * as cropper from "./cropper.js";
import { byId, showStatus } from "./dom.js";
import { keepsWhole } from "./geometry.js";
import { commandOf } from "./keys.js";
import { redraw } from "./screen.js";
import * as my from "./session.js";
import * as tags from "./tags.js";
import * as zoom from "./zoom.js";

const isOpen = (id) => () => byId(id).open;
const claimsCommand = (stroke) => commandOf(stroke) || /^Arrow(Up|Down)$/.test(stroke.key);
const claimsMark = (stroke) => /^Arrow|^[0-9+\-=_]$/.test(stroke.key) || commandOf(stroke);

// The first that is active gets the key; what it claims, the browser does not.
const MODES = [
  { isActive: cropper.isEditing, claims: () => true, handleKey: handleEditorKey },
  { isActive: tags.isTagging, claims: claimsMark, handleKey: tags.handleKey },
  { isActive: isOpen("help"), claims: claimsCommand, handleKey: handleHelpKey },
  { isActive: isOpen("bulk"), claims: (stroke) => /^Arrow/.test(stroke.key), handleKey: handleBulkKey },
  { isActive: zoom.isZooming, claims: claimsMark, handleKey: handleZoomKey },
  { isActive: () => true, claims: claimsCommand, handleKey: handleReviewKey },
];

const activeMode = () => MODES.find((mode) => mode.isActive());

// Whether the browser must leave the key alone.
export function claims(stroke) {
  // Tab and Escape work the dialogs and move the focus; only the editor has its own use for them.
  return cropper.isEditing() || (stroke.key !== "Tab" && stroke.key !== "Escape" && activeMode().claims(stroke));
}

// Single letters can be switched off, except where the person is in the editor.
export const isSwitchedOff = (stroke) => !byId("keys-on").checked && stroke.key.length === 1 && !cropper.isEditing();

export async function handleKey(stroke) {
  return activeMode().handleKey(stroke);
}

function handleReviewKey(stroke) {
  const command = commandOf(stroke);
  return command && perform(command);
}

function handleHelpKey(stroke) {
  if (commandOf(stroke)?.name === "help") byId("help").close();
}

function handleBulkKey(stroke) {
  return commandOf(stroke)?.name === "bulk" ? byId("bulk").close() : bulk.handleKey(stroke);
}

function handleZoomKey(stroke) {
  const command = commandOf(stroke);
  if (command?.name === "zoom") return zoom.close();
  if (zoom.handleKey(stroke)) return null;
  if (!command || !["approve", "reject", "skip", "choose", "keep"].includes(command.name)) return null;
  zoom.close();
  return perform(command);
}

function handleEditorKey(stroke) {
  if (stroke.key === "Escape") return cancelEdit();
  if (stroke.key === "x" && !stroke.repeat) return leaveEditor();
  if (stroke.repeat && !/^(Arrow|[-+=_*])/.test(stroke.key)) return null;
  if (["Enter", "a"].includes(stroke.key) && !stroke.shift) return acceptCrop();
  if (cropper.handleKey(stroke)) return null;
  const command = commandOf(stroke);
  if (!command || !["keep", "reject", "skip", "hand"].includes(command.name)) return null;
  my.session.held = cropper.editedCrop().index;
  cropper.stop();
  return perform(command);
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

const CROP_TOOLS = {
  accept: acceptCrop, next: () => cropper.showProposal(1), smaller: () => cropper.handleKey({ key: "-" }),
  larger: () => cropper.handleKey({ key: "+" }), lock: cropper.toggleLock, reset: () => cropper.handleKey({ key: "0" }), cancel: cancelEdit,
};

// Work the editor by one of its buttons.
export async function useCropTool(name) {
  await CROP_TOOLS[name]();
  // The keys go on where the mouse left off.
  if (cropper.isEditing()) cropper.focus();
}
