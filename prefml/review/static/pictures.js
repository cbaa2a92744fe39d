// Pictures kept decoded, so that the next set is painted in the frame in which it is asked for.

import { make } from "./dom.js";

const CACHE_SIZE = 64;
const cache = new Map();

// Copies of 1024 pixels are enough unless the screen shows more than that.
export const PICTURE_SIZE = (window.innerHeight - 190) * window.devicePixelRatio > 1150 ? "large" : "view";

export const pictureUrl = (image, wanted = PICTURE_SIZE) => `${image.picture}/${wanted}?v=${image.version}`;

// The element of a picture, loading or loaded; an element stands in one place of the page.
export function imageElement(image) {
  const source = pictureUrl(image);
  let found = cache.get(source);
  if (!found) {
    found = make("img", { alt: "", draggable: false, decoding: "sync" });
    found.src = source;
    found.ready = found.decode().then(() => true, () => false);
  }
  cache.delete(source);
  cache.set(source, found);
  evict();
  return found;
}

function evict() {
  for (const [source, found] of cache) {
    if (cache.size <= CACHE_SIZE) return;
    if (!found.isConnected) cache.delete(source);
  }
}

// A browser opens six connections to a host. What is fetched ahead must leave some free for what
// the person waits for: a decision being saved, the pictures of the set in view.
const CONCURRENT = 2;
let wanted = [];
let loading = 0;

export function prefetch(groups) {
  wanted = groups.flatMap((group) => group.images).filter((image) => image.version && !cache.has(pictureUrl(image)));
  fetchNext();
}

function fetchNext() {
  while (loading < CONCURRENT && wanted.length) {
    const image = wanted.shift();
    loading += 1;
    imageElement(image).ready.finally(() => { loading -= 1; fetchNext(); });
  }
}
