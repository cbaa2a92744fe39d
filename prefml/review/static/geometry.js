// Change and compare crop boxes [x1, y1, x2, y2] in fractions of the picture; none leaves it.

/** Shortest side that editing leaves. */
export const MIN_SIDE = 0.05;

/** @type {Box} */
export const FULL_FRAME = [0, 0, 1, 1];

const thresholds = { whole: NaN, same: NaN };

/**
 * Take over how near two edges are equal, and how near the picture's own edges a box keeps it whole.
 *
 * The server says so, that the page means by a crop what everything else does.
 *
 * @param {{ wholeEdge?: string, sameEdge?: string }} attributes
 */
export function configure({ wholeEdge, sameEdge }) {
  Object.assign(thresholds, { whole: Number(wholeEdge), same: Number(sameEdge) });
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @param {number} edge */
const roundEdge = (edge) => clamp(Math.round(edge * 1e6) / 1e6, 0, 1);

/**
 * @param {Box} box
 * @returns {Box}
 */
const round = ([x1, y1, x2, y2]) => [roundEdge(x1), roundEdge(y1), roundEdge(x2), roundEdge(y2)];

/**
 * Return the largest distance between the same edges of two boxes.
 *
 * @param {Box} one
 * @param {Box} other
 */
function edgeDistance([left, top, right, bottom], [x1, y1, x2, y2]) {
  return Math.max(Math.abs(left - x1), Math.abs(top - y1), Math.abs(right - x2), Math.abs(bottom - y2));
}

/**
 * Tell whether a box keeps the picture whole.
 *
 * @param {Box} box
 */
export const keepsWhole = (box) => edgeDistance(box, FULL_FRAME) <= thresholds.whole + 1e-9;

/**
 * Return the share of the picture's area that a box keeps.
 *
 * @param {Box} box
 */
export const areaShare = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);

/**
 * Tell whether two boxes are one.
 *
 * @param {Box} one
 * @param {Box} other
 */
export const sameBox = (one, other) => edgeDistance(one, other) < thresholds.same;

/**
 * Write a box as text, edges separated by commas.
 *
 * @param {Box} box
 */
export const boxText = (box) => box.map((edge) => String(Math.round(edge * 1e6) / 1e6)).join(",");

/**
 * Move a box as far as the picture goes.
 *
 * @param {Box} box
 * @param {number} dx
 * @param {number} dy
 */
export function move([x1, y1, x2, y2], dx, dy) {
  const left = clamp(x1 + dx, 0, 1 - (x2 - x1));
  const top = clamp(y1 + dy, 0, 1 - (y2 - y1));
  return round([left, top, left + x2 - x1, top + y2 - y1]);
}

/**
 * Grow a box round its centre; the aspect stays.
 *
 * @param {Box} box
 * @param {number} by what its longer side gains, as a share of the picture; negative shrinks
 */
export function grow([x1, y1, x2, y2], by) {
  const width = x2 - x1, height = y2 - y1, longest = Math.max(width, height);
  const factor = limitFactor((longest + by) / longest, width, height, 1, 1);
  const w = width * factor, h = height * factor;
  const left = clamp((x1 + x2 - w) / 2, 0, 1 - w), top = clamp((y1 + y2 - h) / 2, 0, 1 - h);
  return round([left, top, left + w, top + h]);
}

/**
 * Change the width or the height alone, round the centre.
 *
 * @param {Box} box
 * @param {number} dw what the width gains, as a share of the picture's; negative shrinks
 * @param {number} dh
 */
export function stretch([x1, y1, x2, y2], dw, dh) {
  const w = clamp(x2 - x1 + dw, MIN_SIDE, 1), h = clamp(y2 - y1 + dh, MIN_SIDE, 1);
  const left = clamp((x1 + x2 - w) / 2, 0, 1 - w), top = clamp((y1 + y2 - h) / 2, 0, 1 - h);
  return round([left, top, left + w, top + h]);
}

