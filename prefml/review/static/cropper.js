// Edit a crop by keyboard and by mouse. Steps are fractions of the picture.

import { announce, byId, findAll, make } from "./dom.js";
import { FULL_FRAME, boxText, grow, keepsWhole, move, pull, reshape, sameBox, stretch } from "./geometry.js";
import { drawInfo } from "./info.js";
import { keyed } from "./keymap.js";
import { aspect } from "./layout.js";
import { cutText, regionsOf, shareInside } from "./people.js";
import { present } from "./present.js";
import { cropOn, imageAt, readDraft, writeDraft } from "./session.js";
import { placeBox, placeTiles } from "./view.js";
import { RATIOS, describeBox, sizeText } from "./words.js";

const STEP = 0.005, BIG = 0.05;
/** @type {readonly Handle[]} */
const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
/** @type {Readonly<Record<string, readonly [number, number]>>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Keys that change the width or the height alone.
 *
 * @type {Readonly<Record<string, readonly [number, number]>>}
 */
const STRETCHES = { q: [-1, 0], w: [1, 0], d: [0, -1], e: [0, 1] };
/** Eyes lie about here in the box of a face, a share of its height. */
const EYES = 0.42;

/** Thirds and the line of the eyes are drawn. */
let guided = true;

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
  edit = { group, index, box, proposals, locked: true, element: mount(frame, imageAt(group, index)), frame, past: [] };
  setLarge(index);
  byId("crop-tools").hidden = false;
  byId("decisions").hidden = true;
  placeTiles(group);
  drawAspects();
  show();
  focus();
  tell(keyed("Editing the crop. {←} {↑} {↓} {→} move, {+} and {-} size, {Tab} next proposal, {Enter} uses it, {Esc} leaves. "));
}

/** Close the editor; the box stays as a draft, which is no decision. */
export function stop() {
  const group = edit?.group;
  edit = null;
  setLarge(null);
  byId("crop-tools").hidden = true;
  byId("decisions").hidden = false;
  if (group) placeTiles(group);
}

/**
 * Show one picture in all the room there is, or with null all of them.
 *
 * @param {number | null} index
 */
function setLarge(index) {
  const box = byId("pictures");
  if (index === null) delete box.dataset.edited;
  else box.dataset.edited = String(index);
  findAll(box, ".tile").forEach((tile, at) => tile.classList.toggle("edited", at === index));
  findAll(box, ".person, .eyeline").forEach((mark) => { if (index === null) mark.remove(); });
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
 * Put the box of the editor on a picture, in place of those drawn, and mark its people.
 *
 * @param {Element} frame
 * @param {Image} image
 */
function mount(frame, image) {
  document.querySelectorAll(".crop, .ghost, .person, .eyeline").forEach((box) => { box.remove(); });
  frame.append(...regionsOf(image).map((box) => placed(make("div", { class: "person", "aria-hidden": "true" }), box)));
  frame.append(...image.faces.map(([, y1, , y2]) => placed(make("div", { class: "eyeline", "aria-hidden": "true" }), [0, y1 + EYES * (y2 - y1), 1, y2])));
  const handles = HANDLES.map((name) => make("div", { class: "handle", "data-handle": name, "aria-hidden": "true" }));
  const element = make("div", {
    class: "crop editing", "data-testid": "crop-box", tabindex: "0", role: "application", "aria-roledescription": "crop box",
  }, make("div", { class: "thirds", "aria-hidden": "true" }), handles);
  frame.append(element);
  element.addEventListener("pointerdown", startDrag);
  return element;
}

/**
 * @param {HTMLElement} element
 * @param {Box} box
 */
function placed(element, box) {
  placeBox(element, box);
  return element;
}

function show() {
  const { box, element, frame, group, index } = edited(), image = imageAt(group, index);
  findAll(frame, ".person").forEach((mark, at) => { mark.classList.toggle("cut", shareInside(present(regionsOf(image)[at], "face or hand"), box) < 0.98); });
  if (frame instanceof HTMLElement) frame.dataset.guides = String(guided);
  const cut = cutText(image, box);
  byId("crop-size").textContent = cut ? `${sizeText(box, image)} · ${cut}` : sizeText(box, image);
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
  drawInfo(group);
  tell(words);
}

/** Keep the box as it is, for a step back. */
function remember() { edited().past.push(edited().box); }

/** Take back the last change of the box. */
export function stepBack() {
  const before = edited().past.pop();
  if (before) setBox(before, "Taken back. ");
}

/** Offer the aspects that have a name, upright where the picture is. */
function drawAspects() {
  const { group, index } = edited(), own = aspect(imageAt(group, index));
  const named = RATIOS.map(([name, ratio]) => (own < 1 ? [name.split(":").reverse().join(":"), 1 / ratio] : [name, ratio]));
  const options = [["as it is", ""], ["of the picture", own], ...named].map(([name, ratio]) => make("option", { value: String(ratio) }, String(name)));
  byId("aspect").replaceChildren(...options);
}

/** Give the box the aspect that is chosen from the list, and lock it. */
export function useAspect() {
  const { group, index, box, locked } = edited(), ratio = Number(byId("aspect").value);
  if (!ratio) return;
  remember();
  if (!locked) toggleLock();
  setBox(reshape(box, ratio / aspect(imageAt(group, index))), `Aspect ${byId("aspect").selectedOptions[0]?.textContent ?? ""}. `);
}

/**
 * Take the next aspect of the list.
 *
 * @param {1 | -1} by
 */
function nextAspect(by) {
  const list = byId("aspect"), count = list.options.length - 1;
  // The first of the list is no aspect of its own.
  list.selectedIndex = list.selectedIndex ? 1 + (list.selectedIndex - 1 + by + count) % count : by > 0 ? 1 : count;
  useAspect();
}

/** Show or hide thirds and the line of the eyes. */
export function toggleGuides() {
  guided = !guided;
  byId("guides").setAttribute("aria-pressed", String(guided));
  show();
}

/** @param {string} before */
function tell(before) { announce(`${before}Crop box: ${described()}`); }

/**
 * Work the editor by a key; tell whether the key was for it.
 *
 * @param {Stroke} stroke
 */
export function handleKey({ key, shift }) {
  const step = shift ? BIG : STEP, arrow = ARROWS[key], alone = STRETCHES[key], { box } = edited();
  if (arrow || alone || /^[-+=*_0]$|^Tab$/.test(key)) remember();
  if (alone) setBox(stretch(box, 2 * step * alone[0], 2 * step * alone[1]));
  else if (arrow) setBox(move(box, arrow[0] * step, arrow[1] * step));
  else if (["+", "=", "*"].includes(key)) setBox(grow(box, 2 * step));
  else if (["-", "_"].includes(key)) setBox(grow(box, -2 * step));
  else if (key === "Tab") showProposal(shift ? -1 : 1);
  else if (key === "l") toggleLock();
  else if (key === "t") toggleGuides();
  else if (key === "p") nextAspect(shift ? -1 : 1);
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
  remember();
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
