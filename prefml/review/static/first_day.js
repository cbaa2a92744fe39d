// Tell on the first day what goes on beside the answers, and take over a new order of the sets.

import { get, post } from "./api.js";
import { byId, make } from "./dom.js";
import { enqueue } from "./jobs.js";
import { PICTURE_SIZE } from "./pictures.js";
import { redraw } from "./screen.js";
import * as my from "./session.js";

const { session } = my;
const POLL_MS = 2000;
let orders = 0;

/** Ask now and then what goes on, where `prefml start` serves the page. */
export function watchDay() {
  if (document.body.dataset.firstDay === "true") void look();
}

async function look() {
  try {
    takeReport(await get("first_day", {}));
  } finally {
    setTimeout(() => { void look(); }, POLL_MS);
  }
}

/**
 * Draw a report; where the sets are in another order by now, go on in that.
 *
 * @param {DayReport} report
 */
export function takeReport(report) {
  drawReport(report);
  if (report.orders === orders) return;
  orders = report.orders;
  enqueue(takeOrder);
}

/** @param {DayReport} report */
function drawReport({ words, problem, can_suggest: can, phase }) {
  const line = byId("day");
  const text = [...words, problem && `Not done, and tried again: ${problem}`].filter(Boolean).join(" ");
  line.hidden = false;
  const told = line.firstElementChild?.textContent, button = line.querySelector("button");
  // A screen reader would read what is drawn anew.
  if (told === text && Boolean(button) === can && button?.disabled !== (phase !== "suggesting")) return;
  line.replaceChildren(make("span", {}, text), ...(can ? [suggestButton(phase)] : []));
}

/** @param {string} phase */
function suggestButton(phase) {
  const button = make("button", { type: "button", "data-testid": "suggest-rest", disabled: phase === "suggesting" }, "Suggest for the rest");
  button.addEventListener("click", () => { enqueue(async () => { takeReport(await post("suggest_rest", {}, PICTURE_SIZE)); }); });
  return button;
}

/** Keep what lies behind and the set in view, and take the order ahead anew, with what is suggested by now. */
export async function takeOrder() {
  const { ids, index, filter, project } = session;
  const answer = await get("queue", { filter, project });
  const behind = ids.slice(0, index + 1), known = new Set(behind), before = my.currentGroup();
  session.ids = [...behind, ...answer.group_ids.filter((id) => !known.has(id))];
  session.queueStates = new Map(Object.entries(answer.states));
  session.groups.clear();
  const here = my.currentId();
  if (here === undefined) return;
  my.receive(await get("load_batch", { id: [here], picture: PICTURE_SIZE }));
  await my.loadAt(index);
  if (my.currentGroup()?.version !== before?.version) redraw();
}
