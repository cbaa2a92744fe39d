// Lay out the pictures of a set in as many columns as make them largest.

const CAPTION_HEIGHT = 26;
export const GAP = 10;

/**
 * Return width over height of a picture; 2:3 where it cannot be read.
 *
 * @param {Image} image
 */
export const aspect = (image) => (image.width && image.height ? image.width / image.height : 2 / 3);

/**
 * Return the grid in which the pictures of a set have the largest area.
 *
 * @param {readonly Image[]} images
 * @param {number} width room in CSS pixels
 * @param {number} height
 * @param {number} [gap] between pictures
 * @param {number} [caption] room below each
 * @returns {Grid}
 */
export function bestGrid(images, width, height, gap = GAP, caption = CAPTION_HEIGHT) {
  /** @type {Grid} */
  let best = { columns: 1, tiles: [], area: -1 };
  for (let columns = 1; columns <= images.length; columns += 1) {
    const rows = Math.ceil(images.length / columns);
    const cell = { w: (width - gap * (columns - 1)) / columns, h: (height - gap * (rows - 1)) / rows - caption };
    const tiles = images.map((image) => fitInside(aspect(image), cell.w, cell.h));
    const area = tiles.reduce((sum, tile) => sum + tile.w * tile.h, 0);
    if (area > best.area) best = { columns, tiles, area };
  }
  return best;
}

/**
 * Return the largest size of an aspect that fits, in whole pixels and at least 40 wide.
 *
 * @param {number} ratio width over height
 * @param {number} width
 * @param {number} height
 * @returns {Size}
 */
export function fitInside(ratio, width, height) {
  const w = Math.floor(Math.max(40, Math.min(width, height * ratio)));
  return { w, h: Math.floor(w / ratio) };
}
