// Show all pictures of a set at full size, moved and magnified together.

import { byId, make } from "./dom.js";
import { aspect, fitInside } from "./layout.js";
import { pictureUrl } from "./pictures.js";
import { present } from "./present.js";
import { imageAt, isBlind } from "./session.js";
import { magnified, offset, panned, pixelScale, pointAt } from "./viewport.js";
import { percent } from "./words.js";

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @type {{ group: Group, look: Look } | null} */
let view = null;

const viewed = () => present(view, "set at full size");

/** Tell whether the dialog is open. */
export const isZooming = () => byId("zoom").open;

/**
 * Show a set at full size.
 *
 * @param {Group} group
 */
export function open(group) {
  byId("zoom").showModal();
  byId("zoom-panes").replaceChildren(...group.images.map((image, index) => pane(group, image, index)));
  view = { group, look: { scale: 1, x: 0.5, y: 0.42 } };
  view.look.scale = actualScale();
  draw();
}

/** Close the dialog. */
export function close() {
  byId("zoom").close();
  byId("zoom-panes").replaceChildren();
}

function actualScale() {
  const box = paneBox(), ratios = viewed().group.images.map((image) => (image.width ?? 0) / sizeOf(image, box).w);
  return pixelScale(ratios, window.devicePixelRatio);
}

/** Return the room of a pane; all have the same. */
const paneBox = () => present(document.querySelector(".pane"), "pane").getBoundingClientRect();

/**
 * Return the size of a picture at scale 1.
 *
 * @param {Image} image
 * @param {{ width: number, height: number }} box room of a pane
 */
const sizeOf = (image, box) => fitInside(aspect(image), box.width, box.height);

/** @param {{ width: number, height: number }} [box] */
const firstSize = (box = paneBox()) => sizeOf(imageAt(viewed().group, 0), box);

/**
 * Return the sign of a picture that is chosen or suggested.
 *
 * @param {Group} group
 * @param {number} index
 */
export function signOf(group, index) {
  if (group.decision?.final_index === index) return "✓ ";
  return group.suggested === index && !isBlind(group) ? "★ " : "";
}

/**
 * @param {Group} group
 * @param {Image} image
 * @param {number} index
 */
function pane(group, image, index) {
  const picture = make("img", { alt: `Picture ${index + 1}, full size`, draggable: "false" });
  picture.src = pictureUrl(image);
  const full = make("img", { alt: "" });
  full.src = pictureUrl(image, "full");
  void full.decode().then(() => { picture.src = full.src; }, () => null);
  const label = make("span", { class: "label" }, make("kbd", {}, String(index + 1)), ` ${signOf(group, index)}${image.name}`);
  const box = make("div", { class: "pane" }, label, picture);
  box.addEventListener("pointerdown", startDrag);
  box.addEventListener("wheel", zoomByWheel, { passive: false });
  box.addEventListener("dblclick", toggleFit);
  return box;
}

function draw() {
  const box = paneBox(), { group, look } = viewed();
  byId("zoom-panes").querySelectorAll("img").forEach((picture, index) => {
    const { w, h } = sizeOf(imageAt(group, index), box);
    const left = offset(box.width, look.x, w * look.scale), top = offset(box.height, look.y, h * look.scale);
    Object.assign(picture.style, { width: `${w}px`, height: `${h}px`, transform: `translate(${left}px, ${top}px) scale(${look.scale})` });
  });
  const { width } = imageAt(group, 0), drawn = firstSize(box).w * look.scale * window.devicePixelRatio;
  byId("zoom-level").textContent = width ? percent(drawn / width) : "";
}

/** @param {Look} look */
function setLook(look) {
  viewed().look = look;
  draw();
}

/** Show the whole picture where it is magnified, else a pixel as a pixel. */
function toggleFit() {
  const { look } = viewed();
  setLook(magnified(look, look.scale > 1 ? 1 / look.scale : actualScale()));
}

/**
 * @param {number} dx
 * @param {number} dy
 */
const pan = (dx, dy) => setLook(panned(viewed().look, dx, dy, firstSize()));

/** @param {WheelEvent} event */
function zoomByWheel(event) {
  event.preventDefault();
  if (!(event.currentTarget instanceof Element)) return;
  const box = event.currentTarget.getBoundingClientRect(), { look } = viewed();
  const [dx, dy] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  const [x, y] = pointAt(look, dx, dy, firstSize(box));
  setLook(magnified(look, Math.exp(-event.deltaY / 400), x, y));
}

/** @param {PointerEvent} event */
function startDrag(event) {
  const target = event.currentTarget;
  if (!(target instanceof HTMLElement)) return;
  target.setPointerCapture(event.pointerId);
  /** @param {PointerEvent} moved */
  const drag = (moved) => { pan(moved.movementX, moved.movementY); };
  target.addEventListener("pointermove", drag);
  target.addEventListener("pointerup", () => { target.removeEventListener("pointermove", drag); }, { once: true });
}

/**
 * Move or magnify by a key; tell whether the key was for the dialog.
 *
 * @param {{ key: string, shift?: boolean }} stroke
 */
export function handleKey({ key, shift = false }) {
  const step = shift ? 240 : 60, arrow = ARROWS[key];
  if (arrow) pan(arrow[0] * step, arrow[1] * step);
  else if (["+", "="].includes(key)) setLook(magnified(viewed().look, 1.25));
  else if (["-", "_"].includes(key)) setLook(magnified(viewed().look, 0.8));
  else if (key === "0") toggleFit();
  else return false;
  return true;
}
