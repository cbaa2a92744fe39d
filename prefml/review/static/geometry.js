// Crop boxes [x1, y1, x2, y2] in fractions of the picture. Every function returns a box inside it.

export const MIN_SIDE = 0.05;
export const FULL_FRAME = [0, 0, 1, 1];

// How near two edges are equal, and how near the picture's own edge a box keeps it whole: the server
// says, so that the page means by a crop what everything else does.
const thresholds = { whole: NaN, same: NaN };

export function configure({ wholeEdge, sameEdge }) {
  Object.assign(thresholds, { whole: Number(wholeEdge), same: Number(sameEdge) });
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const round = (box) => box.map((edge) => clamp(Math.round(edge * 1e6) / 1e6, 0, 1));

const edgeDistance = (one, other) => Math.max(...one.map((edge, i) => Math.abs(edge - other[i])));

export const keepsWhole = (box) => edgeDistance(box, FULL_FRAME) <= thresholds.whole + 1e-9;

export const sameBox = (one, other) => edgeDistance(one, other) < thresholds.same;

export const boxText = (box) => box.map((edge) => String(Math.round(edge * 1e6) / 1e6)).join(",");

export function move([x1, y1, x2, y2], dx, dy) {
  const left = clamp(x1 + dx, 0, 1 - (x2 - x1));
  const top = clamp(y1 + dy, 0, 1 - (y2 - y1));
  return round([left, top, left + x2 - x1, top + y2 - y1]);
}

// Grow (or shrink) round the centre by a share of the picture; the aspect stays.
export function grow([x1, y1, x2, y2], by) {
  const width = x2 - x1, height = y2 - y1, longest = Math.max(width, height);
  const factor = limitFactor((longest + by) / longest, width, height, 1, 1);
  const w = width * factor, h = height * factor;
  const left = clamp((x1 + x2 - w) / 2, 0, 1 - w), top = clamp((y1 + y2 - h) / 2, 0, 1 - h);
  return round([left, top, left + w, top + h]);
}

function limitFactor(factor, width, height, roomX, roomY) {
  const most = Math.min(roomX / width, roomY / height);
  return clamp(factor, Math.min(most, MIN_SIDE / Math.min(width, height)), most);
}

// Pull one handle (n, e, s, w or a corner); the opposite side stays where it is.
export function pull(box, handle, dx, dy, locked) {
  return locked ? pullLocked(box, handle, dx, dy) : pullFree(box, handle, dx, dy);
}

function pullFree([x1, y1, x2, y2], handle, dx, dy) {
  if (handle.includes("w")) x1 = clamp(x1 + dx, 0, x2 - MIN_SIDE);
  if (handle.includes("e")) x2 = clamp(x2 + dx, x1 + MIN_SIDE, 1);
  if (handle.includes("n")) y1 = clamp(y1 + dy, 0, y2 - MIN_SIDE);
  if (handle.includes("s")) y2 = clamp(y2 + dy, y1 + MIN_SIDE, 1);
  return round([x1, y1, x2, y2]);
}

function pullLocked([x1, y1, x2, y2], handle, dx, dy) {
  const width = x2 - x1, height = y2 - y1;
  const across = handle.includes("w") ? -dx : handle.includes("e") ? dx : null;
  const down = handle.includes("n") ? -dy : handle.includes("s") ? dy : null;
  const wished = [across === null ? null : 1 + across / width, down === null ? null : 1 + down / height];
  const asked = wished.filter((value) => value !== null);
  const factor = Math.max(...asked);
  // A side without a handle of its own grows to both sides.
  const roomX = handle.includes("w") ? x2 : handle.includes("e") ? 1 - x1 : 2 * Math.min((x1 + x2) / 2, 1 - (x1 + x2) / 2);
  const roomY = handle.includes("n") ? y2 : handle.includes("s") ? 1 - y1 : 2 * Math.min((y1 + y2) / 2, 1 - (y1 + y2) / 2);
  const f = limitFactor(factor, width, height, roomX, roomY), w = width * f, h = height * f;
  const left = handle.includes("w") ? x2 - w : handle.includes("e") ? x1 : (x1 + x2 - w) / 2;
  const top = handle.includes("n") ? y2 - h : handle.includes("s") ? y1 : (y1 + y2 - h) / 2;
  return round([left, top, left + w, top + h]);
}
