// Show the pixels under the pointer on all pictures of the set at once.

import { byId, findAll, make } from "./dom.js";
import { pictureUrl } from "./pictures.js";
import { currentGroup, imageAt } from "./session.js";
import { snapped } from "./viewport.js";

/** Side of the loupe in CSS pixels. */
const SIDE = 220;

let isOn = false;
/** The place looked at, in shares of the picture. */
const place = { x: 0.5, y: 0.42 };

/** Show the loupe, or take it away. */
export function toggle() {
  isOn = !isOn;
  byId("loupe").setAttribute("aria-pressed", String(isOn));
  drawLoupes();
}

/** Draw the loupe on every picture of the set in view. */
export function drawLoupes() {
  findAll(document, ".loupe").forEach((one) => { one.remove(); });
  const group = currentGroup();
  if (!isOn || !group) return;
  findAll(byId("pictures"), ".tile .frame").forEach((frame, index) => {
    const image = group.images[index];
    if (!image?.version || !image.width || !image.height) return;
    const picture = make("img", { alt: "", draggable: "false", decoding: "sync" });
    picture.src = pictureUrl(image, "full");
    Object.assign(picture.style, { width: `${image.width}px`, height: `${image.height}px` });
    frame.append(make("div", { class: "loupe", "aria-hidden": "true" }, picture));
  });
  moveLoupes();
}

function moveLoupes() {
  const group = currentGroup(), density = window.devicePixelRatio;
  if (!group) return;
  findAll(byId("pictures"), ".tile .frame").forEach((frame, index) => {
    const loupe = findAll(frame, ".loupe")[0], picture = loupe?.querySelector("img");
    if (!loupe || !picture) return;
    const { width, height } = imageAt(group, index);
    loupe.style.left = `${place.x * 100}%`;
    loupe.style.top = `${place.y * 100}%`;
    const [left, top] = [width, height].map((length, axis) => snapped(SIDE / 2 - (axis ? place.y : place.x) * (length ?? 0) / density, density));
    picture.style.transform = `translate(${left ?? 0}px, ${top ?? 0}px) scale(${1 / density})`;
  });
}

/**
 * Look at the place under the pointer.
 *
 * @param {PointerEvent} event
 */
export function follow(event) {
  const frame = event.target instanceof Element ? event.target.closest(".frame") : null;
  if (!isOn || !frame) return;
  const { left, top, width, height } = frame.getBoundingClientRect();
  Object.assign(place, { x: Math.min(1, Math.max(0, (event.clientX - left) / width)), y: Math.min(1, Math.max(0, (event.clientY - top) / height)) });
  moveLoupes();
}
