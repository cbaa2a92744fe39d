// Draw the desk: where the work stands, the job at work, and what can be done from here.

import { make, visible } from "./dom.js";
import { keycap } from "./keymap.js";
import { present } from "./present.js";
import { duration, formatCount, percent } from "./words.js";

/** @type {Readonly<Record<string, string>>} */
export const JOB_TITLES = {
  suggest: "Suggest for new pictures", preview: "Preview of applying", apply: "Apply", undo: "Take the last run back",
  train: "Train", rollback: "Roll back", report: "Write the report", duplicates: "Find near duplicates",
  ask_duplicates: "Ask about near duplicates", withdraw_duplicates: "Ask no more about near duplicates",
};

/** @type {Readonly<Record<DeskJob["state"], string>>} */
const JOB_STATES = {
  running: "at work", done: "done", failed: "failed", stopped: "stopped",
  lost: "ended: its process is gone. What was finished is kept; begin it again",
};

/** @type {Readonly<Record<string, string>>} */
const MODELS = { ranker: "Choice", crop: "Crop", rejection: "None is good" };

/**
 * Return an element of the page.
 *
 * @param {string} id
 */
export const part = (id) => present(document.getElementById(id), `element #${id}`);

/**
 * Make a button of the desk.
 *
 * @param {string} name what it does
 * @param {string} key that does it too; none where it is empty
 * @param {string} words
 * @param {{ strong?: boolean, disabled?: boolean, model?: string }} [options]
 */
export function button(name, key, words, { strong = false, disabled = false, model = "" } = {}) {
  const made = make("button", { type: "button", "data-do": name, "data-testid": `desk-${name}`, class: strong ? "strong" : null, disabled }, key ? keycap(key) : null, ` ${words}`);
  if (model) made.dataset.model = model;
  return made;
}

/**
 * Write a number of things.
 *
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
const count = (number, one, many = `${one}s`) => `${formatCount(number)} ${number === 1 ? one : many}`;

/**
 * Write a UTC time as the day and minute here.
 *
 * @param {string | null} time
 */
