// Say why a picture is suggested, and show on request what a reason is about.

import { byId, findAll, make } from "./dom.js";
import { aspect, fitInside } from "./layout.js";
import { imageElement } from "./pictures.js";
import { heatOf, timesAsMuch } from "./pixels.js";
import { imageAt } from "./session.js";
import { placeBox } from "./view.js";
import { percent } from "./words.js";

/** At most so many reasons are given. */
const MOST = 3;
const AGAINST = "against it: ";
/** Longest side at which pixels are compared; what is finer a copy of 1024 pixels does not show either. */
const SIDE = 512;
/** Less than this, as a share, nobody sees. */
const SEEN = 0.04;

/**
 * What can be measured of a reason: its words, what is measured, and how more or less of it is said.
 *
 * @type {readonly (readonly [words: RegExp, what: PixelMeasure, more: string, less: string])[]}
 */
const MEASURED = [
  [/sharp|softer/, "detail", "sharper", "softer"], [/bright|dark|exposure/, "light", "brighter", "darker"],
  [/contrast/, "contrast", "more contrast", "less contrast"], [/colour/, "colour", "more colour", "less colour"],
];
const FACES = /\b(face|eye)/, HANDS = /\bhand/;
/** Seen at some places more than at others; light and colour are everywhere. */
const WHERE = /sharp|softer|grain|noise|contrast|look|composition|differs|change/;

/**
 * Return the reasons that are given: at most three, and what speaks against the suggestion among them.
 *
 * @param {readonly string[]} reasons
 */
export function givenReasons(reasons) {
  const against = reasons.filter((words) => words.startsWith(AGAINST)).slice(0, 1);
  return [...reasons.filter((words) => !words.startsWith(AGAINST)).slice(0, MOST - against.length), ...against];
}

/**
 * Return the picture that came nearest to the suggested one; null where there is none.
 *
 * @param {Group} group
 */
export function rivalOf({ images, suggested }) {
  const others = [...images.keys()].filter((index) => index !== suggested && images[index]?.version);
  const likely = (/** @type {number} */ index) => images[index]?.probability ?? 0;
  return others.sort((one, other) => likely(other) - likely(one))[0] ?? null;
}

/**
 * Make the reasons of a set; those with a place or a number are buttons that show it.
 *
 * @param {Group} group
 */
export const reasonElements = (group) => givenReasons(group.reasons).map((words) => (hasPlace(group, words) ? reasonButton(group, words) : make("span", { class: "reason", title: words }, words)));

/**
 * @param {Group} group
 * @param {string} words
 */
function hasPlace(group, words) {
  if (group.suggested === null || !imageAt(group, group.suggested).version) return false;
  return placesOf(imageAt(group, group.suggested), words).length > 0 || (comparable(group) !== null && (WHERE.test(words) || MEASURED.some(([pattern]) => pattern.test(words))));
}

/**
 * Return the boxes that a reason is about.
 *
 * @param {Image} image
 * @param {string} words
 */
const placesOf = ({ faces, hands }, words) => (FACES.test(words) ? faces : HANDS.test(words) ? hands : []);

/**
 * Return the rival, where its pixels lie where those of the suggested picture do.
 *
 * @param {Group} group
 */
function comparable(group) {
  const rival = rivalOf(group);
  if (rival === null || group.suggested === null) return null;
  return Math.abs(aspect(imageAt(group, rival)) / aspect(imageAt(group, group.suggested)) - 1) < 0.01 ? rival : null;
}

/**
 * @param {Group} group
 * @param {string} words
 */
function reasonButton(group, words) {
  const button = make("button", { type: "button", class: "reason", "data-testid": "reason", "aria-pressed": "false", title: `${words}: show where` }, words);
  const show = () => { showReason(group, words); };
  const hide = () => { if (button.getAttribute("aria-pressed") !== "true") hideReason(); };
  button.addEventListener("pointerenter", show);
  button.addEventListener("focus", show);
  button.addEventListener("pointerleave", hide);
  button.addEventListener("blur", hide);
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    for (const other of findAll(byId("why"), ".reason[aria-pressed]")) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(pressed));
    if (pressed) show(); else hideReason();
  });
  return button;
}

/** Take away what a reason showed. */
function hideReason() {
  for (const mark of findAll(byId("pictures"), ".reason-mark")) mark.remove();
}

