// Run jobs one at a time, in the order in which they were asked for.

import { RefusedError, isSilent, silenceCount } from "./api.js";
import { showAlert, showStatus } from "./dom.js";

/** @type {Promise<unknown>} */
let queue = Promise.resolve();
let waiting = 0;
let drops = 0;

/**
 * Run a job once those before it are done.
 *
 * @param {Job} job
 */
export function enqueue(job) {
  waiting += 1;
  document.body.dataset.busy = "true";
  queue = queue.then(job).catch(report).finally(() => {
    waiting -= 1;
    document.body.dataset.busy = String(waiting > 0);
  });
}

/**
 * Show why a job was not done.
 *
 * @param {unknown} error
 */
function report(error) {
  const reason = error instanceof Error ? error.message : String(error);
  showAlert(error instanceof RefusedError ? `Not done: ${reason}` : `The page has a fault: ${reason}`);
}

/** Drop what was asked for before now and waits for its turn: it was meant for what was in view. */
export function dropWaiting() { drops += 1; }

/**
 * Run what a person asked for, unless the server falls silent, or the view is changed, before its turn.
 *
 * A key pressed while the server was silent was meant for what was seen then, not for the next set.
 *
 * @param {Job} job
 */
export function enqueueInput(job) {
  if (isSilent() && waiting) {
    showStatus("Not taken: the server does not answer yet");
    return;
  }
  const before = silenceCount(), dropped = drops;
  enqueue(() => {
    // What the page says of the change stands.
    if (drops !== dropped) return undefined;
    return silenceCount() === before ? job() : showStatus("A key from before the interruption was not taken");
  });
}
