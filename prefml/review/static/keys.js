// Map keys to commands. The sheet of keys is made of the same tables.

import { post } from "./api.js";
import { announce, byId, findAll, make, showStatus } from "./dom.js";
import { enqueue } from "./jobs.js";
import { capOf, changedKeys, digitsCap, drawCaps, exchanged, isFree, keyed, layoutKeys, meantKey, useKeys } from "./keymap.js";
import { PICTURE_SIZE } from "./pictures.js";

/** @type {Readonly<Record<string, CommandName>>} */
export const KEYS = { a: "approve", r: "reject", 0: "reject", s: "skip", k: "keep", x: "edit", c: "crop", m: "hand", t: "tags", g: "sets", f: "zoom", h: "hide", b: "bulk", l: "loupe", e: "people", d: "difference", v: "versus", " ": "flip", "?": "help", z: "undo", Backspace: "undo", Enter: "next", ArrowDown: "next", ArrowUp: "back", ArrowLeft: "left", ArrowRight: "right" };
/** @type {Readonly<Record<string, CommandName>>} */
const SHIFTED_KEYS = { z: "redo", Enter: "submit" };
/**
 * What Ctrl or Cmd makes of a key; all others are the browser's.
 *
 * @type {Readonly<Record<string, CommandName>>}
 */
const STANDARD_KEYS = { Undo: "undo", Redo: "redo" };

/**
 * Commands that a key held down repeats; it must not decide one set after the other.
 *
 * @type {ReadonlySet<CommandName>}
 */
const REPEATABLE = new Set(["next", "back", "left", "right"]);
const ARROWS = ["ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight"];
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** @type {readonly (readonly [title: string, entries: readonly (readonly [keys: readonly string[], words: string])[]])[]} */
const HELP = [
  ["Decide", [
    [["a"], "approve what is suggested (or your draft), as the button says"], [["r", "0"], "reject: none is good"], [["s"], "skip for now"],
    [DIGITS, "choose this picture"], [["k"], "keep whole, no crop"], [["m"], "keep, crop it by hand later"],
    [["x"], "edit the crop"], [["Shift", ...ARROWS], "edit it, and move it at once"], [["t"], "anomaly tags"], [["b"], "approve a batch inside the error budget"],
    [["g"], "change the sets: split, join, move a picture"],
  ]],
  ["Move", [
    [["Enter", "ArrowDown"], "next set"], [["ArrowUp"], "set before"], [["ArrowLeft", "ArrowRight"], "hold the picture beside"],
    [["z", "Backspace", "Ctrl Z"], "undo"], [["Shift", "z"], "redo"], [["Shift", "Enter"], "submit the decisions"],
  ]],
  ["Look", [
    [["c"], "show or hide the crop"], [["f"], "full size, zoomed together"], [[" "], "flip: one picture in place of the other"],
    [["l"], "loupe: pixels under the pointer, on all pictures"], [["e"], "magnify the next face or hand"], [["v"], "one picture against the others"], [["d"], "difference of two pictures"], [["h"], "hide suggestions until chosen"],
    [["Shift", "1–9"], "hold a picture: {K}, {X}, {M} or {A} are then about it"], [["?"], "these keys"],
  ]],
  ["At full size", [
    [[" "], "flip to the next picture; with Shift back; held down: blink"], [["0"], "1:1, and back to the whole picture"],
    [["+", "-"], "magnify"], [ARROWS, "move; with Shift in big steps"], [["Shift", "1–9"], "show this picture"],
    [["g"], "side by side"], [["v"], "against the champion"], [["w"], "this one is the champion"], [["d"], "difference to the champion"],
    [["e"], "next face or hand; with Shift back"], [["o"], "move one picture alone; with Shift back to its place"], [["f", "Esc"], "leave"],
  ]],
  ["While changing sets", [
    [["1–9"], "tick this picture"], [["ArrowLeft", "ArrowRight"], "to another picture; Space ticks it"],
    [["ArrowUp", "ArrowDown"], "choose the other set"], [["n"], "split: what is ticked forms a set of its own"],
    [["m"], "move what is ticked to the other set"], [["j"], "join both sets"], [["g", "Esc"], "leave"],
  ]],
  ["While editing a crop", [
    [ARROWS, "move; with Shift in big steps"], [["+", "-"], "size; with Shift in big steps"],
    [["Tab"], "next proposal"], [["q", "w"], "width alone: less, more"], [["d", "e"], "height alone: less, more"],
    [["p"], "next aspect that has a name"], [["l"], "lock or free the aspect"], [["t"], "thirds, and the line of the eyes"], [["0"], "whole picture"],
    [["z"], "take the last change back"],
    [["Enter"], "use this crop"], [["x"], "leave; the box stays as a draft"], [["Esc"], "cancel"],
  ]],
];
const RANGE = "1–9";
/** Caps that name no single key, or one that stays what it is. */
const UNCHANGED = new Set(["Shift", RANGE, "Ctrl Z", "Tab", "Esc"]);

