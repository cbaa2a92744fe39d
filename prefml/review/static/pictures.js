// Cache decoded pictures, so that the next set is painted in the frame in which it is asked for.

import { make, pause } from "./dom.js";

const CACHE_SIZE = 64;
// A picture that is damaged is asked for this often, and then not again before the set is shown anew.
const PAUSES_MS = [250, 1000, 2000, 4000];
/** @type {Map<string, LoadingImage>} */
const cache = new Map();

/**
 * Size in which pictures are asked for: 1024 pixels are enough unless the screen shows more than that.
 *
 * @type {PictureSize}
 */
export const PICTURE_SIZE = (window.innerHeight - 190) * window.devicePixelRatio > 1150 ? "large" : "view";

/**
 * Return the address of a picture that can be read.
 *
 * @param {Image} image
 * @param {PictureSize | "full"} [size]
 */
export const pictureUrl = (image, size = PICTURE_SIZE) => `${image.picture}/${size}?v=${String(image.version)}`;

/**
 * Return the element of a picture, loading or loaded; it stands in one place of the page.
 *
 * @param {Image} image
 */
export function imageElement(image) {
  const source = pictureUrl(image);
  const element = cache.get(source) ?? load(source);
  // Behind all others: the first of the cache is the one not asked for the longest.
  cache.delete(source);
  cache.set(source, element);
  evict();
  return element;
}

/**
 * @param {string} source
 * @returns {LoadingImage}
 */
function load(source) {
  const element = make("img", { alt: "", draggable: "false", decoding: "sync" });
  element.src = source;
  const failed = () => { void askAgain(element, source); return false; };
  return Object.assign(element, { ready: element.decode().then(() => true, failed) });
}

/**
 * Ask again for a picture that did not come, as long as it is in view; one that was fetched ahead is
 * asked for again when it is wanted. A server that was restarted leaves no hole in the page.
 *
 * @param {HTMLImageElement} element
 * @param {string} source
 */
async function askAgain(element, source) {
  if (cache.get(source) === element) cache.delete(source);
  for (const wait of PAUSES_MS) {
    await pause(wait);
    if (!element.isConnected) return;
    element.src = source;
    if (await element.decode().then(() => true, () => false)) return;
  }
}

function evict() {
  for (const [source, element] of cache) {
    if (cache.size <= CACHE_SIZE) return;
    if (!element.isConnected) cache.delete(source);
  }
}

// A browser opens six connections to a host. What is fetched ahead must leave some free for what
// the person waits for: a decision being saved, the pictures of the set in view.
const CONCURRENT = 2;
/** @type {Image[]} */
let wanted = [];
let loading = 0;

/**
 * Fetch the pictures of some groups ahead, in place of those wanted before.
 *
 * @param {readonly Group[]} groups
 */
export function prefetch(groups) {
  wanted = groups.flatMap((group) => group.images).filter((image) => image.version && !cache.has(pictureUrl(image)));
  fetchNext();
}

function fetchNext() {
  while (loading < CONCURRENT) {
    const image = wanted.shift();
    if (!image) return;
    loading += 1;
    void imageElement(image).ready.finally(() => { loading -= 1; fetchNext(); });
  }
}
