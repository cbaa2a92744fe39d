// A review server in memory, in place of fetch, and the groups it has.

/** A portrait picture that can be read. */
export function imageOf(index, fields = {}) {
  return {
    name: `20250705_20000${index}_stage${index + 1}.png`, picture: `/picture/${index}`, version: "1",
    width: 200, height: 300, probability: [0.1, 0.2, 0.7][index] ?? 0.1, tags: [], faces: [], hands: [], ...fields,
  };
}

/** A set of three pictures of which the last is suggested, with a crop. */
export function groupOf(group_id, fields = {}) {
  const { crop = {}, ...others } = fields;
  return {
    group_id, version: "first", project: "harbour", state: "pending", images: [0, 1, 2].map((index) => imageOf(index, { picture: `/picture/${group_id}/${index}` })),
    suggested: 2, confidence: 0.86, none_probability: 0.12, reasons: ["sharper"], flags: [], duplicates: [], within_budget: false,
    crop: {
      offered: true, box: [0.1, 0.05, 0.9, 0.85], confidence: 0.74, keep_probability: 0.26, reason: "the subject lies low",
      alternatives: [{ box: [0.2, 0.1, 0.7, 0.6], probability: 0.31 }], ...crop,
    },
    decision: null, audited: false, judges_crop: false, awaiting: false, near_duplicates: false, flag_places: [], ...others,
  };
}

const PENDING = { state: "pending", decision: null };

export class Server {
  constructor(groups) {
    this.groups = new Map(groups.map((group) => [group.group_id, group]));
    this.requests = [];
    this.past = [];
    this.problems = [];
    // Sets that a batch will withhold, and why there is none.
    this.drawn = [];
    this.why = "";
    // Hints that were seen: all of them, where a test is not about hints.
    this.seen = ["decide", "look", "undo"];
    // Error budgets to choose from, and the smallest one of each set.
    this.levels = [];
    this.least = {};
    // Answers with this in place of its own, until it is null again.
    this.failure = null;
    globalThis.fetch = (address, options) => this.fetch(address, options);
  }

  async fetch(address, { method = "GET", body, headers } = {}) {
    const url = new URL(address, "http://127.0.0.1:8765/");
    const path = url.pathname.replace("/api/automation/", "");
    this.requests.push({ path, query: url.searchParams, method, headers, body: body ? JSON.parse(body) : null });
    if (this.failure instanceof Error) throw this.failure;
    const sent = body ? JSON.parse(body) : url.searchParams;
    const [status, answer] = this.failure ?? this.stale(path, sent) ?? [200, this[path](sent)];
    return { ok: status < 400, status, json: async () => structuredClone(answer) };
  }

  asked(path) {
    return this.requests.filter((request) => request.path === path);
  }

  progress() {
    const states = [...this.groups.values()].map((group) => group.state);
    const counts = Object.fromEntries(["pending", "approved", "overridden", "rejected", "skipped"].map((state) => [state, states.filter((other) => other === state).length]));
    const decided = counts.approved + counts.overridden + counts.rejected;
    return { total: states.length, ...counts, unsubmitted: decided, seconds_per_set: null, seconds_left: null, can_undo: this.past.length > 0, can_redo: false };
  }

  queue(query) {
    const groups = [...this.groups.values()].filter((group) => ["", null, group.project].includes(query.get("project")));
    return {
      group_ids: groups.map((group) => group.group_id),
      first_pending: groups.find((group) => group.state === "pending")?.group_id ?? null,
      states: Object.fromEntries(groups.filter((group) => group.state !== "pending").map((group) => [group.group_id, group.state])),
      projects: [...new Set([...this.groups.values()].map((group) => group.project))], problems: this.problems,
    };
  }

  load_batch(query) {
    const groups = query.getAll("id").map((id) => this.groups.get(id)).filter(Boolean);
    return { groups, progress: this.progress(), csrf_token: "token" };
  }

  budget(query) {
    const level = Number(query.get("level") ?? 1);
    const inside = [...this.groups.values()].filter((group) => group.within_budget && group.state === "pending" && (this.least[group.group_id] ?? 0) <= level);
    const ids = inside.map((group) => group.group_id);
    const versions = Object.fromEntries(inside.map((group) => [group.group_id, group.version]));
    return { group_ids: ids, asked: ids.filter((id) => this.drawn.includes(id)), why: this.why, versions, levels: this.levels, crops: Object.fromEntries(inside.filter(({ crop }) => crop.box && crop.confidence !== null).map(({ group_id: id, crop }) => [id, crop.confidence])) };
  }