export function when(time) {
  if (!time) return "";
  const at = new Date(time), pad = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** @param {Desk} desk */
export const isRunning = ({ job }) => job?.state === "running";

/**
 * Return the plan that may be applied: the one that is shown.
 *
 * @param {Desk} desk
 */
export function shownPlan({ job }) {
  const plan = job?.kind === "preview" && job.state === "done" ? job.result?.plan : null;
  return plan && plan.sets > 0 ? plan : null;
}

/**
 * Return how many groups of near duplicates were found that can be decided.
 *
 * @param {Desk} desk
 */
export const foundDuplicates = ({ job }) => (job?.kind === "duplicates" && job.state === "done" ? job.result?.near_duplicates ?? 0 : 0);

/**
 * Return the model that is brought back by a key: the latest earlier ranker, else crop model.
 *
 * @param {Desk} desk
 */
export const earlierModel = ({ models }) => models.find((model) => model.earlier.length)?.earlier[0]?.name ?? null;

/**
 * Draw all of the desk.
 *
 * @param {Desk} desk
 */
export function drawDesk(desk) {
  part("looked").textContent = lookedText(desk);
  part("next").replaceChildren(...nextParts(desk));
  drawJob(desk);
  part("stages").replaceChildren(...stages(desk));
  part("cards").replaceChildren(...desk.models.map((model) => modelCard(desk, model)), trainCard(desk), duplicatesCard(desk), reportCard(desk));
  drawPast(desk);
}

/** @param {Desk} desk */
function lookedText({ looking, looked, problem }) {
  if (problem) return visible(`Not known: ${problem}`);
  return looked ? `As of ${when(looked)}${looking ? ", looking again" : ""}` : "Looking where the work stands";
}

/**
 * Say what to do next, with its button.
 *
 * @param {Desk} desk
 */
function nextParts(desk) {
  const { progress, new_pictures: fresh, submitted, next, to_learn: learn, job } = desk, plan = shownPlan(desk);
  if (job && isRunning(desk)) return [make("p", {}, `${JOB_TITLES[job.kind] ?? job.kind}: at work. You can go on reviewing, and close this page.`)];
  const strong = { strong: true };
  const alike = foundDuplicates(desk);
  if (alike) return [make("p", {}, `${count(alike, "group")} of near duplicates can be decided by keys. Nothing was changed yet.`), button("decide_duplicates", "K", "Put them into the review", strong)];
  if (plan) return [make("p", {}, `The plan below is for ${count(plan.sets, "set")}. Nothing was changed yet.`), button("apply", "A", `Apply ${count(plan.sets, "set")}`, strong)];
  /** @type {Readonly<Record<string, [words: string, button: Node]>>} */
  const steps = {
    suggest: [`${count(fresh, "new picture waits", "new pictures wait")} for suggestions.`, button("suggest", "S", "Suggest", strong)],
    review: [`${count(progress.pending, "set is", "sets are")} undecided.`, make("a", { class: "button strong", href: "/", "data-do": "review", "data-testid": "desk-review" }, keycap("R"), " Review")],
    submit: [`${count(progress.unsubmitted, "decision is", "decisions are")} not submitted yet.`, button("submit", "⇧↵", "Submit", strong)],
    preview: [desk.interrupted ? "A run was interrupted. See what is left to do." : `${count(submitted, "decided set is", "decided sets are")} to be applied: look at the plan first.`, button("preview", "P", "Preview", strong)],
    train: [desk.models.some((model) => !model.problem) ? `The models have not learned from ${count(learn, "decision")} yet.` : desk.models.length ? "The model in use cannot be used any more." : "There is no model yet: it learns from your logs and decisions.", button("train", "T", "Train", strong)],
  };
  const [words, act] = steps[next] ?? [desk.looked ? "Nothing waits. New pictures go into the folder new/ of the workspace." : "", null];
  return act ? [make("p", {}, words), act] : [make("p", {}, words)];
}

/** @param {Desk} desk */
function drawJob(desk) {
  const { job } = desk, box = part("job");
  box.hidden = !job;
  if (!job) return;
  box.dataset.state = job.state;
  box.dataset.kind = job.kind;
  part("job-title").textContent = `${JOB_TITLES[job.kind] ?? job.kind}: ${JOB_STATES[job.state]}`;
  part("job-body").replaceChildren(...jobParts(job));
}

/**
 * @param {DeskJob} job
 * @returns {Node[]}
 */
function jobParts(job) {
  /** @type {Node[]} */
  const parts = [make("p", { class: "muted" }, job.commands.map((words, at) => make("code", { class: at === job.step && job.state === "running" ? "current" : null }, words)))];
  if (job.state === "running") parts.push(...progressParts(job));
  if (job.error) parts.push(make("p", { class: "trouble" }, job.error));
  const { words = [], plan = null, verdicts = [] } = job.result ?? {};
  parts.push(...words.map((sentence) => make("p", {}, sentence)), ...verdicts.map(verdictPart));
  if (plan) parts.push(...planParts(plan));
  return parts;
}

/** @param {DeskJob} job */
function progressParts({ progress, started }) {
  const total = progress?.total ?? 0;
  const seconds = Math.max(0, (Date.now() - Date.parse(started)) / 1000);
  const words = [progress?.part ?? "starting", total ? `${formatCount(progress?.done ?? 0)} of ${formatCount(total)}` : "", `for ${duration(seconds)}`];
  const bar = make("progress", { "aria-label": "How far the job is", max: total || 1 });
  if (total) bar.value = progress?.done ?? 0;
  return [make("p", { class: "desk-progress" }, bar, make("span", {}, words.filter(Boolean).join(" · ")), button("stop", "X", "Stop"))];
}

/** @param {Verdict} verdict */
function verdictPart({ kind, trained, in_use: used, words, scores }) {
  const title = MODELS[kind] ?? kind;
  const top = scores["top1"] ?? scores["iou_chosen"];
  const figure = top === undefined ? "" : scores["top1"] === undefined ? ` Overlap with your crops ${top.toFixed(2)}.` : ` Right on ${percent(top)} of sets it had not seen.`;
  const said = !trained ? "not trained" : used ? "the new model is in use" : "REFUSED, the model before stays in use";
  return make("p", { class: !trained ? "muted" : used ? null : "trouble" }, make("strong", {}, title), `: ${said}${words ? `; ${words}` : ""}.`, figure);
}

/** @param {Plan} plan */
function planParts({ counts, files, moves, left_out: left, not_kept: lost }) {
  const { winner = 0, "manual crop": hand = 0, loser = 0, companion = 0 } = counts;
  /** @type {Node[]} */
  const parts = [make("p", {}, `${formatCount(winner)} to selected/, ${formatCount(hand)} to crop/, ${formatCount(loser)} to delete_staging/, ${count(companion, "companion file")} along with them.`)];
  if (left.length) parts.push(make("p", { class: "trouble" }, `${count(left.length, "set is", "sets are")} left out:`), make("ul", {}, left.map(({ group_id: id, reason }) => make("li", {}, `${id}: ${reason}`))));
  if (lost.length) parts.push(make("p", {}, "Not kept in cropped copies:"), make("ul", {}, lost.map((words) => make("li", {}, words))));
  if (!moves.length) return parts;
  const rows = moves.map(({ action, source, target, role }) => make("tr", {}, make("td", {}, role), make("td", {}, action), make("td", {}, source), make("td", {}, target)));
  const more = files > moves.length ? make("p", {}, `… and ${formatCount(files - moves.length)} files more.`) : null;
  const head = make("thead", {}, make("tr", {}, ["what", "how", "from", "to"].map((name) => make("th", { scope: "col" }, name))));
  const table = make("div", { class: "desk-plan", tabindex: "0", role: "region", "aria-label": "Files of the plan" }, make("table", {}, head, make("tbody", {}, rows)));
  return more ? [...parts, table, more] : [...parts, table];
}

/**
 * Draw how many there are of each stage of the work, with what takes them further.
 *
 * @param {Desk} desk
 */
function stages(desk) {
  const { progress, looked } = desk, off = isRunning(desk), dash = looked ? null : "–";
  const known = (/** @type {number} */ number) => dash ?? formatCount(number);
  const skipped = progress.skipped ? ` · ${formatCount(progress.skipped)} skipped` : "";
  const batch = desk.within_budget ? `${formatCount(desk.within_budget)} may be approved together` : desk.batches_why;
  return [
    stage("new", "New pictures", known(desk.new_pictures), "in new/", button("suggest", "S", "Suggest", { disabled: off })),
    stage("undecided", "Undecided sets", formatCount(progress.pending), [batch, skipped.slice(3)].filter(Boolean).join(" · "), make("a", { class: "button", href: "/" }, keycap("R"), " Review")),
    stage("unsubmitted", "To submit", formatCount(progress.unsubmitted), "decided, not written out", button("submit", "⇧↵", "Submit", { disabled: !progress.unsubmitted })),
    stage("submitted", "To apply", known(desk.submitted), "submitted, files not moved", button("preview", "P", "Preview", { disabled: off })),
    stage("applied", "Applied", known(desk.applied), count(desk.runs, "run"), button("undo", "Z", "Undo the last run", { disabled: off || !desk.runs })),
  ];
}

/**
 * @param {string} name
 * @param {string} title
 * @param {string} number
 * @param {string} words
 * @param {Node} act
 */
const stage = (name, title, number, words, act) => make("div", { "data-testid": `stage-${name}` }, make("dt", {}, title), make("dd", { class: "number" }, number), make("dd", { class: "muted" }, words), make("dd", {}, act));

/**
 * @param {string} title
 * @param {...(Child | readonly Child[])} children
 */
const card = (title, ...children) => make("article", { class: "desk-card" }, make("h2", {}, title), children.flat());

/**
 * Draw a model in use, and those that can come back.
 *
 * @param {Desk} desk
 * @param {ModelInUse} model
 */
function modelCard(desk, { kind, written, counts, scores, earlier, problem }) {
  const learned = Object.entries(counts).filter(([, number]) => number).map(([name, number]) => `${formatCount(number)} ${name.replaceAll("_", " ")}`).join(", ");
  const top = scores["top1"], overlap = scores["iou_chosen"];
  const lines = [
    problem ? make("p", { class: "trouble" }, problem) : null,
    top === undefined ? null : make("p", { class: "number" }, percent(top), make("span", {}, " right on sets it had not seen")),
    overlap === undefined ? null : make("p", { class: "number" }, overlap.toFixed(2), make("span", {}, " overlap with your crops")),
    written ? make("p", { class: "muted" }, `Trained ${when(written)}${learned ? ` from ${learned}` : ""}`) : null,
  ];
  const key = (/** @type {string} */ name) => (name === earlierModel(desk) ? "B" : "");
  const back = earlier.slice(0, 3).map(({ name, written: at }) => make("li", {}, button("rollback", key(name), `Roll back to ${when(at)}`, { disabled: isRunning(desk), model: name })));
  return card(`${MODELS[kind] ?? kind} model`, lines, back.length ? make("ul", { class: "plain" }, back) : null);
}

/** @param {Desk} desk */
function trainCard(desk) {
  const { agreement, to_learn: learn } = desk;
  const share = agreement?.share;
  const agreed = agreement && typeof share === "number"
    ? make("p", {}, `You decided as suggested in ${percent(share)} of the last ${count(agreement.n, "set")} (between ${percent(agreement.low)} and ${percent(agreement.high)} with 95 %).`)
    : make("p", {}, "How often you decide as suggested is known once you have reviewed.");
  const drift = agreement?.falling ? make("p", { class: "trouble" }, "That has fallen lately: train again.") : null;
  return card("Learn", agreed, drift, make("p", { class: "muted" }, `${desk.models.length ? `${count(learn, "decision")} since the last training. ` : ""}A new model is put to use only if it is not found worse.`), button("train", "T", "Train", { disabled: isRunning(desk) }));
}

/** @param {Desk} desk */
function reportCard(desk) {
  const found = desk.findings.flatMap(({ title, lines }) => [make("h3", {}, title), ...lines.map((words) => make("p", {}, words))]);
  const place = desk.report ? `Written ${when(desk.report)}; it lies in artifacts/report.html.` : "What it learned about you, how that changes, and where it fails. Not written yet.";
  const open = desk.report ? [make("a", { class: "button strong", href: "/report", "data-testid": "desk-open_report" }, make("kbd", {}, "O"), " Read it, with examples")] : [];
  const made = card("Report", found, make("p", { class: "muted" }, place), open, button("report", "E", desk.report ? "Write it anew" : "Write it", { disabled: isRunning(desk) }));
  made.dataset.testid = "report";
  made.classList.toggle("wide", found.length > 0);
  return made;
}

/** @param {Desk} desk */
function duplicatesCard(desk) {
  const waiting = desk.near_duplicates, disabled = isRunning(desk);
  const words = "Pictures of a project that are nearly the same: keep the best by keys, and the others are set aside when you apply.";
  const decide = waiting ? [make("p", {}, `${count(waiting, "group")} to decide.`), button("decide_duplicates", "K", "Decide them"), button("withdraw_duplicates", "", "Ask no more", { disabled })] : [];
  const made = card("Near duplicates", make("p", {}, words), decide, button("duplicates", "D", "Find them", { disabled }));
  made.dataset.testid = "near-duplicates-card";
  return made;
}

/** @param {Desk} desk */
function drawPast({ history }) {
  part("past").hidden = !history.length;
  part("past-list").replaceChildren(...history.slice(0, 8).map(({ kind, state, started, error }) => make("li", {}, `${when(started)} ${JOB_TITLES[kind] ?? kind}: ${JOB_STATES[state]}${error ? ` (${error})` : ""}`)));
}