/** Fill the sheet of keys. */
export function drawHelp() {
  const sections = HELP.map(([title, entries]) => {
    const rows = entries.map(([names, words]) => make("div", {}, make("dt", {}, names.map(helpCap)), make("dd", {}, keyed(words))));
    return make("section", {}, make("h3", {}, title), make("dl", {}, rows));
  });
  byId("help-keys").replaceChildren(...sections);
}

/** @param {string} name */
function helpCap(name) {
  if (UNCHANGED.has(name)) return make("kbd", {}, name === RANGE ? digitsCap(DIGITS.length) : name);
  return make("button", { type: "button", class: "key", "data-rebind": name, "aria-label": `${capOf(name)}: change this key` }, make("kbd", {}, capOf(name)));
}

/** @type {string | null} */
let awaited = null;

/**
 * Ask for the key that is to be pressed in place of one.
 *
 * @param {string} key that the page is written for
 */
export function askForKey(key) {
  awaited = key;
  const words = `Press the key that shall do what ${capOf(key)} does; Esc leaves it`;
  byId("keys-note").textContent = words;
  announce(words);
}

/**
 * Take a key that was asked for; tell whether one was.
 *
 * @param {KeyboardEvent} event
 */
export function takeAskedKey({ key: pressed, ctrlKey, metaKey, altKey }) {
  if (awaited === null || ctrlKey || metaKey || altKey) return false;
  const key = awaited, name = pressed.length === 1 ? pressed.toLowerCase() : pressed;
  if (name === "Shift") return true;
  awaited = null;
  byId("keys-note").textContent = "";
  if (isFree(name)) enqueue(() => keepKeys(exchanged(changedKeys(), key, name), key));
  return true;
}

/**
 * Use a layout, and keep it.
 *
 * @param {KeyLayout} name
 */
export const chooseLayout = (name) => keepKeys(layoutKeys(name), null);

/**
 * Use keys, and keep them in the workspace.
 *
 * @param {KeyMap} keys
 * @param {string | null} changed key that has the focus on the sheet
 */
async function keepKeys(keys, changed) {
  const answer = await post("set_keys", { keys }, PICTURE_SIZE);
  showKeys(answer.keys);
  showStatus("Keys kept");
  const button = changed === null ? undefined : findAll(byId("help-keys"), "[data-rebind]").find((one) => one.dataset.rebind === changed);
  button?.focus();
}

/**
 * Show the keys that are in use.
 *
 * @param {KeyMap} keys
 */
export function showKeys(keys) {
  useKeys(keys);
  drawHelp();
  drawCaps(document);
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
  if (event.altKey || event.isComposing) return null;
  if (isInside(target, "input:not([type=checkbox]), textarea, select, [contenteditable]")) return null;
  if (event.ctrlKey || event.metaKey) return standardStroke(event);
  // With Shift the key of a digit is another sign, which one depends on the keyboard.
  const digit = shift ? /^Digit([0-9])$/.exec(event.code)?.[1] : undefined;
  const pressed = digit ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key), key = meantKey(pressed);
  // A focused control keeps the keys that work it; Shift+Enter submits wherever the focus is.
  const works = (pressed === "Enter" && !shift) || pressed === " ";
  return works && isInside(target, "button, a, input, summary") ? null : { key, shift, repeat };
}

/**
 * Return what is undone or done again in every program.
 *
 * @param {KeyboardEvent} event
 * @returns {Stroke | null}
 */
function standardStroke({ key, shiftKey, repeat }) {
  const letter = key.toLowerCase();
  if (letter !== "z" && letter !== "y") return null;
  return { key: letter === "y" || shiftKey ? "Redo" : "Undo", shift: false, repeat };
}

/**
 * Return what a key asks for outside of editors and dialogs.
 *
 * @param {Stroke} stroke
 * @returns {Command | null}
 */
export function commandOf({ key, shift, repeat }) {
  if (/^[1-9]$/.test(key)) return repeat ? null : { name: shift ? "hold" : "choose", index: Number(key) - 1 };
  const name = (shift ? SHIFTED_KEYS[key] : undefined) ?? KEYS[key] ?? STANDARD_KEYS[key];
  return !name || (repeat && !REPEATABLE.has(name)) ? null : { name };
}
