// Faces and hands that were found: where they are, which of them a crop cuts, and how to look at one.

import { magnified } from "./viewport.js";

/** How much of the room a face or hand fills. */
const FILL = 0.55;

/**
 * Return the boxes of faces, then of hands, of a picture.
 *
 * @param {Image} image
 * @returns {readonly Box[]}
 */
export const regionsOf = ({ faces, hands }) => [...faces, ...hands];

/**
 * Return the look at which a box fills most of a pane.
 *
 * @param {Box} box
 * @param {Size} size of the picture at scale 1
 * @param {{ width: number, height: number }} room of the pane
 * @returns {Look}
 */
export function lookAt([x1, y1, x2, y2], { w, h }, { width, height }) {
  const scale = FILL * Math.min(width / (w * (x2 - x1)), height / (h * (y2 - y1)));
  return { ...magnified({ scale: 1, x: 0.5, y: 0.5 }, Number.isFinite(scale) ? scale : 1), ...(scale > 1 ? { x: (x1 + x2) / 2, y: (y1 + y2) / 2 } : {}) };
}

/**
 * Return the share of a box that lies inside a crop.
 *
 * @param {Box} box
 * @param {Box} crop
 */
export function shareInside([x1, y1, x2, y2], [left, top, right, bottom]) {
  const across = Math.max(0, Math.min(x2, right) - Math.max(x1, left)), down = Math.max(0, Math.min(y2, bottom) - Math.max(y1, top));
  const area = (x2 - x1) * (y2 - y1);
  return area > 0 ? across * down / area : 1;
}

/**
 * Say what a crop cuts: what lies partly in it, and what it leaves out.
 *
 * @param {Image} image
 * @param {Box} crop
 */
export function cutText({ faces, hands }, crop) {
  /** @type {string[]} */
  const words = [];
  for (const [name, boxes] of /** @type {const} */ ([["face", faces], ["hand", hands]])) {
    const shares = boxes.map((box) => shareInside(box, crop));
    const cut = shares.filter((share) => share > 0.02 && share < 0.98).length, out = shares.filter((share) => share <= 0.02).length;
    if (cut) words.push(`cuts ${cut === 1 ? `a ${name}` : `${cut} ${name}s`}`);
    if (out) words.push(`leaves out ${out === 1 ? `a ${name}` : `${out} ${name}s`}`);
  }
  return words.join(", ");
}