/**
 * Show what a reason is about: faces or hands by their boxes, else where the picture differs from its rival, and how much.
 *
 * @param {Group} group
 * @param {string} words
 */
export function showReason(group, words) {
  hideReason();
  const { suggested } = group, frames = findAll(byId("pictures"), ".tile .frame");
  if (suggested === null) return;
  const boxes = placesOf(imageAt(group, suggested), words), rival = comparable(group);
  if (boxes.length) {
    group.images.forEach((image, index) => frames[index]?.append(...placesOf(image, words).map((box) => markOf(box, words))));
  } else if (rival !== null && WHERE.test(words)) {
    const heat = heatElement(group, suggested, rival);
    if (heat) frames[suggested]?.append(heat);
  }
  const number = rival === null ? "" : numberText(group, words, suggested, rival);
  if (number) frames[suggested]?.append(make("span", { class: "reason-mark reason-number", "data-testid": "reason-number", role: "status" }, number));
}

/**
 * @param {Box} box
 * @param {string} words
 */
function markOf(box, words) {
  const mark = make("div", { class: "reason-mark reason-place", "data-testid": "reason-place", role: "img", "aria-label": words });
  placeBox(mark, box);
  return mark;
}

/**
 * Return the pixels of a part of a picture, reduced; null where the browser does not give them.
 *
 * @param {Image} image
 * @param {Size} size
 * @param {Box} [box]
 * @returns {Pixels | null}
 */
function pixelsOf(image, { w, h }, [x1, y1, x2, y2] = [0, 0, 1, 1]) {
  const element = imageElement(image), { naturalWidth: width, naturalHeight: height } = element;
  const context = make("canvas", { width: w, height: h }).getContext("2d", { willReadFrequently: true });
  if (!context || !width || !height) return null;
  context.drawImage(element, x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height, 0, 0, w, h);
  return context.getImageData(0, 0, w, h);
}

/**
 * Draw where the suggested picture differs from its rival.
 *
 * @param {Group} group
 * @param {number} suggested
 * @param {number} rival
 */
function heatElement(group, suggested, rival) {
  const size = fitInside(aspect(imageAt(group, suggested)), SIDE / 2, SIDE / 2);
  const one = pixelsOf(imageAt(group, suggested), size), other = pixelsOf(imageAt(group, rival), size);
  const canvas = make("canvas", { class: "reason-mark reason-heat", "data-testid": "reason-heat", role: "img", "aria-label": `Where picture ${suggested + 1} differs from picture ${rival + 1}`, width: size.w, height: size.h });
  const context = canvas.getContext("2d");
  if (!one || !other || !context) return null;
  const drawn = context.createImageData(size.w, size.h);
  drawn.data.set(heatOf(one, other));
  context.putImageData(drawn, 0, 0);
  return canvas;
}

/**
 * Write how much of it the suggested picture has beside its rival, where that can be measured and says what the reason says.
 *
 * @param {Group} group
 * @param {string} words
 * @param {number} suggested
 * @param {number} rival
 */
function numberText(group, words, suggested, rival) {
  const found = MEASURED.find(([pattern]) => pattern.test(words));
  if (!found) return "";
  const [, what, more, less] = found, [one, other] = [suggested, rival].map((index) => {
    const image = imageAt(group, index), box = placesOf(image, words)[0] ?? /** @type {Box} */ ([0, 0, 1, 1]);
    return pixelsOf(image, fitInside(aspect(image) * (box[2] - box[0]) / (box[3] - box[1]), SIDE, SIDE), box);
  });
  const times = one && other ? timesAsMuch(what, one, other) : null;
  return times === null ? "" : timesText(words, times, [more, less], rival);
}

/** Words of reasons that say more of something, or less. */
const MORE = /sharper|bright|stronger|richer/, LESS = /softer|dark|gentler|calmer/;

/**
 * Write how many times as much of something there is; nothing where that is not seen, or speaks otherwise.
 *
 * @param {string} words of the reason
 * @param {number} times
 * @param {readonly [more: string, less: string]} names
 * @param {number} rival
 */
export function timesText(words, times, [more, less], rival) {
  const isMore = times > 1;
  if (Math.abs(times - 1) < SEEN || (isMore ? LESS : MORE).test(words)) return "";
  const much = times < 2 ? percent(Math.abs(times - 1)) : `${times.toFixed(1)} times`;
  return `${much} ${isMore ? more : less} than picture ${rival + 1}`;
}
