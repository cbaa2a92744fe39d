// All pictures of a set at full size, moved and magnified together.

import { byId, make } from "./dom.js";
import { aspect, fit } from "./layout.js";
import { address } from "./pictures.js";
import { veiled } from "./session.js";
import { percent } from "./words.js";

const MOST = 16;
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// scale 1 fits the pane; x and y are the middle of what is seen, as shares of the picture.
let look = null;

export const zooming = () => byId("zoom").open;

export function open(group) {
  byId("zoom").showModal();
  byId("zoom-panes").replaceChildren(...group.images.map((image, index) => pane(image, index, told(group, index))));
  look = { scale: 1, x: 0.5, y: 0.42, group };
  look.scale = actual();
  draw();
}

export function close() {
  byId("zoom").close();
  byId("zoom-panes").replaceChildren();
}

// The scale at which a pixel of the largest picture is a pixel of the screen.
function actual() {
  const box = size(), widths = look.group.images.map((image) => (image.width ?? 0) / fitted(image, box).w);
  return Math.min(MOST, Math.max(1, ...widths.map((ratio) => ratio / window.devicePixelRatio)));
}

function size() {
  return document.querySelector(".pane").getBoundingClientRect();
}

const fitted = (image, box) => fit(aspect(image), box.width, box.height);

function told(group, index) {
  if (group.decision?.final_index === index) return "✓ ";
  return group.suggested === index && !veiled(group) ? "★ " : "";
}

function pane(image, index, mark) {
  const picture = make("img", { alt: `Picture ${index + 1}, full size`, draggable: false });
  picture.src = address(image);
  const full = make("img", { alt: "" });
  full.src = address(image, "full");
  full.decode().then(() => { picture.src = full.src; }, () => null);
  const box = make("div", { class: "pane" }, make("span", { class: "label" }, make("kbd", {}, String(index + 1)), ` ${mark}${image.name}`), picture);
  box.addEventListener("pointerdown", grab);
  box.addEventListener("wheel", wheel, { passive: false });
  box.addEventListener("dblclick", () => magnify(look.scale > 1 ? 1 / look.scale : actual()));
  return box;
}

function draw() {
  const box = size();
  byId("zoom-panes").querySelectorAll("img").forEach((picture, index) => {
    const image = look.group.images[index], { w, h } = fitted(image, box);
    const [left, top] = [["width", look.x, w], ["height", look.y, h]].map(([side, at, length]) => offset(box[side], at, length * look.scale));
    Object.assign(picture.style, { width: `${w}px`, height: `${h}px`, transform: `translate(${left}px, ${top}px) scale(${look.scale})` });
  });
  const { width } = look.group.images[0], shown = fitted(look.group.images[0], box).w * look.scale * window.devicePixelRatio;
  byId("zoom-level").textContent = width ? percent(shown / width) : "";
}

// What fits into its pane stands in the middle of it, what does not is seen round the place looked at.
const offset = (room, at, length) => (length <= room ? (room - length) / 2 : room / 2 - at * length);

const within = (value) => Math.min(1, Math.max(0, value));

function magnify(by, x = look.x, y = look.y) {
  const scale = Math.min(MOST, Math.max(1, look.scale * by)), share = look.scale / scale;
  look.x = within(x + (look.x - x) * share);
  look.y = within(y + (look.y - y) * share);
  look.scale = scale;
  if (scale === 1) Object.assign(look, { x: 0.5, y: 0.5 });
  draw();
}

function shift(dx, dy) {
  const box = size(), { w, h } = fitted(look.group.images[0], box);
  look.x = within(look.x - dx / (w * look.scale));
  look.y = within(look.y - dy / (h * look.scale));
  draw();
}

function wheel(event) {
  event.preventDefault();
  const box = event.currentTarget.getBoundingClientRect(), { w, h } = fitted(look.group.images[0], box);
  const x = look.x + (event.clientX - box.left - box.width / 2) / (w * look.scale);
  const y = look.y + (event.clientY - box.top - box.height / 2) / (h * look.scale);
  magnify(Math.exp(-event.deltaY / 400), x, y);
}

function grab(event) {
  const target = event.currentTarget;
  target.setPointerCapture(event.pointerId);
  const drag = (moved) => shift(moved.movementX, moved.movementY);
  target.addEventListener("pointermove", drag);
  target.addEventListener("pointerup", () => target.removeEventListener("pointermove", drag), { once: true });
}

export function press({ key, shift: big }) {
  const step = big ? 240 : 60;
  if (ARROWS[key]) shift(ARROWS[key][0] * step, ARROWS[key][1] * step);
  else if (["+", "="].includes(key)) magnify(1.25);
  else if (["-", "_"].includes(key)) magnify(0.8);
  else if (key === "0") magnify(look.scale > 1 ? 1 / look.scale : actual());
  else return false;
  return true;
}
