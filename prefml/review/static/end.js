// Say at the end of the list what happened, and what comes next.

import { make } from "./dom.js";
import { keyed } from "./keymap.js";
import { countSets, formatCount } from "./words.js";

/**
 * Write what happened in a list of sets, and what comes next; never that all is done beside sets that wait.
 *
 * @param {readonly State[]} states of the sets of the list
 * @param {Progress | null} progress of all sets
 * @returns {{ title: string, text: string }}
 */
export function endWords(states, progress) {
  const count = (/** @type {State} */ state) => states.filter((other) => other === state).length;
  if (!states.length) return progress?.total === 0 ? { title: "Nothing to review yet", text: "The desk shows where the work stands, and suggests for new pictures." } : { title: "No sets here", text: "Choose another filter above." };
  const left = count("pending"), skipped = count("skipped");
  if (left) return { title: "End of the list", text: keyed(`${formatCount(left)} still undecided: {↑} goes back.`) };
  const done = doneText(count);
  if (skipped) return { title: "End of the list", text: `${done} ${formatCount(skipped)} skipped, which Show above lists. ${nextText(progress)}` };
  const others = (progress?.pending ?? 0) + (progress?.skipped ?? 0);
  const title = others ? "All sets of this list are reviewed" : "All sets are reviewed";
  const rest = others ? ` Elsewhere ${countSets(others)} ${others === 1 ? "waits" : "wait"}.` : "";
  return { title, text: `${done}${rest} ${nextText(progress)}` };
}

/** @param {(state: State) => number} count */
function doneText(count) {
  const parts = /** @type {const} */ ([["approved", "as suggested"], ["overridden", "your choice"], ["rejected", "none good"]]).filter(([state]) => count(state)).map(([state, words]) => `${formatCount(count(state))} ${words}`);
  return parts.length ? `${parts.join(", ")}.` : "";
}

/** @param {Progress | null} progress */
const nextText = (progress) => keyed(progress?.unsubmitted ? "Shift+{Enter} submits the decisions; {↑} goes back." : "All of it is submitted; {↑} goes back.");

/** Make the link to the desk, where there is one. */
export const deskLink = () => (document.getElementById("desk-link") ? make("a", { class: "end-desk", href: "/desk", "data-testid": "end-desk" }, "To the desk: apply, train, or suggest for more") : "");
