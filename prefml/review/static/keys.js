// Map keys to commands. The help page is made of the same tables.

import { byId, keycaps, make } from "./dom.js";

/** @type {Readonly<Record<string, CommandName>>} */
export const KEYS = { a: "approve", r: "reject", s: "skip", k: "keep", x: "edit", c: "crop", m: "hand", t: "tags", g: "sets", f: "zoom", h: "hide", b: "bulk", "?": "help", Enter: "next", ArrowDown: "next", ArrowUp: "back" };
/** @type {Readonly<Record<string, CommandName>>} */
const SHIFTED_KEYS = { z: "redo", Enter: "submit" };

/**
 * Commands that a key held down repeats; it must not decide one set after the other.
 *
 * @type {ReadonlySet<CommandName>}
 */
const REPEATABLE = new Set(["next", "back"]);

/** @type {readonly (readonly [title: string, entries: readonly (readonly [keys: readonly string[], words: string])[]])[]} */
const HELP = [
  ["Decide", [
    [["A"], "approve what is suggested (or your draft)"], [["R"], "reject: none is good"], [["S"], "skip for now"],
    [["1", "…", "9"], "choose this picture"], [["K"], "keep whole, no crop"], [["M"], "keep, crop it by hand later"],
    [["X"], "edit the crop"], [["T"], "anomaly tags"], [["B"], "approve a batch inside the error budget"],
    [["G"], "change the sets: split, join, move a picture"],
  ]],
  ["Move", [
    [["Enter", "↓"], "next set"], [["↑"], "set before"], [["Z"], "undo"], [["Shift", "Z"], "redo"],
    [["Shift", "Enter"], "submit the decisions"],
  ]],
  ["Look", [
    [["C"], "show or hide the crop"], [["F"], "full size, zoomed together"], [["H"], "hide suggestions until chosen"],
    [["Shift", "1–9"], "hold a picture: K, X, M or A are then about it"], [["?"], "these keys"],
  ]],
  ["While changing sets", [
    [["1", "…", "9"], "tick this picture"], [["←", "→"], "to another picture; Space ticks it"],
    [["↑", "↓"], "choose the other set"], [["N"], "split: what is ticked forms a set of its own"],
    [["M"], "move what is ticked to the other set"], [["J"], "join both sets"], [["G", "Esc"], "leave"],
  ]],
  ["While editing a crop", [
    [["←", "↑", "↓", "→"], "move; with Shift in big steps"], [["+", "−"], "size; with Shift in big steps"],
    [["Tab"], "next proposal"], [["L"], "lock or free the aspect"], [["0"], "whole picture"],
    [["Enter"], "use this crop"], [["X"], "leave; the box stays as a draft"], [["Esc"], "cancel"],
  ]],
];

/** Fill the help page. */
export function drawHelp() {
  const sections = HELP.map(([title, entries]) => {
    const rows = entries.map(([names, words]) => make("div", {}, make("dt", {}, keycaps(names)), make("dd", {}, words)));
    return make("section", {}, make("h3", {}, title), make("dl", {}, rows));
  });
  byId("help-keys").replaceChildren(...sections);
}

/**
 * Tell whether an event's target lies in an element of a selector.
 *
 * @param {EventTarget | null} target
 * @param {string} selector
 */
const isInside = (target, selector) => target instanceof Element && target.closest(selector) !== null;

/**
 * Return the key that was pressed, or null where it is the browser's or a control's own.
 *
 * @param {KeyboardEvent} event
 * @returns {Stroke | null}
 */
export function readStroke(event) {
  const { target, shiftKey: shift, repeat } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (isInside(target, "input:not([type=checkbox]), textarea, select, [contenteditable]")) return null;
  // With Shift the key of a digit is another sign, which one depends on the keyboard.
  const digit = shift ? /^Digit([0-9])$/.exec(event.code)?.[1] : undefined;
  const key = digit ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);
  // A focused control keeps the keys that work it; Shift+Enter submits wherever the focus is.
  const works = (key === "Enter" && !shift) || key === " ";
  return works && isInside(target, "button, a, input, summary") ? null : { key, shift, repeat };
}

/**
 * Return what a key asks for outside of editors and dialogs.
 *
 * @param {Stroke} stroke
 * @returns {Command | null}
 */
export function commandOf({ key, shift, repeat }) {
  if (/^[1-9]$/.test(key)) return repeat ? null : { name: shift ? "hold" : "choose", index: Number(key) - 1 };
  const name = key === "z" && !shift ? "undo" : (shift ? SHIFTED_KEYS[key] : undefined) ?? KEYS[key];
  return !name || (repeat && !REPEATABLE.has(name)) ? null : { name };
}
