// The desk in happy-dom, and what the server may answer; import it before the modules of the desk.

import { source } from "./page.js";

const body = source("templates/desk.html").match(/<body.*<\/body>/s)[0].replace(/<body.*?>|<\/body>/gs, "");
document.body.innerHTML = body;
document.body.dataset.busy = "false";

/** Where the work stands; fields in place of the usual. */
export function deskOf(fields = {}) {
  const { progress = {}, ...others } = fields;
  return {
    progress: { total: 6, pending: 0, approved: 0, overridden: 0, rejected: 0, skipped: 0, unsubmitted: 0, seconds_per_set: null, seconds_left: null, can_undo: false, can_redo: false, ...progress },
    near_duplicates: 0, within_budget: 0, batches_why: "", looking: false, looked: "2025-07-05T10:00:00+00:00", problem: "", new_pictures: 0, submitted: 0, applied: 0, runs: 0,
    interrupted: false, to_learn: 0, agreement: null, models: [], report: null, findings: [], next: "", job: null, history: [], ...others,
  };
}

/** A job that is done. */
export const jobOf = (kind, fields = {}) => ({ number: 1, kind, state: "done", commands: [`prefml ${kind}`], step: 0, started: "2025-07-05T10:00:00+00:00", ended: null, progress: null, error: "", result: null, ...fields });

/** A preview of two sets. */
export const PLAN = {
  hash: "ab".repeat(32), sets: 2, counts: { winner: 2, loser: 3 }, files: 5,
  moves: [{ action: "move", source: "new/p/a.png", target: "selected/p/a.png", role: "winner" }], left_out: [], not_kept: [],
};
export const preview = (plan = PLAN) => jobOf("preview", { result: { words: ["2 sets would be applied."], plan, verdicts: [], near_duplicates: 0 } });

/** A model in use with those before it. */
export const modelOf = (kind, fields = {}) => ({ kind, written: "2025-07-05T10:00:00+00:00", counts: { sets: 40, projects: 2 }, scores: { top1: 0.7 }, earlier: [], problem: "", ...fields });
