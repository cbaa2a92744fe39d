// Say what A would do to the set in view; its button and the key go by the same plan.

import { byId } from "./dom.js";
import { areaShare, keepsWhole } from "./geometry.js";
import { keyed } from "./keymap.js";
import { cropOn, isBlind, readDraft, selectedIndex, session } from "./session.js";
import { isUnsure, percent } from "./words.js";

/** What is done with a crop that is stated as unsure, as prefml.toml says. */
export const unsureCrop = document.body.dataset.unsureCrop ?? "ask";

/** Say that the frame is asked for. */
export const askedText = () => keyed("This crop is unsure: the same key takes it, {K} keeps it whole, {X} edits it");

/**
 * Tell whether the crop that is suggested for a picture is stated as unsure.
 *
 * @param {Group} group
 * @param {number} index
 */
function suggestsUnsure(group, index) {
  return group.crop.box !== null && isUnsure(group.crop.confidence) && cropOn({ ...group, decision: null }, index) !== null;
}

/**
 * Tell whether the crop that goes along with a picture is an unsure suggestion; one that was drawn or decided is not.
 *
 * @param {Group} group
 * @param {number} index
 */
function takesUnsure(group, index) {
  const settled = readDraft(group) !== null || (!session.asked && group.decision !== null && group.decision.final_index !== null);
  return !settled && suggestsUnsure(group, index);
}

/**
 * Return what is decided about the frame when a picture is chosen.
 *
 * @param {Group} group
 * @param {number} index
 * @returns {{ crop_coords?: Box | null }}
 */
export function cropFields(group, index) {
  if (unsureCrop === "whole" && takesUnsure(group, index)) return { crop_coords: null };
  const box = cropOn(group, index);
  if (box) return { crop_coords: box };
  const judged = readDraft(group) || (group.decision && group.decision.final_index !== null);
  return judged ? { crop_coords: null } : {};
}

/**
 * Tell whether a key that keeps a picture has to show its crop and ask first.
 *
 * @param {Group} group
 * @param {number} index
 */
export const mustAsk = (group, index) => unsureCrop === "ask" && !session.asked && takesUnsure(group, index);

/**
 * Return what A does now.
 *
 * @param {Group} group
 * @returns {ApprovalPlan}
 */
export function planApproval(group) {
  const own = session.held !== null || readDraft(group) !== null, at = selectedIndex(group);
  if (group.audited) {
    return own && at !== null ? { does: "choose", index: at, fields: {} } : { does: "refuse", words: keyed("Asked without a suggestion: {1-9} choose") };
  }
  if (isBlind(group) && !own) return { does: "reveal" };
  // A on a set that was decided otherwise goes back to what was suggested for it.
  const back = group.decision && !own ? group.suggested : null;
  if (back !== null) return planReturn(group, back);
  if (at === null) return { does: "refuse", words: keyed("Nothing is suggested here: {1-9} choose") };
  return mustAsk(group, at) ? { does: "ask", index: at } : { does: "keep", index: at, fields: cropFields(group, at) };
}

/**
 * @param {Group} group
 * @param {number} index
 * @returns {ApprovalPlan}
 */
function planReturn(group, index) {
  const unsure = group.state !== "approved" && suggestsUnsure(group, index);
  if (unsure && unsureCrop === "ask") return { does: "ask", index };
  return { does: "keep", index, fields: unsure && unsureCrop === "whole" ? { crop_coords: null } : {} };
}

/**
 * Write what becomes of the frame.
 *
 * @param {Group} group
 * @param {{ crop_coords?: Box | null }} fields
 */
function frameText(group, fields) {
  const box = fields.crop_coords === undefined ? group.crop.box : fields.crop_coords;
  if (box && !keepsWhole(box)) return `, cropped to ${percent(areaShare(box))}`;
  return fields.crop_coords === undefined && !group.crop.offered ? "" : ", whole";
}

/**
 * Write what A does now.
 *
 * @param {Group} group
 */
export function approvalText(group) {
  const plan = planApproval(group);
  if (plan.does === "reveal") return "Show the suggestion";
  if (plan.does === "refuse") return "Approve";
  const verb = plan.index === group.suggested ? "Approve" : "Choose", picture = `${verb} ${plan.index + 1}`;
  if (plan.does === "ask") return `${picture}, ask about crop`;
  return plan.does === "choose" ? picture : picture + frameText(group, plan.fields);
}

/**
 * Write on the button what it will do.
 *
 * @param {Group | null} group
 */
export function drawApproval(group) { byId("approve-words").textContent = group ? approvalText(group) : "Approve"; }
