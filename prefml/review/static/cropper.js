// Edit a crop by keyboard and by mouse. Steps are fractions of the picture.

import { announce, byId, make } from "./dom.js";
import { FULL_FRAME, boxText, grow, keepsWhole, move, pull, sameBox } from "./geometry.js";
import { present } from "./present.js";
import { cropOn, imageAt, readDraft, writeDraft } from "./session.js";
import { placeBox } from "./view.js";
import { describeBox } from "./words.js";

const STEP = 0.005, BIG = 0.05;
/** @type {readonly Handle[]} */
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
/** @type {Readonly<Record<string, readonly [number, number]>>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @type {Edit | null} */
let edit = null;

/** Tell whether the editor is open. */
export const isEditing = () => edit !== null;

/** Return what is edited; the editor must be open. */
export const edited = () => present(edit, "crop in the editor");

/**
 * Open the editor on one picture of a set.
 *
 * @param {Group} group
 * @param {number} index
 */
export function start(group, index) {
  const proposals = proposalsOf(group);
  const box = readDraft(group)?.box ?? cropOn(group, index) ?? present(proposals[0], "proposal");
  const frame = present(document.querySelectorAll(".tile .frame")[index], `frame of picture ${index + 1}`);
  edit = { group, index, box, proposals, locked: true, element: mount(frame), frame };
  show();
  focus();
  byId("crop-tools").hidden = false;
  byId("decisions").hidden = true;
  tell("Editing the crop. Arrows move, plus and minus size, Tab next proposal, Enter uses it, Escape leaves. ");
}

/** Close the editor; the box stays as a draft, which is no decision. */
export function stop() {
  edit = null;
  byId("crop-tools").hidden = true;
  byId("decisions").hidden = false;
}

/**
 * Return the boxes that Tab goes round: what is suggested, the alternatives, the whole picture.
 *
 * @param {Group} group
 */
export function proposalsOf({ crop }) {
  const boxes = [...(crop.box ? [crop.box] : []), ...crop.alternatives.map((other) => other.box), FULL_FRAME];
  return boxes.filter((box, i) => boxes.findIndex((other) => sameBox(box, other)) === i);
}

/** Give the focus to the box. */
export function focus() { edited().element.focus({ preventScroll: true }); }

/**
 * Put the box of the editor on a picture, in place of those drawn.
 *
 * @param {Element} frame
 */
function mount(frame) {
  document.querySelectorAll(".crop, .ghost").forEach((box) => { box.remove(); });
  const handles = HANDLES.map((name) => make("div", { class: "handle", "data-handle": name, "aria-hidden": "true" }));
  const element = make("div", {
    class: "crop editing", "data-testid": "crop-box", tabindex: "0", role: "application", "aria-roledescription": "crop box",
  }, handles);
  frame.append(element);
  element.addEventListener("pointerdown", startDrag);
  return element;
}

function show() {
  const { box, element } = edited();
  placeBox(element, box);
  element.dataset.box = boxText(box);
  element.setAttribute("aria-label", `Crop box, ${described()}`);
}

function described() {
  const { box, group, index } = edited();
  return describeBox(box, imageAt(group, index));
}

/**
 * Draw another box and keep it as a draft.
 *
 * @param {Box} box
 * @param {string} [words] said before where the box lies
 */
function setBox(box, words = "") {
  const { group, index } = Object.assign(edited(), { box });
  show();
  writeDraft(group, index, box);
  tell(words);
}

/** @param {string} before */
function tell(before) { announce(`${before}Crop box: ${described()}`); }

/**
 * Work the editor by a key; tell whether the key was for it.
 *
 * @param {Stroke} stroke
 */
export function handleKey({ key, shift }) {
  const step = shift ? BIG : STEP, arrow = ARROWS[key], { box } = edited();
  if (arrow) setBox(move(box, arrow[0] * step, arrow[1] * step));
  else if (["+", "=", "*"].includes(key)) setBox(grow(box, 2 * step));
  else if (["-", "_"].includes(key)) setBox(grow(box, -2 * step));
  else if (key === "Tab") showProposal(shift ? -1 : 1);
  else if (key === "l") toggleLock();
  else if (key === "0") setBox(FULL_FRAME);
  else return false;
  return true;
}

/**
 * Take the next or the last proposal.
 *
 * @param {1 | -1} by
 */
export function showProposal(by) {
  const { box, proposals } = edited(), count = proposals.length;
  const at = proposals.findIndex((proposal) => sameBox(proposal, box));
  const next = at < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count;
  const proposal = present(proposals[next], "proposal");
  setBox(proposal, `Proposal ${next + 1} of ${count}${keepsWhole(proposal) ? ", whole picture" : ""}. `);
}

/** Lock or free the aspect. */
export function toggleLock() {
  const { locked } = Object.assign(edited(), { locked: !edited().locked });
  const button = byId("lock");
  button.setAttribute("aria-pressed", String(locked));
  present(button.lastChild, "text of the button").textContent = locked ? " Aspect locked" : " Aspect free";
  announce(locked ? "Aspect locked" : "Aspect free");
}

/** @param {PointerEvent} event */
function startDrag(event) {
  if (event.button !== 0) return;
  event.preventDefault();
  const { box, element, frame } = edited();
  const handle = event.target instanceof HTMLElement ? event.target.dataset.handle : undefined;
  const { width, height } = frame.getBoundingClientRect();
  element.setPointerCapture(event.pointerId);
  /** @param {PointerEvent} moved */
  const drag = (moved) => {
    const dx = (moved.clientX - event.clientX) / width, dy = (moved.clientY - event.clientY) / height;
    setBox(isHandle(handle) ? pull(box, handle, dx, dy, edited().locked) : move(box, dx, dy));
  };
  const end = () => {
    element.removeEventListener("pointermove", drag);
    element.focus({ preventScroll: true });
  };
  element.addEventListener("pointermove", drag);
  element.addEventListener("pointerup", end, { once: true });
  element.addEventListener("pointercancel", end, { once: true });
}

/**
 * @param {string | undefined} name
 * @returns {name is Handle}
 */
const isHandle = (name) => HANDLES.some((handle) => handle === name);
