import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";
import { RefusedError, StaleError, deliverOutbox, get, isSilent, post, readJson, silenceCount, storage } from "../../prefml/review/static/api.js";
import { TOKEN, text } from "./page.js";
import { Server, groupOf } from "./server.js";

const PREFIX = `prefml.${TOKEN.slice(0, 12)}`;
let server;

beforeEach(() => {
  localStorage.clear();
  server = new Server([groupOf("a")]);
});

/** Let promises run while the clock stands still. */
async function settle() {
  for (let i = 0; i < 50; i += 1) await null;
}

test("what is kept is told apart by workspace", () => {
  storage.write("hidden", true);
  assert.equal(localStorage.getItem(`${PREFIX}.hidden`), "true");
  assert.equal(storage.read("hidden"), true);
  storage.remove("hidden");
  assert.equal(storage.read("hidden"), null);
});

test("what is damaged counts as missing", () => {
  localStorage.setItem("x", "{");
  assert.equal(readJson(localStorage, "x"), null);
  assert.equal(readJson(localStorage, "y"), null);
});

test("lists are asked for one by one, and empty parameters are left out", async () => {
  await get("load_batch", { id: ["a", "b&c"], picture: "view" });
  await get("queue", { filter: "all", project: "" });
  const [batch, queue] = server.requests.map(({ query }) => query.toString());
  assert.equal(batch, "id=a&id=b%26c&picture=view");
  assert.equal(queue, "filter=all");
});

test("what is written carries the token and an id of its own", async () => {
  await post("decide", { group_id: "a", action: "rejected" }, "large");
  await post("undo", {}, "view");
  const [first, second] = server.requests;
  assert.equal(first.headers["X-CSRF-Token"], TOKEN);
  assert.equal(first.query.get("picture"), "large");
  assert.match(first.body.event_id, /^[0-9a-f]{32}$/);
  assert.notEqual(first.body.event_id, second.body.event_id);
});

test("what is written is kept until the server has it", async () => {
  const sent = post("decide", { group_id: "a", action: "rejected" }, "view");
  const [name] = storage.outboxes();
  assert.equal(storage.read(name).body.action, "rejected");
  await sent;
  assert.deepEqual(storage.outboxes(), []);
});

test("what a refusal says is passed on, and nothing is kept", async () => {
  server.failure = [400, { error: "no such image" }];
  await assert.rejects(post("tag", { group_id: "a", image_tags: {} }, "view"), (error) => error instanceof RefusedError && error.message === "no such image");
  assert.deepEqual(storage.outboxes(), []);
  assert.equal(server.requests.length, 1);
});

for (const failure of [new TypeError("Failed to fetch"), [500, { error: "unexpected error" }]]) {
  test(`a request is repeated with the same id until it is answered: ${failure instanceof Error ? "no connection" : "a fault of the server"}`, async (context) => {
    context.after(() => mock.timers.reset());
    mock.timers.enable();
    const before = silenceCount();
    server.failure = failure;
    const sent = post("decide", { group_id: "a", action: "rejected" }, "view");
    await settle();
    assert.ok(isSilent());
    assert.match(text("alert"), /^Not saved yet/);
    mock.timers.tick(249);
    await settle();
    assert.equal(server.requests.length, 1);
    mock.timers.tick(1);
    await settle();
    assert.equal(server.requests.length, 2);
    server.failure = null;
    mock.timers.tick(374);
    await settle();
    assert.equal(server.requests.length, 2);
    mock.timers.tick(1);
    assert.equal((await sent).groups[0].state, "rejected");
    assert.equal(new Set(server.requests.map(({ body }) => body.event_id)).size, 1);
    assert.deepEqual([isSilent(), silenceCount(), text("alert")], [false, before + 1, ""]);
  });
}

test("a refusal ends a silence", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable();
  server.failure = new TypeError("Failed to fetch");
  const sent = assert.rejects(post("undo", {}, "view"), RefusedError);
  await settle();
  assert.ok(isSilent());
  server.failure = [403, { error: "wrong token" }];
  mock.timers.tick(250);
  await sent;
  assert.ok(!isSilent());
});

