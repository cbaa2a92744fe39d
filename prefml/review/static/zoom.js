// All pictures of a set at full size, moved and magnified together.

import { byId, make } from "./dom.js";
import { aspect, fitInside } from "./layout.js";
import { pictureUrl } from "./pictures.js";
import { isBlind } from "./session.js";
import { percent } from "./words.js";

const MAX_SCALE = 16;
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// scale 1 fits the pane; x and y are the middle of what is seen, as shares of the picture.
let viewport = null;

export const isZooming = () => byId("zoom").open;

export function open(group) {
  byId("zoom").showModal();
  byId("zoom-panes").replaceChildren(...group.images.map((image, index) => pane(image, index, markOf(group, index))));
  viewport = { scale: 1, x: 0.5, y: 0.42, group };
  viewport.scale = actualScale();
  draw();
}

export function close() {
  byId("zoom").close();
  byId("zoom-panes").replaceChildren();
}

// The scale at which a pixel of the largest picture is a pixel of the screen.
function actualScale() {
  const box = paneSize(), widths = viewport.group.images.map((image) => (image.width ?? 0) / fittedSize(image, box).w);
  return Math.min(MAX_SCALE, Math.max(1, ...widths.map((ratio) => ratio / window.devicePixelRatio)));
}

function paneSize() {
  return document.querySelector(".pane").getBoundingClientRect();
}

const fittedSize = (image, box) => fitInside(aspect(image), box.width, box.height);

function markOf(group, index) {
  if (group.decision?.final_index === index) return "✓ ";
  return group.suggested === index && !isBlind(group) ? "★ " : "";
}

function pane(image, index, mark) {
  const picture = make("img", { alt: `Picture ${index + 1}, full size`, draggable: false });
  picture.src = pictureUrl(image);
  const full = make("img", { alt: "" });
  full.src = pictureUrl(image, "full");
  full.decode().then(() => { picture.src = full.src; }, () => null);
  const box = make("div", { class: "pane" }, make("span", { class: "label" }, make("kbd", {}, String(index + 1)), ` ${mark}${image.name}`), picture);
  box.addEventListener("pointerdown", startDrag);
  box.addEventListener("wheel", zoomByWheel, { passive: false });
  box.addEventListener("dblclick", () => magnify(viewport.scale > 1 ? 1 / viewport.scale : actualScale()));
  return box;
}

function draw() {
  const box = paneSize();
  byId("zoom-panes").querySelectorAll("img").forEach((picture, index) => {
    const image = viewport.group.images[index], { w, h } = fittedSize(image, box);
    const [left, top] = [["width", viewport.x, w], ["height", viewport.y, h]].map(([side, at, length]) => offset(box[side], at, length * viewport.scale));
    Object.assign(picture.style, { width: `${w}px`, height: `${h}px`, transform: `translate(${left}px, ${top}px) scale(${viewport.scale})` });
  });
  const { width } = viewport.group.images[0], shown = fittedSize(viewport.group.images[0], box).w * viewport.scale * window.devicePixelRatio;
  byId("zoom-level").textContent = width ? percent(shown / width) : "";
}

// What fits into its pane stands in the middle of it, what does not is seen round the place looked at.
const offset = (room, at, length) => (length <= room ? (room - length) / 2 : room / 2 - at * length);

const clampShare = (value) => Math.min(1, Math.max(0, value));

function magnify(by, x = viewport.x, y = viewport.y) {
  const scale = Math.min(MAX_SCALE, Math.max(1, viewport.scale * by)), share = viewport.scale / scale;
  viewport.x = clampShare(x + (viewport.x - x) * share);
  viewport.y = clampShare(y + (viewport.y - y) * share);
  viewport.scale = scale;
  if (scale === 1) Object.assign(viewport, { x: 0.5, y: 0.5 });
  draw();
}

function pan(dx, dy) {
  const box = paneSize(), { w, h } = fittedSize(viewport.group.images[0], box);
  viewport.x = clampShare(viewport.x - dx / (w * viewport.scale));
  viewport.y = clampShare(viewport.y - dy / (h * viewport.scale));
  draw();
}

function zoomByWheel(event) {
  event.preventDefault();
  const box = event.currentTarget.getBoundingClientRect(), { w, h } = fittedSize(viewport.group.images[0], box);
  const x = viewport.x + (event.clientX - box.left - box.width / 2) / (w * viewport.scale);
  const y = viewport.y + (event.clientY - box.top - box.height / 2) / (h * viewport.scale);
  magnify(Math.exp(-event.deltaY / 400), x, y);
}

function startDrag(event) {
  const target = event.currentTarget;
  target.setPointerCapture(event.pointerId);
  const drag = (moved) => pan(moved.movementX, moved.movementY);
  target.addEventListener("pointermove", drag);
  target.addEventListener("pointerup", () => target.removeEventListener("pointermove", drag), { once: true });
}

export function handleKey({ key, shift: big }) {
  const step = big ? 240 : 60;
  if (ARROWS[key]) pan(ARROWS[key][0] * step, ARROWS[key][1] * step);
  else if (["+", "="].includes(key)) magnify(1.25);
  else if (["-", "_"].includes(key)) magnify(0.8);
  else if (key === "0") magnify(viewport.scale > 1 ? 1 / viewport.scale : actualScale());
  else return false;
  return true;
}
