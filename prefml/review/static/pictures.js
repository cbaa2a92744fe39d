// Pictures kept decoded, so that the next set is painted in the frame in which it is asked for.

import { make } from "./dom.js";

const KEPT = 64;
const cache = new Map();

// Copies of 1024 pixels are enough unless the screen shows more than that.
export const size = (window.innerHeight - 190) * window.devicePixelRatio > 1150 ? "large" : "view";

export const address = (image, wanted = size) => `${image.picture}/${wanted}?v=${image.version}`;

// The element of a picture, loading or loaded; an element stands in one place of the page.
export function element(image) {
  const source = address(image);
  let found = cache.get(source);
  if (!found) {
    found = make("img", { alt: "", draggable: false, decoding: "sync" });
    found.src = source;
    found.ready = found.decode().then(() => true, () => false);
  }
  cache.delete(source);
  cache.set(source, found);
  forget();
  return found;
}

function forget() {
  for (const [source, found] of cache) {
    if (cache.size <= KEPT) return;
    if (!found.isConnected) cache.delete(source);
  }
}

export function prefetch(groups) {
  for (const group of groups) {
    for (const image of group.images) if (image.version) element(image);
  }
}
