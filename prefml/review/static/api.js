// Exchange JSON with the server; what a person pressed is kept in the browser until it is delivered.

import { pause, showAlert } from "./dom.js";
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
  /**
   * Return the names under which requests are kept, one for each, of every tab of this workspace.
   *
   * @returns {`outbox.${string}`[]}
   */
  outboxes() {
    const keys = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    const own = keys.filter((key) => key.startsWith(`${prefix}.outbox`));
    return own.map((key) => /** @type {`outbox.${string}`} */ (key.slice(prefix.length + 1)));
  },
};

/** Refusal of a request by the server; to ask again is of no use. */
export class RefusedError extends Error {}

/** Answer of a server that cannot write for the moment: it says why, and is asked again. */
class UnavailableError extends Error {}

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
  if (response.status === 503) throw new UnavailableError(error);
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
      reportSilence(error instanceof UnavailableError ? `Not saved yet: ${error.message}` : words);
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
  const id = newEventId();
  const sent = { path: `${path}?picture=${picture}`, body: { ...body, event_id: id }, at: Date.now() };
  // Under a name of its own: another tab keeps what was pressed there.
  storage.write(`outbox.${id}`, sent);
  return /** @type {Writes[Path]["answer"]} */ (await deliver(`outbox.${id}`, sent));
}

/**
 * @param {`outbox.${string}`} name
 * @param {Outbox} sent
 */
async function deliver(name, sent) {
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(sent.body),
  };
  try {
    return await retryUntilAnswered(sent.path, options, "Not saved yet: the review server does not answer. Start prefml review again; this page waits, then saves. Keys rest until then.");
  } finally {
    storage.remove(name);
  }
}

/**
 * Send what was pressed just before a crash or a reload, in any tab, and may not have arrived, in the order in which
 * it was pressed; tell whether some of it was refused because the suggestion has changed since.
 */
export async function deliverOutbox() {
  const kept = storage.outboxes().map((name) => ({ name, sent: storage.read(name) }));
  kept.sort((one, two) => (one.sent?.at ?? 0) - (two.sent?.at ?? 0));
  let stale = false;
  for (const { name, sent } of kept) {
    if (!sent) storage.remove(name);
    else await deliver(name, sent).catch((/** @type {unknown} */ error) => { stale ||= error instanceof StaleError; });
  }
  return stale;
}

function newEventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
