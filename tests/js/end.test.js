import "./page.js";
import assert from "node:assert/strict";
import test from "node:test";
import { deskLink, endWords } from "../../prefml/review/static/end.js";

const STATES = ["pending", "approved", "overridden", "rejected", "skipped"];
const PROGRESS = { total: 9, pending: 0, skipped: 0, unsubmitted: 1 };

test("whatever the states, all is never said to be reviewed while a set waits or was skipped", () => {
  for (let seed = 0; seed < 400; seed += 1) {
    const states = Array.from({ length: 1 + (seed % 5) }, (_, at) => STATES[(seed * 7 + at * at * 3 + (seed >> 3)) % 5]);
    const progress = { ...PROGRESS, pending: seed % 3 === 0 ? 1 : 0, skipped: seed % 4 === 0 ? 1 : 0 };
    const { title } = endWords(states, progress);
    const waits = states.includes("pending") || states.includes("skipped");
    assert.equal(title.startsWith("All sets"), !waits, states.join());
    if (progress.pending || progress.skipped) assert.notEqual(title, "All sets are reviewed");
  }
});

test("what happened is counted, and what comes next is said", () => {
  assert.deepEqual(endWords(["approved", "approved", "overridden", "rejected"], PROGRESS), {
    title: "All sets are reviewed", text: "2 as suggested, 1 your choice, 1 none good. Shift+Enter submits the decisions; ↑ goes back.",
  });
  assert.match(endWords(["approved"], { ...PROGRESS, unsubmitted: 0 }).text, /All of it is submitted/);
  assert.match(endWords(["approved"], { ...PROGRESS, skipped: 2 }).text, /Elsewhere 2 sets wait\./);
});

test("where nothing is suggested yet the desk is named, and an empty filter is not", () => {
  assert.match(endWords([], { ...PROGRESS, total: 0 }).text, /The desk/);
  assert.equal(endWords([], PROGRESS).title, "No sets here");
});

test("the desk is a link where there is one", () => {
  assert.equal(deskLink().getAttribute("href"), "/desk");
  document.getElementById("desk-link").remove();
  assert.equal(deskLink(), "");
});
