import "./page.js";
import { PLAN, deskOf, jobOf, modelOf, preview } from "./desk_page.js";
import assert from "node:assert/strict";
import test from "node:test";
import { drawDesk, earlierModel, shownPlan, when } from "../../prefml/review/static/desk_view.js";
import { text } from "./page.js";

const $ = (selector) => document.querySelector(selector);
const draw = (fields) => { drawDesk(deskOf(fields)); };
const number = (name) => $(`[data-testid="stage-${name}"] .number`).textContent;
const EARLIER = { name: "ranker-20250101000000-0123abcd", written: "2025-01-01T00:00:00+00:00" };

test("each stage of the work has its number and what takes it further", () => {
  draw({ new_pictures: 1200, submitted: 3, applied: 40, runs: 2, within_budget: 4, progress: { pending: 5, unsubmitted: 1, skipped: 2 } });
  assert.deepEqual(["new", "undecided", "unsubmitted", "submitted", "applied"].map(number), ["1,200", "5", "1", "3", "40"]);
  assert.match($('[data-testid="stage-undecided"]').textContent, /4 may be approved together · 2 skipped/);
  assert.equal($('[data-testid="desk-undo"]').disabled, false);
});

test("before the first look what is not known is a dash, and nothing is said to be finished", () => {
  draw({ looked: null });
  assert.equal(number("new"), "–");
  assert.equal(text("looked"), "Looking where the work stands");
  assert.equal(text("next"), "");
});

for (const [next, words, fields] of [
  ["suggest", "12 new pictures wait for suggestions.", { new_pictures: 12 }],
  ["review", "1 set is undecided.", { progress: { pending: 1 } }],
  ["submit", "2 decisions are not submitted yet.", { progress: { unsubmitted: 2 } }],
  ["preview", "3 decided sets are to be applied: look at the plan first.", { submitted: 3 }],
  ["preview", "A run was interrupted. See what is left to do.", { interrupted: true }],
  ["train", "There is no model yet: it learns from your logs and decisions.", {}],
  ["train", "The model in use cannot be used any more.", { models: [modelOf("ranker", { problem: "format 4", written: null })] }],
  ["train", "The models have not learned from 9 decisions yet.", { to_learn: 9, models: [modelOf("ranker")] }],
]) {
  test(`what to do next is said with its button: ${words}`, () => {
    draw({ next, ...fields });
    assert.equal($("#next p").textContent, words);
    assert.equal($("#next [data-do]").dataset.do, next);
  });
}

test("where nothing waits the page says so", () => {
  draw({});
  assert.match(text("next"), /^Nothing waits\./);
});

