// Which key does what. The help page is made of this table, so it cannot say anything else.

import { byId, keycaps, make } from "./dom.js";

export const KEYS = { a: "approve", r: "reject", s: "skip", k: "keep", x: "edit", c: "crop", m: "hand", t: "tags", f: "zoom", h: "hide", b: "bulk", "?": "help", Enter: "next", ArrowDown: "next", ArrowUp: "back" };
const SHIFTED_KEYS = { z: "redo", Enter: "submit" };

// Holding a key down must not decide one set after the other.
const REPEATABLE = new Set(["next", "back"]);

const HELP = [
  ["Decide", [
    [["A"], "approve what is suggested (or your draft)"], [["R"], "reject: none is good"], [["S"], "skip for now"],
    [["1", "…", "9"], "choose this picture"], [["K"], "keep whole, no crop"], [["M"], "keep, crop it by hand later"],
    [["X"], "edit the crop"], [["T"], "anomaly tags"], [["B"], "approve a batch inside the error budget"],
  ]],
  ["Move", [
    [["Enter", "↓"], "next set"], [["↑"], "set before"], [["Z"], "undo"], [["Shift", "Z"], "redo"],
    [["Shift", "Enter"], "submit the decisions"],
  ]],
  ["Look", [
    [["C"], "show or hide the crop"], [["F"], "full size, zoomed together"], [["H"], "hide suggestions until chosen"],
    [["Shift", "1–9"], "hold a picture: K, X, M or A are then about it"], [["?"], "these keys"],
  ]],
  ["While editing a crop", [
    [["←", "↑", "↓", "→"], "move; with Shift in big steps"], [["+", "−"], "size; with Shift in big steps"],
    [["Tab"], "next proposal"], [["L"], "lock or free the aspect"], [["0"], "whole picture"],
    [["Enter"], "use this crop"], [["X"], "leave; the box stays as a draft"], [["Esc"], "cancel"],
  ]],
];

export function drawHelp() {
  const lists = HELP.map(([title, entries]) => make("section", {}, make("h3", {}, title), make("dl", {}, entries.map(([names, words]) => make("div", {}, make("dt", {}, keycaps(...names)), make("dd", {}, words))))));
  byId("help-keys").replaceChildren(...lists);
}

const inTextField = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

// A focused control keeps the keys that work it.
const inControl = (target, key) => (key === "Enter" || key === " ") && target.closest?.("button, a, input, summary");

export function readStroke(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inTextField(event.target)) return null;
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  const key = event.shiftKey && digit && event.code.startsWith("Digit") ? digit[1] : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // Shift+Enter submits wherever the focus is.
  if (inControl(event.target, key) && !(key === "Enter" && event.shiftKey)) return null;
  return { key, shift: event.shiftKey, repeat: event.repeat };
}

export function commandOf({ key, shift, repeat }) {
  if (/^[1-9]$/.test(key)) return repeat ? null : { name: shift ? "hold" : "choose", index: Number(key) - 1 };
  const name = key === "z" ? (shift ? "redo" : "undo") : shift && SHIFTED_KEYS[key] ? SHIFTED_KEYS[key] : KEYS[key];
  return !name || (repeat && !REPEATABLE.has(name)) ? null : { name };
}
