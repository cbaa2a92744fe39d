// Translate keys that a person changed into those that the page is written for.

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

/**
 * Write the names of keys on their caps; the template's are those that the page is written for.
 *
 * @param {ParentNode} root
 */
export function drawCaps(root) {
  const known = new Map(Object.entries(SIGNS).map(([key, sign]) => [sign, key]));
  for (const cap of root.querySelectorAll("kbd")) {
    // The sheet of keys draws its own.
    if (cap.closest("#help-keys")) continue;
    const written = cap.dataset.key ?? cap.textContent;
    cap.dataset.key = written;
    const key = known.get(written) ?? (written.length === 1 ? written.toLowerCase() : written);
    cap.textContent = written.startsWith("⇧") ? `⇧${capOf(written === "⇧↵" ? "Enter" : written.slice(1).toLowerCase())}`.replace("⇧Enter", "⇧↵") : pressedFor[key] ? capOf(key) : written;
  }
}