  /** Suggest something else for a group, as another run of prefml suggest does; null takes it away. */
  suggest(id, fields) {
    if (fields === null) this.groups.delete(id);
    else this.groups.set(id, { ...this.groups.get(id), version: "second", ...fields });
  }

  /** Return the refusal of a request on suggestions of which one is another by now; null where none is. */
  stale(path, body) {
    const stated = path === "decide" ? { [body.group_id]: body.suggestion_version } : ["approve_batch", "regroup"].includes(path) ? body.suggestion_versions ?? {} : {};
    const ids = Object.keys(stated).filter((id) => stated[id] && this.groups.get(id)?.version !== stated[id]);
    const groups = ids.map((id) => this.groups.get(id)).filter(Boolean);
    return ids.length ? [409, { error: "has changed", group_ids: ids, groups, progress: this.progress() }] : null;
  }

  changed(ids, change) {
    for (const id of ids) this.groups.set(id, { ...this.groups.get(id), ...change });
    return { group_ids: ids, groups: ids.map((id) => this.groups.get(id)), progress: this.progress(), asked: [], what: "" };
  }

  decide({ group_id, action, final_choice = null, crop_coords = null, crop_by_hand = false }) {
    this.past.push([group_id]);
    const decision = { final_index: final_choice, crop_coords, crop_by_hand, crop_source: null, timestamp: "2025-07-05T10:00:00Z" };
    return this.changed([group_id], { state: action, decision });
  }

  approve_batch({ group_ids }) {
    this.past.push(group_ids);
    const asked = group_ids.filter((id) => this.drawn.includes(id));
    this.changed(asked, { audited: true, judges_crop: true, suggested: null, confidence: null, crop: { offered: false, box: null, confidence: null, keep_probability: null, reason: "", alternatives: [] } });
    this.changed(group_ids.filter((id) => !asked.includes(id)), { state: "approved" });
    return { ...this.changed(group_ids, {}), asked };
  }

  /** Take images out of a set: for a set of their own behind it, or for another. */
  regroup({ group_id, images, to = null }) {
    this.past.push(new Map(this.groups));
    const made = [], from = this.groups.get(group_id), target = this.groups.get(to);
    const awaiting = { suggested: null, confidence: null, awaiting: true, state: "pending", decision: null };
    const set = (id, members) => { if (members.length) made.push(groupOf(id, { ...awaiting, images: members, project: from.project })); };
    set(`${group_id}-`, from.images.filter((_, index) => !images.includes(index)));
    set(`${to ?? group_id}+`, [...(target?.images ?? []), ...images.map((index) => from.images[index])]);
    const rows = [...this.groups.values()].flatMap((group) => (group === from ? made : group === target ? [] : [group]));
    this.groups = new Map(rows.map((group) => [group.group_id, group]));
    return this.changed(made.map((group) => group.group_id), {});
  }

  tag({ group_id, image_tags }) {
    const images = this.groups.get(group_id).images.map((image, index) => ({ ...image, tags: image_tags[index] }));
    return this.changed([group_id], { images });
  }

  undo() {
    const last = this.past.pop() ?? [];
    if (!(last instanceof Map)) {
      const states = last.map((id) => this.groups.get(id).state);
      return { ...this.changed(last, PENDING), what: states.length === 1 && states[0] === "rejected" ? "none is good" : "" };
    }
    const gone = [...this.groups.keys()].filter((id) => !last.has(id));
    const back = [...last.keys()].filter((id) => !this.groups.has(id));
    this.groups = last;
    return { ...this.changed(back, {}), group_ids: [...back, ...gone], what: "change of sets" };
  }

  redo() {
    return this.changed([], PENDING);
  }

  keys() {
    return { keys: this.kept ?? {} };
  }

  set_keys({ keys }) {
    this.kept = keys;
    return { keys };
  }

  hints() {
    return { seen: this.seen };
  }

  see_hint({ hint }) {
    this.seen.push(hint);
    return { seen: this.seen };
  }

  submit_batch() {
    return { submitted: this.progress().unsubmitted, counts: {}, progress: this.progress() };
  }
}