test("a plan is shown with its files, and applying it is what comes next", () => {
  const plan = { ...PLAN, left_out: [{ group_id: "g", reason: "no picture" }], not_kept: ["a.png: profile"] };
  draw({ job: preview(plan), next: "preview" });
  assert.match(text("job-body"), /2 to selected\/, 0 to crop\/, 3 to delete_staging\//);
  assert.match(text("job-body"), /1 set is left out:g: no picture.*a\.png: profile.*… and 4 files more\./s);
  assert.equal($("#job tbody tr").textContent, "winnermovenew/p/a.pngselected/p/a.png");
  assert.equal($("#next [data-do]").dataset.do, "apply");
});

test("only the plan that is shown may be applied, and an empty one may not", () => {
  assert.equal(shownPlan(deskOf({ job: preview() })).hash, PLAN.hash);
  assert.equal(shownPlan(deskOf({ job: preview({ ...PLAN, sets: 0 }) })), null);
  assert.equal(shownPlan(deskOf({ job: { ...preview(), state: "stopped" } })), null);
  assert.equal(shownPlan(deskOf({ job: { ...preview(), kind: "apply" } })), null);
  assert.equal(shownPlan(deskOf()), null);
});

test("a job at work shows how far it is and can be stopped, and nothing else can be begun", () => {
  const progress = { part: "embedding", done: 3, total: 12 };
  draw({ job: jobOf("suggest", { state: "running", progress }), next: "suggest" });
  assert.match(text("job-body"), /embedding · 3 of 12 · for/);
  assert.equal($("#job progress").value, 3);
  assert.ok($('[data-testid="desk-stop"]'));
  assert.ok([...document.querySelectorAll("#stages button, #cards button")].every((one) => one.disabled));
  assert.match(text("next"), /at work/);
});

test("a job that failed, was stopped or is lost says so", () => {
  for (const [state, words] of [["failed", /failed.*no models; run: prefml train/s], ["stopped", /stopped/], ["lost", /its process is gone/]]) {
    draw({ job: jobOf("suggest", { state, error: state === "failed" ? "no models; run: prefml train" : "" }) });
    assert.match(text("job"), words);
    assert.equal($("#job").dataset.state, state);
  }
});

test("training ends with the verdict on each model", () => {
  const verdicts = [
    { kind: "ranker", trained: true, in_use: false, words: "it is worse", scores: { top1: 0.61 } },
    { kind: "crop", trained: true, in_use: true, words: "not found worse", scores: { iou_chosen: 0.8 } },
    { kind: "rejection", trained: false, in_use: false, words: "0 reviewed sets", scores: {} },
  ];
  draw({ job: jobOf("train", { result: { words: [], plan: null, verdicts } }) });
  assert.match(text("job-body"), /Choice: REFUSED, the model before stays in use; it is worse\. Right on 61 %/);
  assert.match(text("job-body"), /Crop: the new model is in use; not found worse\. Overlap with your crops 0\.80/);
  assert.match(text("job-body"), /None is good: not trained; 0 reviewed sets\./);
});

test("a model has its figures, and those before it can come back, the latest by a key", () => {
  draw({ models: [modelOf("ranker", { earlier: [EARLIER, { ...EARLIER, name: "ranker-2" }] }), modelOf("crop", { scores: { iou_chosen: 0.8 }, problem: "changed since it was written" })] });
  const [first, second] = document.querySelectorAll('[data-testid="desk-rollback"]');
  assert.deepEqual([first.dataset.model, first.querySelector("kbd")?.textContent, second.querySelector("kbd")], [EARLIER.name, "B", null]);
  assert.match(text("cards"), /70 % right on sets it had not seen.*from 40 sets, 2 projects.*changed since it was written.*0\.80 overlap/s);
  assert.equal(earlierModel(deskOf()), null);
});

test("agreement is told with its interval, and a fall with what to do", () => {
  draw({ agreement: { share: 0.75, n: 12, low: 0.4, high: 0.9, falling: true } });
  assert.match(text("cards"), /75 % of the last 12 sets \(between 40 % and 90 % with 95 %\).*fallen lately: train again/s);
});

test("the report says what was learned and where it fails, and where the whole of it lies", () => {
  draw({});
  assert.match(text("cards"), /Not written yet/);
  draw({ report: "2025-07-05T10:00:00+00:00", findings: [{ title: "Where it fails", lines: ["Least right, project: valley."] }] });
  assert.match($('[data-testid="report"]').textContent, /Where it failsLeast right, project: valley\..*artifacts\/report\.html/);
});

test("earlier jobs are listed with how they ended, and deceptive names are shown as codes", () => {
  draw({ history: [jobOf("suggest", { state: "failed", error: "a\u202eb" })] });
  assert.match(text("past-list"), /Suggest for new pictures: failed \(a\\u202eb\)/);
});

test("a time is told as day and minute", () => {
  assert.match(when("2025-07-05T10:00:00+00:00"), /^2025-07-0\d \d\d:\d\d$/);
  assert.equal(when(null), "");
});

test("what cannot be looked at says why", () => {
  draw({ problem: "sandbox/x: denied" });
  assert.equal(text("looked"), "Not known: sandbox/x: denied");
});

test("near duplicates that were found are offered, and those that wait can be taken back", () => {
  drawDesk(deskOf({ job: jobOf("duplicates", { result: { words: ["3 groups"], plan: null, verdicts: [], near_duplicates: 1 } }) }));
  assert.match(text("next"), /^1 group of near duplicates can be decided by keys/);
  drawDesk(deskOf({ near_duplicates: 2 }));
  const card = document.querySelector('[data-testid="near-duplicates-card"]');
  assert.match(card.textContent, /2 groups to decide/);
  assert.ok(card.querySelector('[data-do="withdraw_duplicates"]'));
  drawDesk(deskOf({}));
  assert.equal(document.querySelector('[data-do="withdraw_duplicates"]'), null);
});
