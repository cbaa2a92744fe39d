// Jobs run one at a time, in the order in which they were asked for.

import { RefusedError, isSilent, silenceCount } from "./api.js";
import { showAlert, showStatus } from "./dom.js";

let queue = Promise.resolve();
let waiting = 0;

// Run a job once those before it are done.
export function enqueue(job) {
  waiting += 1;
  queue = queue.then(job).catch((error) => {
    showAlert(error instanceof RefusedError ? `Not done: ${error.message}` : `The page has a fault: ${error.message}`);
  }).finally(() => { waiting -= 1; document.body.dataset.busy = String(waiting > 0); });
  document.body.dataset.busy = "true";
}

// Run what a person pressed. A key pressed while the server was silent was meant for what was seen
// then, not for the next set.
export function enqueueInput(job) {
  if (isSilent() && waiting) return showStatus("Not taken: the server does not answer yet");
  const before = silenceCount();
  return enqueue(() => (silenceCount() === before ? job() : showStatus("A key from before the interruption was not taken")));
}
