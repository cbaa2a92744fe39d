// The largest tiles that fit: as many columns as make the pictures biggest.

export const CAPTION_HEIGHT = 26;
export const GAP = 10;

export const aspect = (image) => (image.width && image.height ? image.width / image.height : 2 / 3);

export function bestGrid(images, width, height) {
  let best = { columns: 1, area: -1 };
  for (let columns = 1; columns <= images.length; columns += 1) {
    const rows = Math.ceil(images.length / columns);
    const cell = { w: (width - GAP * (columns - 1)) / columns, h: (height - GAP * (rows - 1)) / rows - CAPTION_HEIGHT };
    const tiles = images.map((image) => fitInside(aspect(image), cell.w, cell.h));
    const area = tiles.reduce((sum, tile) => sum + tile.w * tile.h, 0);
    if (area > best.area) best = { columns, tiles, area };
  }
  return best;
}

export function fitInside(ratio, width, height) {
  const w = Math.floor(Math.max(40, Math.min(width, height * ratio)));
  return { w, h: Math.floor(w / ratio) };
}
