// Exchange JSON with the server; what a person pressed is kept in the browser until it is delivered.

import { showAlert } from "./dom.js";
import { present } from "./present.js";

const token = present(document.querySelector("meta[name=csrf-token]")?.getAttribute("content"), "token of the page");
// Another workspace on the same port has another token, and must not see this one's leftovers.
const prefix = `prefml.${token.slice(0, 12)}`;

/**
 * Return the JSON value that the browser keeps under a key; null where there is none, or it is damaged.
 *
 * @param {Storage} area
 * @param {string} key
 * @returns {unknown}
 */
export function readJson(area, key) {
  try { return JSON.parse(area.getItem(key) ?? "null"); } catch { return null; }
}

/** Values that the browser keeps for this workspace. */
export const storage = {
  /**
   * Return what is kept under a name; null where there is nothing.
   *
   * @template {keyof Stored} Name
   * @param {Name} name
   */
  read(name) { return /** @type {Stored[Name] | null} */ (readJson(localStorage, `${prefix}.${name}`)); },
  /**
   * Keep a value.
   *
   * @template {keyof Stored} Name
   * @param {Name} name
   * @param {Stored[Name]} value
   */
  write(name, value) { localStorage.setItem(`${prefix}.${name}`, JSON.stringify(value)); },
  /**
   * Drop a value.
   *
   * @param {keyof Stored} name
   */
  remove(name) { localStorage.removeItem(`${prefix}.${name}`); },
};

/** Refusal of a request by the server; to ask again is of no use. */
export class RefusedError extends Error {}

/** Refusal of a decision on a suggestion that is another by now than the one on the screen. */
export class StaleError extends RefusedError {}

// Longer than any answer takes on a healthy machine; then the person is told to wait.
const LATE_MS = 4000;

let silent = false;
let silences = 0;

/** Tell whether the server owes an answer for so long that the page says so. */
export const isSilent = () => silent;

/** Return how often the server fell silent. */
export const silenceCount = () => silences;

/** @param {string} words */
function reportSilence(words) {
  if (!silent) silences += 1;
  silent = true;
  showAlert(words);
}

function endSilence() {
  silent = false;
  showAlert(null);
}

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/**
 * Ask once.
 *
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<unknown>}
 * @throws {RefusedError} if the server refuses; a StaleError if the suggestion has changed
 * @throws {Error} if it does not answer, or has a fault
 */
async function request(path, options) {
  const response = await fetch(`/api/automation/${path}`, { cache: "no-store", ...options });
  const body = /** @type {unknown} */ (await response.json());
  if (response.ok) return body;
  const { error } = /** @type {Failure} */ (body);
  if (response.status === 409) throw new StaleError(error);
  throw response.status >= 500 ? new Error(error) : new RefusedError(error);
}

/**
 * Ask until the server answers.
 *
 * @param {string} path
 * @param {RequestInit} options
 * @param {string} words what the person is told meanwhile
 * @returns {Promise<unknown>}
 * @throws {RefusedError} if the server refuses
 */
async function retryUntilAnswered(path, options, words) {
  for (let wait = 250; ; wait = Math.min(2000, wait * 1.5)) {
    const late = setTimeout(reportSilence, LATE_MS, words);
    try {
      const body = await request(path, options);
      endSilence();
      return body;
    } catch (error) {
      if (error instanceof RefusedError) { endSilence(); throw error; }
      reportSilence(words);
      await pause(wait);
    } finally {
      clearTimeout(late);
    }
  }
}

/**
 * Read from the server; parameters that are empty are left out.
 *
 * @template {keyof Reads} Path
 * @param {Path} path
 * @param {Reads[Path]["parameters"]} parameters
 * @returns {Promise<Reads[Path]["answer"]>}
 */
export async function get(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of /** @type {[string, string | string[]][]} */ (Object.entries(parameters))) {
    for (const item of Array.isArray(value) ? value : [value]) if (item) query.append(name, item);
  }
  const answer = await retryUntilAnswered(`${path}?${query.toString()}`, {}, "The review server does not answer. Start prefml review again; this page waits.");
  return /** @type {Reads[Path]["answer"]} */ (answer);
}

/**
 * Write to the server; resolve once it is on the disk, and ask again, with the same id, until then.
 *
 * @template {keyof Writes} Path
 * @param {Path} path
 * @param {Writes[Path]["body"]} body
 * @param {PictureSize} picture size in which the pictures of the answer will be asked for
 * @returns {Promise<Writes[Path]["answer"]>}
 */
export async function post(path, body, picture) {
  const sent = { path: `${path}?picture=${picture}`, body: { ...body, event_id: newEventId() } };
  storage.write("outbox", sent);
  return /** @type {Writes[Path]["answer"]} */ (await deliver(sent));
}

/** @param {Outbox} sent */
async function deliver(sent) {
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(sent.body),
  };
  try {
    return await retryUntilAnswered(sent.path, options, "Not saved yet: the review server does not answer. Start prefml review again; this page waits, then saves. Keys rest until then.");
  } finally {
    storage.remove("outbox");
  }
}

/**
 * Send what was pressed just before a crash or a reload, and may not have arrived; tell whether it was
 * refused because the suggestion has changed since.
 */
export async function deliverOutbox() {
  const sent = storage.read("outbox");
  if (!sent) return false;
  return deliver(sent).then(() => false, (/** @type {unknown} */ error) => error instanceof StaleError);
}

function newEventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