/**
 * Give a box another aspect round its centre, with the same area as far as the picture goes.
 *
 * @param {Box} box
 * @param {number} ratio width over height, both in shares of the picture
 */
export function reshape([x1, y1, x2, y2], ratio) {
  const area = (x2 - x1) * (y2 - y1), longest = Math.min(1, ratio);
  const w = clamp(Math.sqrt(area * ratio), Math.min(longest, MIN_SIDE * Math.max(1, ratio)), longest), h = w / ratio;
  const left = clamp((x1 + x2 - w) / 2, 0, 1 - w), top = clamp((y1 + y2 - h) / 2, 0, 1 - h);
  return round([left, top, left + w, top + h]);
}

/**
 * Bound a factor, so that both sides have room and neither falls below `MIN_SIDE`.
 *
 * @param {number} factor
 * @param {number} width
 * @param {number} height
 * @param {number} roomX
 * @param {number} roomY
 */
function limitFactor(factor, width, height, roomX, roomY) {
  const most = Math.min(roomX / width, roomY / height);
  return clamp(factor, Math.min(most, MIN_SIDE / Math.min(width, height)), most);
}

/**
 * Pull one handle; the opposite side stays where it is.
 *
 * @param {Box} box
 * @param {Handle} handle
 * @param {number} dx
 * @param {number} dy
 * @param {boolean} locked the aspect stays
 */
export function pull(box, handle, dx, dy, locked) {
  return locked ? pullLocked(box, handle, dx, dy) : pullFree(box, handle, dx, dy);
}

/**
 * @param {Box} box
 * @param {Handle} handle
 * @param {number} dx
 * @param {number} dy
 */
function pullFree([x1, y1, x2, y2], handle, dx, dy) {
  return round([
    handle.includes("w") ? clamp(x1 + dx, 0, x2 - MIN_SIDE) : x1,
    handle.includes("n") ? clamp(y1 + dy, 0, y2 - MIN_SIDE) : y1,
    handle.includes("e") ? clamp(x2 + dx, x1 + MIN_SIDE, 1) : x2,
    handle.includes("s") ? clamp(y2 + dy, y1 + MIN_SIDE, 1) : y2,
  ]);
}

/**
 * @param {Box} box
 * @param {Handle} handle
 * @param {number} dx
 * @param {number} dy
 */
function pullLocked([x1, y1, x2, y2], handle, dx, dy) {
  const width = x2 - x1, height = y2 - y1;
  const across = pulledEnd(handle, "w", "e"), down = pulledEnd(handle, "n", "s");
  const wished = Math.max(across ? 1 + across * dx / width : -Infinity, down ? 1 + down * dy / height : -Infinity);
  const factor = limitFactor(wished, width, height, roomFor(x1, x2, across), roomFor(y1, y2, down));
  const [left, right] = scaled(x1, x2, across, factor), [top, bottom] = scaled(y1, y2, down, factor);
  return round([left, top, right, bottom]);
}

/**
 * Return which end of an axis a handle pulls: -1 the lower, 1 the upper, 0 none.
 *
 * @param {Handle} handle
 * @param {string} lower
 * @param {string} upper
 */
const pulledEnd = (handle, lower, upper) => (handle.includes(lower) ? -1 : handle.includes(upper) ? 1 : 0);

/**
 * Return how long a side may become. One without a handle of its own grows to both ends.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} end
 */
function roomFor(low, high, end) {
  const middle = (low + high) / 2;
  return end < 0 ? high : end > 0 ? 1 - low : 2 * Math.min(middle, 1 - middle);
}

/**
 * Scale a side, away from the end that is not pulled.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} end
 * @param {number} factor
 * @returns {[number, number]}
 */
function scaled(low, high, end, factor) {
  const length = (high - low) * factor;
  const start = end < 0 ? high - length : end > 0 ? low : (low + high - length) / 2;
  return [start, start + length];
}