test("an answer in time leaves nothing to be told later", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable();
  await get("progress", {});
  mock.timers.tick(10000);
  assert.ok(!isSilent());
});

test("an answer that is late is told, and counts once it comes", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable();
  const before = silenceCount(), fetched = globalThis.fetch;
  let release;
  globalThis.fetch = async (...words) => {
    await new Promise((resolve) => { release = resolve; });
    return fetched(...words);
  };
  const asked = get("queue", { filter: "all", project: "" });
  mock.timers.tick(3999);
  assert.ok(!isSilent());
  mock.timers.tick(1);
  assert.ok(isSilent());
  assert.match(text("alert"), /does not answer/);
  release();
  assert.deepEqual((await asked).group_ids, ["a"]);
  assert.deepEqual([isSilent(), silenceCount()], [false, before + 1]);
  assert.equal(server.requests.length, 1);
});

test("what was not delivered before a reload is delivered with its id", async () => {
  storage.write("outbox", { path: "decide?picture=view", body: { group_id: "a", action: "skipped", event_id: "12345678" } });
  await deliverOutbox();
  assert.equal(server.requests[0].body.event_id, "12345678");
  assert.deepEqual(storage.outboxes(), []);
  await deliverOutbox();
  assert.equal(server.requests.length, 1);
});

test("what several tabs had pressed is all delivered, in the order in which it was pressed", async () => {
  const ids = ["c2222222", "a0000000", "b1111111"];
  ids.forEach((event_id) => { storage.write(`outbox.${event_id}`, { path: "decide?picture=view", body: { group_id: "a", action: "skipped", event_id }, at: event_id.charCodeAt(1) }); });
  localStorage.setItem("prefml.another.outbox.x", "{}");
  localStorage.setItem(`${PREFIX}.outbox.half`, "{");
  await deliverOutbox();
  assert.deepEqual(server.asked("decide").map(({ body }) => body.event_id).filter(Boolean), ["a0000000", "b1111111", "c2222222"]);
  assert.deepEqual(storage.outboxes(), []);
});

test("a key pressed in a second tab leaves that of the first where it is", async () => {
  storage.write("outbox.first", { path: "decide?picture=view", body: { group_id: "a", action: "skipped", event_id: "first000" }, at: 1 });
  await post("decide", { group_id: "a", action: "rejected" }, "view");
  assert.deepEqual(storage.outboxes(), ["outbox.first"]);
});

test("what a server says that cannot write for the moment is shown, and the request repeated", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable();
  server.failure = [503, { error: "the table is locked" }];
  const sent = post("decide", { group_id: "a", action: "rejected" }, "view");
  await settle();
  assert.equal(text("alert"), "Not saved yet: the table is locked");
  server.failure = null;
  mock.timers.tick(250);
  assert.equal((await sent).groups[0].state, "rejected");
  assert.equal(text("alert"), "");
});

test("what is refused after a reload is dropped", async () => {
  storage.write("outbox", { path: "decide?picture=view", body: { group_id: "a", action: "skipped" } });
  server.failure = [404, { error: "no such group" }];
  await deliverOutbox();
  assert.deepEqual(storage.outboxes(), []);
});

test("a refusal because the suggestion changed is one of its own kind, and is not asked again", async () => {
  server.failure = [409, { error: "has changed", group_ids: ["a"], groups: [], progress: server.progress() }];
  await assert.rejects(post("decide", { group_id: "a", action: "skipped", suggestion_version: "first" }, "view"), StaleError);
  assert.deepEqual([server.requests.length, storage.outboxes()], [1, []]);
});

test("what was delivered after a reload is told from what came too late", async () => {
  const sent = { path: "decide?picture=view", body: { group_id: "a", action: "skipped", suggestion_version: "older", event_id: "12345678" } };
  storage.write("outbox", sent);
  assert.equal(await deliverOutbox(), true);
  assert.equal(await deliverOutbox(), false);
  storage.write("outbox", { ...sent, body: { ...sent.body, suggestion_version: "first" } });
  assert.equal(await deliverOutbox(), false);
});
