// The review page in happy-dom; import it before the modules that look for a document.

import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { Window } from "happy-dom";

export const TAGS = ["extra_fingers", "warped_wrist", "long_hand"];
export const TOKEN = "0123456789abcdef0123456789abcdef";

/** Text of a file of prefml/review. */
export const source = (name) => readFileSync(new URL(`../../prefml/review/${name}`, import.meta.url), "utf8");

const VALUES = { token: TOKEN, "'true' if hide else 'false'": "false", "'true' if first_day else 'false'": "false", "tags|join(' ')": TAGS.join(" "), whole_edge: "0.005", unsure_crop: "ask", same_edge: "0.0001" };

/** The template as the server fills it, without what a browser would load. */
const html = source("templates/review.html")
  .replace(/<script.*?<\/script>|<link.*?>|\{%.*?%\}/gs, "")
  .replace(/\{\{(.*?)\}\}/g, (_, name) => VALUES[name.trim()]);

const window = new Window({ url: "http://127.0.0.1:8765/", width: 1440, height: 900 });
window.document.write(html);

const NAMES = ["document", "Element", "HTMLElement", "localStorage", "sessionStorage", "getComputedStyle", "ResizeObserver"];
Object.assign(globalThis, { window }, Object.fromEntries(NAMES.map((name) => [name, window[name]])));

// Node 18 has it under its own name only.
globalThis.crypto ??= webcrypto;

/** Give an element a place on the screen; happy-dom lays nothing out. */
export function layOut(selector, [x, y, width, height]) {
  for (const element of document.querySelectorAll(selector)) {
    element.getBoundingClientRect = () => new window.DOMRect(x, y, width, height);
  }
}

/** Send a key to what has the focus; tell whether the browser may act on it. */
export function press(key, options = {}) {
  const code = /^[0-9]$/.test(key) ? `Digit${key}` : "";
  const event = new window.KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...options });
  return (document.activeElement ?? document.body).dispatchEvent(event);
}

/** Send a pointer event to an element. */
export function point(element, type, options) {
  element.dispatchEvent(new window.PointerEvent(type, { button: 0, bubbles: true, ...options }));
}

/** Let promises and short timers run. */
export const settle = (ms = 0) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Wait until something holds; fail where it does not after a thousand turns. */
export async function until(holds) {
  for (let turn = 0; turn < 1000; turn += 1) {
    await settle();
    if (holds()) return;
  }
  throw new Error(`never: ${holds}`);
}

/** Wait until every job of the page is done. */
export const idle = () => until(() => document.body.dataset.busy !== "true");

export const text = (id) => document.getElementById(id).textContent;
