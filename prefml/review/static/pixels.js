// Compare the pixels of two pictures: how much sharper, brighter or richer one is, and where they differ.

/** Channels of a pixel: red, green, blue and how opaque it is. */
const CHANNELS = 4;
/** Differences below this, of 255, are no more than what a copy loses. */
const LEAST = 12;

/**
 * Return the luma of each pixel.
 *
 * @param {Pixels} pixels
 */
function lumaOf({ data, width, height }) {
  return Float32Array.from({ length: width * height }, (_, at) => 0.2126 * channel(data, at, 0) + 0.7152 * channel(data, at, 1) + 0.0722 * channel(data, at, 2));
}

/**
 * @param {Uint8ClampedArray} data
 * @param {number} at
 * @param {number} which
 */
const channel = (data, at, which) => data[at * CHANNELS + which] ?? 0;

/** @param {Float32Array} values */
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/**
 * Return how much fine detail there is: the mean size of the Laplacian of luma.
 *
 * @param {Pixels} pixels
 */
function detailOf(pixels) {
  const { width, height } = pixels, luma = lumaOf(pixels);
  let sum = 0;
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 1; x < width - 1; x += 1) {
      const at = y * width + x, value = (/** @type {number} */ step) => luma[at + step] ?? 0;
      sum += Math.abs(4 * value(0) - value(1) - value(-1) - value(width) - value(-width));
    }
  }
  return sum / Math.max(1, (width - 2) * (height - 2));
}

/** @param {Pixels} pixels */
const lightOf = (pixels) => meanOf(lumaOf(pixels));

/** @param {Pixels} pixels */
function contrastOf(pixels) {
  const luma = lumaOf(pixels), mean = meanOf(luma);
  return Math.sqrt(meanOf(luma.map((value) => (value - mean) ** 2)));
}

/** @param {Pixels} pixels */
function colourOf({ data, width, height }) {
  return meanOf(Float32Array.from({ length: width * height }, (_, at) => {
    const all = [0, 1, 2].map((which) => channel(data, at, which));
    return Math.max(...all) - Math.min(...all);
  }));
}

/** @type {Readonly<Record<PixelMeasure, (pixels: Pixels) => number>>} */
const MEASURES = { detail: detailOf, light: lightOf, contrast: contrastOf, colour: colourOf };

/**
 * Return how many times as much of something one picture has as another; null where neither has any.
 *
 * @param {PixelMeasure} what
 * @param {Pixels} one
 * @param {Pixels} other
 */
export function timesAsMuch(what, one, other) {
  const measure = MEASURES[what], below = measure(other);
  return below > 0 ? measure(one) / below : null;
}

/**
 * Return the heat of the difference of two pictures of one size: transparent where they are equal but for what is everywhere, as more light is.
 *
 * @param {Pixels} one
 * @param {Pixels} other
 */
export function heatOf(one, other) {
  const count = one.width * one.height;
  const steps = [0, 1, 2].map((which) => Float32Array.from({ length: count }, (_, at) => channel(one.data, at, which) - channel(other.data, at, which)));
  const everywhere = steps.map(meanOf);
  const apart = Float32Array.from({ length: count }, (_, at) => Math.max(...steps.map((step, which) => Math.abs((step[at] ?? 0) - (everywhere[which] ?? 0)))));
  const most = Math.max(2 * LEAST, apart.reduce((found, value) => Math.max(found, value), 0));
  const heat = new Uint8ClampedArray(count * CHANNELS);
  apart.forEach((value, at) => {
    const share = value < LEAST ? 0 : value / most;
    heat.set([255, 200 - 170 * share, 0, 170 * Math.sqrt(share)], at * CHANNELS);
  });
  return heat;
}
