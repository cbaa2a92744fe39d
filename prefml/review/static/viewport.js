// Magnify and move a picture in its pane. The pictures of a set share one look.

const MAX_SCALE = 16;

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * Magnify about a point, which stays where it is on the screen while it is inside the picture.
 *
 * @param {Look} look
 * @param {number} by factor
 * @param {number} [x] the point, in shares of the picture; by default the middle of what is seen
 * @param {number} [y]
 * @returns {Look}
 */
export function magnified(look, by, x = look.x, y = look.y) {
  const scale = clamp(look.scale * by, 1, MAX_SCALE), share = look.scale / scale;
  if (scale === 1) return { scale, x: 0.5, y: 0.5 };
  return { scale, x: clamp(x + (look.x - x) * share, 0, 1), y: clamp(y + (look.y - y) * share, 0, 1) };
}

/**
 * Move the picture under the pane.
 *
 * @param {Look} look
 * @param {number} dx in CSS pixels
 * @param {number} dy
 * @param {Size} size of the picture at scale 1
 * @returns {Look}
 */
export function panned({ scale, x, y }, dx, dy, { w, h }) {
  return { scale, x: clamp(x - dx / (w * scale), 0, 1), y: clamp(y - dy / (h * scale), 0, 1) };
}

/**
 * Return the point of the picture under a point of the pane.
 *
 * @param {Look} look
 * @param {number} dx in CSS pixels from the middle of the pane
 * @param {number} dy
 * @param {Size} size of the picture at scale 1
 * @returns {[x: number, y: number]}
 */
export function pointAt({ scale, x, y }, dx, dy, { w, h }) {
  return [x + dx / (w * scale), y + dy / (h * scale)];
}

/**
 * Return the scale at which a pixel of the largest picture is a pixel of the screen; below 1 where the screen has more.
 *
 * @param {readonly number[]} ratios pixels of each picture for a CSS pixel at scale 1
 * @param {number} density pixels of the screen for a CSS pixel
 */
export function pixelScale(ratios, density) {
  return clamp(Math.max(...ratios) / density, 0.05, MAX_SCALE);
}

/**
 * Return the nearest place that begins with a pixel of the screen.
 *
 * @param {number} place in CSS pixels
 * @param {number} density pixels of the screen for a CSS pixel
 */
export const snapped = (place, density) => Math.round(place * density) / density;

/**
 * Return where a picture begins in its pane, along one axis.
 *
 * What fits stands in the middle of the pane; what does not is seen round the place looked at.
 *
 * @param {number} room of the pane in CSS pixels
 * @param {number} at place looked at, a share of the picture
 * @param {number} length of the picture as it is magnified
 */
export const offset = (room, at, length) => (length <= room ? (room - length) / 2 : room / 2 - at * length);
