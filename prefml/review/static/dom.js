// Make and find elements, without HTML text, which the page's content policy forbids.

import { present } from "./present.js";

// Control characters and what turns the direction of text or is not seen: with them a name could show as another.
const DECEPTIVE = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
const SPOKEN = new Set(["alt", "title", "aria-label", "placeholder"]);

/**
 * Write a text with its deceptive characters as codes, `\u202e` for one that turns the direction.
 *
 * @param {string} text
 */
export const visible = (text) => text.replace(DECEPTIVE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * Make an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Properties} [properties]
 * @param {...(Child | readonly Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = String(value);
    else if (name in element && typeof value !== "string") Reflect.set(element, name, value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, SPOKEN.has(name) ? visible(String(value)) : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(typeof child === "string" ? visible(child) : child);
  }
  return element;
}

/**
 * Return an element of the page.
 *
 * @template {keyof Elements} Id
 * @param {Id} id
 */
export const byId = (id) => /** @type {Elements[Id]} */ (present(document.getElementById(id), `element #${id}`));

/**
 * Return the elements of a selector.
 *
 * @param {ParentNode} root
 * @param {string} selector
 */
export const findAll = (root, selector) => [...root.querySelectorAll(selector)].filter((element) => element instanceof HTMLElement);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let announcing;

/**
 * Tell a screen reader something.
 *
 * @param {string} text
 */
export function announce(text) {
  // A screen reader hears a change of text only after a pause; while a box moves, the last counts.
  clearTimeout(announcing);
  announcing = setTimeout(() => { byId("announce").textContent = visible(text); }, 150);
}

/**
 * Show the outcome of the last command.
 *
 * @param {string} text
 */
export function showStatus(text) {
  const line = byId("status");
  line.textContent = visible(text);
  line.title = visible(text);
  // The heading beside it may use what is left.
  byId("main").style.setProperty("--told", `${line.offsetWidth}px`);
}

/**
 * Show an alert above everything, or with null remove it.
 *
 * @param {string | null} text
 */
export function showAlert(text) {
  const box = byId("alert");
  box.textContent = visible(text ?? "");
  box.hidden = !text;
}

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
