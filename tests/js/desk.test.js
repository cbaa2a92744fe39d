import "./page.js";
import { PLAN, deskOf, jobOf, modelOf, preview } from "./desk_page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { TOKEN, press, settle, text } from "./page.js";

let desk, requests, failure;
// Keys that were changed in the review.
const KEYS = { keys: { t: "y", y: "t" } };
const places = [];
globalThis.location = { assign: (place) => places.push(place) };
globalThis.fetch = async (address, { method = "GET", body, headers } = {}) => {
  const path = address.replace("/api/automation/", "").replace(/\?$/, "");
  if (method === "POST") requests.push({ path, body: JSON.parse(body), token: headers["X-CSRF-Token"] });
  if (method === "POST" && failure instanceof Error) throw failure;
  const [status, answer] = method === "POST" && failure ? failure : [200, path === "keys" ? KEYS : desk];
  return { ok: status < 400, status, json: async () => structuredClone(answer) };
};

desk = deskOf({ next: "train" });
requests = [];
const { look, perform, rest } = await import("../../prefml/review/static/desk.js");
await settle();

async function show(fields) {
  desk = deskOf(fields);
  await look();
}

beforeEach(async () => {
  [requests, failure] = [[], null];
  places.length = 0;
  await show({});
});

const MODEL = modelOf("ranker", { earlier: [{ name: "ranker-20250101000000-0123abcd", written: null }] });
const type = async (key, options) => { press(key, options); await settle(5); };

test("the keys that were changed in the review hold here, too, and the caps name them", async () => {
  await show({ models: [] });
  assert.equal(document.querySelector('[data-do="train"] kbd').textContent, "Y");
  await type("t");
  assert.deepEqual(requests, []);
});

test("the page opens with where the work stands", () => {
  assert.match(text("next"), /Nothing waits/);
});

for (const [key, kind] of [["s", "suggest"], ["p", "preview"], ["z", "undo"], ["y", "train"], ["e", "report"], ["d", "duplicates"]]) {
  test(`${key} begins ${kind}, with the token`, async () => {
    await type(key);
    assert.deepEqual(requests, [{ path: "run_job", body: { kind }, token: TOKEN }]);
  });
}

test("applying states the hash of the plan that is shown, and without one does nothing", async () => {
  await type("a");
  assert.deepEqual(requests, []);
  await show({ job: preview() });
  await type("a");
  assert.deepEqual(requests[0].body, { kind: "apply", plan: PLAN.hash });
});

test("a roll back names the model, by its key the latest, by its button the one of the button", async () => {
  await type("b");
  assert.deepEqual(requests, []);
  await show({ models: [MODEL] });
  await type("b");
  document.querySelector('[data-testid="desk-rollback"]').click();
  await settle(5);
  assert.deepEqual(requests.map(({ body }) => body), Array(2).fill({ kind: "rollback", model: "ranker-20250101000000-0123abcd" }));
});

test("submit and stop have requests of their own", async () => {
  await type("Enter", { shiftKey: true });
  await type("x");
  assert.deepEqual(requests.map(({ path, body }) => [path, body]), [["submit_batch", {}], ["stop_job", {}]]);
});

test("the review is another page", async () => {
  await type("r");
  assert.deepEqual(places, ["/"]);
});

test("keys of the browser are the browser's, and a key held down asks once", async () => {
  await type("t", { ctrlKey: true });
  await type("t", { repeat: true });
  await type("Enter");
  await type("q");
  assert.deepEqual(requests, []);
});

test("a refusal is told, and the next request takes it away", async () => {
  failure = [400, { error: "another job is at work" }];
  await type("y");
  assert.equal(text("alert"), "another job is at work");
  failure = null;
  await type("y");
  assert.ok(document.getElementById("alert").hidden);
});

test("what did not reach the server is not begun later", async () => {
  failure = new Error("offline");
  await perform("train");
  assert.match(text("alert"), /nothing was begun/);
  assert.equal(requests.length, 1);
});

test("the focus stays on the button of its name while the page is drawn anew", async () => {
  document.querySelector('[data-testid="desk-train"]').focus();
  await show({ to_learn: 3 });
  assert.equal(document.activeElement.dataset.do, "train");
});

test("a job that ends is announced", async () => {
  await show({ job: jobOf("train") });
  await settle(200);
  assert.equal(text("announce"), "Train: done");
});

test.after(rest);

test("k asks about the near duplicates that were found, and opens the review on those that wait", async () => {
  await type("k");
  assert.deepEqual([requests, places], [[], []]);
  await show({ job: jobOf("duplicates", { result: { words: [], plan: null, verdicts: [], near_duplicates: 2 } }) });
  await type("k");
  assert.deepEqual(requests[0].body, { kind: "ask_duplicates" });
  await show({ near_duplicates: 2 });
  await type("k");
  assert.deepEqual(places, ["/"]);
  assert.deepEqual(JSON.parse(sessionStorage.getItem("prefml.filter")), ["duplicates", ""]);
});

test("o opens the report, once there is one", async () => {
  await type("o");
  assert.deepEqual(places, []);
  await show({ report: "2025-07-05T10:00:00+00:00" });
  await type("o");
  assert.deepEqual(places, ["/report"]);
  assert.equal(document.querySelector('[data-testid="desk-open_report"]').getAttribute("href"), "/report");
});
