// Lay out the panes of the full-size view and draw each picture in its own.

import { findAll, make } from "./dom.js";
import { keycap } from "./keymap.js";
import { aspect, bestGrid } from "./layout.js";
import { pictureUrl } from "./pictures.js";
import { imageAt, isBlind } from "./session.js";
import { offset, snapped } from "./viewport.js";
import { percent } from "./words.js";

const GAP = 3;

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
 * Make the pane of a picture: the reduced copy first, the original once that is decoded.
 *
 * @param {Group} group
 * @param {Image} image
 * @param {number} index
 */
export function makePane(group, image, index) {
  const picture = make("img", { alt: `Picture ${index + 1}, full size`, draggable: "false", decoding: "sync" });
  picture.src = pictureUrl(image);
  const full = make("img", { alt: "" });
  full.src = pictureUrl(image, "full");
  void full.decode().then(() => { picture.src = full.src; }, () => null);
  const likely = !isBlind(group) && image.probability !== null && group.images.length > 1 ? `${percent(image.probability)} · ` : "";
  const label = make("span", { class: "label" }, keycap(String(index + 1)), ` ${signOf(group, index)}${likely}`, make("span", { class: "name" }, image.name));
  return make("div", { class: "pane", "data-index": String(index) }, label, picture);
}

/**
 * Return which panes are seen, and in which cell each lies.
 *
 * @param {Comparison} view
 */
export function cellsOf({ group, mode, at, champion }) {
  return group.images.map((_, index) => {
    if (mode === "together") return { cell: index, seen: true };
    if (mode === "champion") return { cell: index === champion ? 0 : 1, seen: index === champion || index === at };
    return { cell: 0, seen: index === at || (mode === "difference" && index === champion) };
  });
}

/**
 * Give the panes their cells, in as many columns as make the pictures largest.
 *
 * @param {HTMLElement} box
 * @param {Comparison} view
 */
export function layPanes(box, view) {
  const { group, mode, at, champion } = view, cells = cellsOf(view);
  const shown = mode === "together" ? group.images : mode === "champion" ? [imageAt(group, champion), imageAt(group, at)] : [imageAt(group, at)];
  const { width, height } = box.getBoundingClientRect();
  const { columns } = bestGrid(shown, width, height, GAP, 0);
  box.dataset.mode = mode;
  box.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  box.style.gridTemplateRows = `repeat(${Math.ceil(shown.length / columns)}, minmax(0, 1fr))`;
  findAll(box, ".pane").forEach((pane, index) => {
    const { cell, seen } = cells[index] ?? { cell: 0, seen: true };
    pane.style.gridArea = `${Math.floor(cell / columns) + 1} / ${(cell % columns) + 1}`;
    pane.classList.toggle("seen", seen);
    pane.classList.toggle("above", seen && index !== champion);
    pane.setAttribute("aria-hidden", String(!seen));
  });
}

/**
 * Return the size of a picture at scale 1, in CSS pixels that need not be whole.
 *
 * @param {Image} image
 * @param {{ width: number, height: number }} box room of a pane
 * @returns {Size}
 */
export function fittedSize(image, { width, height }) {
  const ratio = aspect(image), w = Math.max(40, Math.min(width, height * ratio));
  return { w, h: w / ratio };
}

/**
 * Draw a picture: its own pixels, magnified; at 1:1 each on one of the screen.
 *
 * @param {HTMLElement} pane
 * @param {Image} image
 * @param {Look} look
 * @param {{ width: number, height: number }} box room of the pane
 */
export function drawPicture(pane, image, look, box) {
  const picture = pane.querySelector("img");
  if (!picture) return;
  const { w, h } = fittedSize(image, box), density = window.devicePixelRatio;
  const natural = { w: image.width ?? w, h: image.height ?? h };
  const scale = w * look.scale / natural.w;
  const left = snapped(offset(box.width, look.x, w * look.scale), density), top = snapped(offset(box.height, look.y, h * look.scale), density);
  Object.assign(picture.style, { width: `${natural.w}px`, height: `${natural.h}px`, transform: `translate(${left}px, ${top}px) scale(${scale})` });
  // Between the pixels of a picture at 1:1 and above there is nothing to be drawn.
  picture.classList.toggle("pixels", scale * density > 0.999);
}
