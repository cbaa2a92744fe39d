// Translate keys that a person changed into those that the page is written for, and name them in texts.

import { make } from "./dom.js";

/** @type {Readonly<Record<string, string>>} */
const SIGNS = { ArrowLeft: "←", ArrowUp: "↑", ArrowRight: "→", ArrowDown: "↓", " ": "Space", "-": "−", Escape: "Esc" };
/** Keys that work dialogs and the focus, and stay what they are. */
const FIXED = new Set(["Escape", "Tab", "Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"]);

/**
 * Keys by those that the page is written for, in one hand's reach; all others stay.
 *
 * @type {Readonly<Record<KeyLayout, readonly (readonly [key: string, pressed: string])[]>>}
 */
const LAYOUTS = {
  standard: [],
  left: [["k", "q"], ["m", "w"], ["ArrowDown", "d"], ["ArrowUp", "e"]],
  right: [
    ["a", "j"], ["r", "l"], ["s", "o"], ["x", "i"], ["c", "u"], ["t", "n"], ["f", "p"], ["b", "y"], ["g", "h"],
    ["1", "7"], ["2", "8"], ["3", "9"], ["4", "0"],
  ],
};

/** @type {KeyMap} */
let pressedFor = {};
/** @type {Map<string, string>} */
let meant = new Map();

/**
 * Use other keys.
 *
 * @param {KeyMap} keys keys to press, by those that the page is written for
 */
export function useKeys(keys) {
  pressedFor = keys;
  meant = new Map(Object.entries(keys).map(([key, pressed]) => [pressed, key]));
}

/** Return the keys that differ from those that the page is written for. */
export const changedKeys = () => pressedFor;

/**
 * Return the key that is meant by one that was pressed.
 *
 * @param {string} pressed
 */
export const meantKey = (pressed) => meant.get(pressed) ?? pressed;

/**
 * Return the name of the key that has to be pressed for one that the page is written for.
 *
 * @param {string} key in lower case, as browsers name it
 */
export function capOf(key) {
  const pressed = pressedFor[key] ?? key;
  return SIGNS[pressed] ?? (pressed.length === 1 ? pressed.toUpperCase() : pressed);
}

/**
 * Tell whether a key may be given another meaning.
 *
 * @param {string} pressed
 */
export const isFree = (pressed) => !FIXED.has(pressed);

/**
 * Give a key another place; the key that was pressed for something else changes places with it, so that no key means
 * two things and nothing is without one.
 *
 * @param {KeyMap} keys
 * @param {string} key that the page is written for
 * @param {string} pressed
 * @returns {KeyMap}
 */
export function exchanged(keys, key, pressed) {
  const before = keys[key] ?? key, other = Object.keys(keys).find((name) => keys[name] === pressed) ?? pressed;
  const all = Object.entries({ ...keys, [other]: before, [key]: pressed });
  return Object.fromEntries(all.filter(([name, place]) => name !== place));
}

/**
 * Return the keys of a layout.
 *
 * @param {KeyLayout} name
 */
export function layoutKeys(name) {
  /** @type {KeyMap} */
  const none = {};
  return LAYOUTS[name].reduce((keys, [key, pressed]) => exchanged(keys, key, pressed), none);
}

/** Keys by what stands on a cap of the template. */
const WRITTEN = new Map([["↵", "Enter"], ...Object.entries(SIGNS).map(([key, sign]) => /** @type {const} */ ([sign, key]))]);

/**
 * Return what stands on a cap: the key to press for the one that is written there as delivered.
 *
 * @param {string} written such as "A", "↑" or "⇧↵", which is with Shift
 */
function labelOf(written) {
  const shift = written.startsWith("⇧") ? "⇧" : "", sign = written.slice(shift.length);
  const key = WRITTEN.get(sign) ?? (sign.length === 1 ? sign.toLowerCase() : sign);
  return pressedFor[key] ? shift + capOf(key).replace("Enter", "↵") : written;
}

/**
 * Make the cap of a key; it follows when keys are changed.
 *
 * @param {string} written as delivered, such as "A", "↑" or "⇧↵"
 * @param {string} [name] class
 */
export const keycap = (written, name) => make("kbd", { "data-key": written, class: name }, labelOf(written));

/**
 * Write the names of keys on their caps; the template's are those that the page is written for.
 *
 * @param {ParentNode} root
 */
export function drawCaps(root) {
  for (const cap of root.querySelectorAll("kbd")) {
    // The sheet of keys draws its own.
    if (cap.closest("#help-keys")) continue;
    cap.dataset.key ??= cap.textContent;
    cap.textContent = labelOf(cap.dataset.key);
  }
}

/** Names of keys in a text: `{A}`, `{Enter}`, and `{1-4}` for the digits up to the fourth. */
const NAMED = /\{([^{}]+)\}/;
const RANGE = /^1-([1-9])$/;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/**
 * Return the digits to press, from the first on: as a range where none of them was changed.
 *
 * @param {number} count
 * @param {string} to what stands between the ends of a range
 */
function digitsText(count, to) {
  const digits = DIGITS.slice(0, count), caps = digits.map(capOf);
  if (caps.length < 2 || caps.some((cap, at) => cap !== digits[at])) return caps.join(" ");
  return `${String(caps[0])}${to}${String(caps.at(-1))}`;
}

/** @param {string} name */
function keyNamed(name) {
  const range = RANGE.exec(name);
  if (range) return digitsText(Number(range[1]), " to ");
  const key = WRITTEN.get(name) ?? (name.length === 1 ? name.toLowerCase() : name);
  return capOf(key);
}

/**
 * Write a text with the keys to press in place of those that it names in braces.
 *
 * @param {string} text such as "{K} keeps the whole picture; {1-9} choose another"
 */
export const keyed = (text) => text.split(NAMED).map((part, at) => (at % 2 ? keyNamed(part) : part)).join("");

/**
 * Return the parts of a text with caps in place of the keys that it names in braces.
 *
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export const keyedParts = (text) => text.split(NAMED).flatMap((part, at) => (at % 2 ? capsNamed(part) : [part])).filter((part) => part !== "");

/**
 * @param {string} name
 * @returns {(string | HTMLElement)[]}
 */
function capsNamed(name) {
  const last = RANGE.exec(name)?.[1];
  if (last === undefined) return [keycap(name)];
  // All of them, where a range would name others than those in between.
  return DIGITS.slice(0, Number(last)).some((digit) => pressedFor[digit]) || last === "1"
    ? DIGITS.slice(0, Number(last)).map((digit) => keycap(digit)) : [keycap("1"), "–", keycap(last)];
}

/**
 * Return what stands on the cap of a range of digits, on the sheet of keys.
 *
 * @param {number} count
 */
export const digitsCap = (count) => digitsText(count, "–");
