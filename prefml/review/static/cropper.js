// Editing a crop, by keyboard and by mouse. Steps are shares of the picture.

import { announce, byId, make } from "./dom.js";
import { FULL_FRAME, grow, keepsWhole, move, pull, sameBox, boxText } from "./geometry.js";
import { cropOn, readDraft, writeDraft } from "./session.js";
import { placeBox } from "./view.js";
import { describeBox } from "./words.js";

const STEP = 0.005, BIG = 0.05;
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let edit = null;

export const isEditing = () => edit !== null;
export const editedCrop = () => edit && { index: edit.index, box: edit.box };

export function start(group, index) {
  const proposals = proposalsOf(group);
  const box = readDraft(group)?.box ?? cropOn(group, index) ?? proposals[0] ?? [...FULL_FRAME];
  edit = { group, index, box, proposals, locked: true };
  mount();
  byId("crop-tools").hidden = false;
  byId("decisions").hidden = true;
  announceBox("Editing the crop. Arrows move, plus and minus size, Tab next proposal, Enter uses it, Escape leaves. ");
}

// The editor closes; the box stays as a draft, which is no decision.
export function stop() {
  edit = null;
  byId("crop-tools").hidden = true;
  byId("decisions").hidden = false;
}

function proposalsOf(group) {
  const boxes = [group.crop.box, ...group.crop.alternatives.map((other) => other.box), FULL_FRAME].filter(Boolean);
  return boxes.filter((box, i) => boxes.findIndex((other) => sameBox(box, other)) === i);
}

export const focus = () => edit.element.focus({ preventScroll: true });

function mount() {
  document.querySelectorAll(".crop, .ghost").forEach((box) => box.remove());
  const frame = document.querySelectorAll(".tile .frame")[edit.index];
  const handles = HANDLES.map((name) => make("div", { class: "handle", "data-handle": name, "aria-hidden": "true" }));
  edit.element = make("div", {
    class: "crop editing", "data-testid": "crop-box", tabindex: "0", role: "application", "aria-roledescription": "crop box",
  }, handles);
  edit.frame = frame;
  frame.append(edit.element);
  edit.element.addEventListener("pointerdown", startDrag);
  paint();
  focus();
}

function paint() {
  placeBox(edit.element, edit.box);
  edit.element.dataset.box = boxText(edit.box);
  edit.element.setAttribute("aria-label", `Crop box, ${describeBox(edit.box, edit.group.images[edit.index])}`);
}

function updateBox(box) {
  edit.box = box;
  paint();
  writeDraft(edit.group, edit.index, box);
  announceBox("");
}

const announceBox = (before) => announce(`${before}Crop box: ${describeBox(edit.box, edit.group.images[edit.index])}`);

// Returns whether the key was for the editor.
export function handleKey({ key, shift }) {
  const step = shift ? BIG : STEP;
  if (ARROWS[key]) updateBox(move(edit.box, ARROWS[key][0] * step, ARROWS[key][1] * step));
  else if (["+", "=", "*"].includes(key)) updateBox(grow(edit.box, 2 * step));
  else if (["-", "_"].includes(key)) updateBox(grow(edit.box, -2 * step));
  else if (key === "Tab") showProposal(shift ? -1 : 1);
  else if (key === "l") toggleLock();
  else if (key === "0") updateBox([...FULL_FRAME]);
  else return false;
  return true;
}

export function showProposal(by) {
  const at = edit.proposals.findIndex((box) => sameBox(box, edit.box));
  const next = at < 0 ? (by > 0 ? 0 : edit.proposals.length - 1) : (at + by + edit.proposals.length) % edit.proposals.length;
  edit.box = [...edit.proposals[next]];
  paint();
  writeDraft(edit.group, edit.index, edit.box);
  announceBox(`Proposal ${next + 1} of ${edit.proposals.length}${keepsWhole(edit.box) ? ", whole picture" : ""}. `);
}

export function toggleLock() {
  edit.locked = !edit.locked;
  const button = byId("lock");
  button.setAttribute("aria-pressed", String(edit.locked));
  button.lastChild.textContent = edit.locked ? " Aspect locked" : " Aspect free";
  announce(edit.locked ? "Aspect locked" : "Aspect free");
}

function startDrag(event) {
  if (event.button !== 0) return;
  event.preventDefault();
  const handle = event.target.dataset.handle;
  const from = { x: event.clientX, y: event.clientY, box: edit.box, size: edit.frame.getBoundingClientRect() };
  edit.element.setPointerCapture(event.pointerId);
  const drag = (moved) => {
    const dx = (moved.clientX - from.x) / from.size.width, dy = (moved.clientY - from.y) / from.size.height;
    updateBox(handle ? pull(from.box, handle, dx, dy, edit.locked) : move(from.box, dx, dy));
  };
  const end = () => {
    edit?.element.removeEventListener("pointermove", drag);
    edit?.element.focus({ preventScroll: true });
  };
  edit.element.addEventListener("pointermove", drag);
  edit.element.addEventListener("pointerup", end, { once: true });
  edit.element.addEventListener("pointercancel", end, { once: true });
}
