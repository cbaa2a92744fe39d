// Keep the desk up to date, and do what its keys and buttons ask for.

import { RefusedError, get } from "./api.js";
import { announce, showAlert } from "./dom.js";
import { JOB_TITLES, drawDesk, earlierModel, foundDuplicates, isRunning, part, shownPlan } from "./desk_view.js";
import { drawCaps, meantKey, useKeys } from "./keymap.js";
import { present } from "./present.js";

const SOON_MS = 700, LATER_MS = 5000;
const token = present(document.querySelector("meta[name=csrf-token]")?.getAttribute("content"), "token of the page");

/** @type {Desk | null} */
let desk = null;
let drawn = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;

/** @type {Readonly<Record<string, string>>} */
const KEYS = { s: "suggest", r: "review", p: "preview", a: "apply", z: "undo", t: "train", b: "rollback", e: "report", d: "duplicates", k: "decide_duplicates", o: "open_report", x: "stop" };
/** @type {ReadonlySet<string>} */
const JOBS = new Set(Object.keys(JOB_TITLES));

/**
 * Ask once: what moves files or trains must not be done later, when nobody expects it any more.
 *
 * @param {"run_job" | "stop_job" | "submit_batch"} path
 * @param {Record<string, string>} body
 * @returns {Promise<unknown>}
 */
async function ask(path, body) {
  const options = { method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": token }, body: JSON.stringify(body) };
  const answer = await fetch(`/api/automation/${path}`, options);
  const found = /** @type {unknown} */ (await answer.json());
  if (!answer.ok) throw new RefusedError(/** @type {Failure} */ (found).error);
  return found;
}

/** @param {Desk} found */
function take(found) {
  const before = desk?.job;
  desk = found;
  // While a job is at work the time it takes goes on.
  const text = JSON.stringify(found) + (isRunning(found) ? String(Math.round(Date.now() / 1000)) : "");
  if (text === drawn) return;
  drawn = text;
  const focused = focusedName();
  drawDesk(found);
  if (focused) refocus(focused);
  const { job } = found;
  if (job && (job.number !== before?.number || job.state !== before.state)) announce(part("job-title").textContent);
}

const focusedName = () => {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement ? activeElement.dataset["do"] ?? "" : "";
};

/** @param {string} name */
function refocus(name) {
  const same = [...document.querySelectorAll("[data-do]")].find((one) => one instanceof HTMLElement && one.dataset["do"] === name && !one.hasAttribute("disabled"));
  if (same instanceof HTMLElement) same.focus({ preventScroll: true });
}

/** Ask where the work stands, and again after a while. */
export async function look() {
  clearTimeout(waiting);
  const found = await get("desk", {});
  take(found);
  waiting = setTimeout(() => { void look(); }, isRunning(found) || found.looking ? SOON_MS : LATER_MS);
}

/** Ask no more until `look` is called. */
export function rest() { clearTimeout(waiting); }

/**
 * Return what a job needs besides its kind; null where there is none of it.
 *
 * @param {string} name
 * @param {string | undefined} model
 * @returns {Record<string, string> | null}
 */
function need(name, model) {
  const plan = desk && shownPlan(desk), earlier = model ?? (desk && earlierModel(desk));
  if (name === "apply") return plan ? { plan: plan.hash } : null;
  if (name === "rollback") return earlier ? { model: earlier } : null;
  return {};
}

/**
 * Do what a key or a button asks for.
 *
 * @param {string} name
 * @param {string} [model]
 */
export async function perform(name, model) {
  if (name === "review") location.assign("/");
  else if (name === "open_report") {
    if (desk?.report) location.assign("/report");
  } else if (name !== "decide_duplicates") await send(name, model);
  else if (desk?.near_duplicates) reviewDuplicates();
  else if (desk && foundDuplicates(desk)) await send("ask_duplicates", undefined);
}

/** Open the review on near duplicates alone. */
function reviewDuplicates() {
  sessionStorage.setItem("prefml.filter", JSON.stringify(["duplicates", ""]));
  location.assign("/");
}

/**
 * @param {string} name
 * @param {string | undefined} model
 */
async function send(name, model) {
  const needed = need(name, model);
  if (!needed || document.body.dataset["busy"] === "true") return;
  document.body.dataset["busy"] = "true";
  try {
    if (name === "submit") await ask("submit_batch", {});
    else if (name === "stop") await ask("stop_job", {});
    else if (JOBS.has(name)) await ask("run_job", { kind: name, ...needed });
    showAlert(null);
    await look();
  } catch (error) {
    showAlert(error instanceof RefusedError ? error.message : "The review server does not answer: nothing was begun.");
  } finally {
    document.body.dataset["busy"] = "false";
  }
}

/**
 * Return what a key asks for; empty where it is the browser's.
 *
 * @param {KeyboardEvent} event
 */
function nameOf({ key: pressed, shiftKey, ctrlKey, metaKey, altKey, repeat }) {
  if (ctrlKey || metaKey || altKey || repeat) return "";
  const key = meantKey(pressed.length === 1 ? pressed.toLowerCase() : pressed);
  if (key === "Enter") return shiftKey ? "submit" : "";
  return KEYS[key] ?? "";
}

document.addEventListener("keydown", (event) => {
  const name = nameOf(event);
  if (!name) return;
  event.preventDefault();
  void perform(name);
});

document.addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("button[data-do]") : null;
  if (pressed instanceof HTMLElement) void perform(pressed.dataset["do"] ?? "", pressed.dataset["model"]);
});

/** Use the keys that were changed in the review; without them the desk works all the same. */
async function takeKeys() {
  useKeys((await get("keys", {})).keys);
  drawCaps(document);
}

// A page that nobody sees asks for nothing.
document.addEventListener("visibilitychange", () => { if (document.hidden) rest(); else void look(); });

takeKeys().catch((/** @type {unknown} */ error) => { showAlert(String(error)); });
void look();
