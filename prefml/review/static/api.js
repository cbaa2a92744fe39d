// Talking to the server. What a person pressed is kept in the browser until the server has it.

import { showAlert } from "./dom.js";

const token = document.querySelector("meta[name=csrf-token]").content;
// Another workspace on the same port has another token, and must not see this one's leftovers.
const prefix = `prefml.${token.slice(0, 12)}`;

export const storage = {
  read(name) {
    try { return JSON.parse(localStorage.getItem(`${prefix}.${name}`)); } catch { return null; }
  },
  write(name, value) { localStorage.setItem(`${prefix}.${name}`, JSON.stringify(value)); },
  remove(name) { localStorage.removeItem(`${prefix}.${name}`); },
};

export class RefusedError extends Error {}

// Longer than any answer takes on a healthy machine; then the person is told to wait.
const LATE_MS = 4000;

let silent = false;
let silences = 0;

// Whether the server owes an answer for so long that the page says so, and how often that happened.
export const isSilent = () => silent;
export const silenceCount = () => silences;

function reportSilence(words) {
  if (!silent) silences += 1;
  silent = true;
  showAlert(words);
}

function endSilence() {
  silent = false;
  showAlert(null);
}

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

async function request(path, options) {
  const response = await fetch(`/api/automation/${path}`, { cache: "no-store", ...options });
  const body = await response.json();
  if (response.ok) return body;
  if (response.status >= 500) throw new Error(body.error);
  throw new RefusedError(body.error);
}

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

export function get(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item) query.append(name, item);
  }
  return retryUntilAnswered(`${path}?${query}`, {}, "The review server does not answer. Start prefml review again; this page waits.");
}

// Resolves once the server has written it to the disk; asks again, with the same id, until then.
export async function post(path, body, picture) {
  const sent = { path: `${path}?picture=${picture}`, body: { ...body, event_id: newEventId() } };
  storage.write("outbox", sent);
  return deliver(sent);
}

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

// What was pressed just before a crash or a reload, and may not have arrived.
export async function deliverOutbox() {
  const sent = storage.read("outbox");
  if (sent) await deliver(sent).catch(() => null);
}

function newEventId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
