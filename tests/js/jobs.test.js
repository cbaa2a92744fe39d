import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";
import { RefusedError, get } from "../../prefml/review/static/api.js";
import { dropWaiting, enqueue, enqueueInput } from "../../prefml/review/static/jobs.js";
import { idle, settle, text } from "./page.js";
import { Server, groupOf } from "./server.js";

let done, server;
const job = (name, wait = 0) => async () => {
  await settle(wait);
  done.push(name);
};

beforeEach(() => {
  done = [];
  server = new Server([groupOf("a")]);
  document.getElementById("status").textContent = "";
});

test("jobs run in the order in which they were asked for, however long they take", async () => {
  enqueue(job("slow", 20));
  enqueue(job("quick"));
  enqueueInput(job("last"));
  await idle();
  assert.deepEqual(done, ["slow", "quick", "last"]);
});

test("the page is busy until the last job is done", async () => {
  enqueue(job("one"));
  enqueue(job("two", 5));
  assert.equal(document.body.dataset.busy, "true");
  await settle(1);
  assert.equal(document.body.dataset.busy, "true");
  await idle();
  assert.equal(document.body.dataset.busy, "false");
});

test("a job that fails is told, and the next one runs", async () => {
  enqueue(() => { throw new RefusedError("no such group"); });
  enqueue(job("next"));
  await idle();
  assert.equal(text("alert"), "Not done: no such group");
  enqueue(() => Promise.reject(new Error("x is not a function")));
  await idle();
  assert.equal(text("alert"), "The page has a fault: x is not a function");
  assert.deepEqual(done, ["next"]);
});

test("what is pressed while the server is silent is not taken, and what waited for it is not done", async (context) => {
  context.after(() => mock.timers.reset());
  const flush = async () => { for (let i = 0; i < 50; i += 1) await null; };
  mock.timers.enable();
  server.failure = new TypeError("Failed to fetch");
  enqueueInput(() => get("progress", {}).then(() => { done.push("saved"); }));
  enqueueInput(() => { done.push("waited"); });
  await flush();
  enqueueInput(() => { done.push("pressed"); });
  assert.equal(text("status"), "Not taken: the server does not answer yet");
  server.failure = null;
  mock.timers.tick(250);
  await flush();
  assert.deepEqual(done, ["saved"]);
  assert.equal(text("status"), "A key from before the interruption was not taken");
  enqueueInput(() => { done.push("after"); });
  await flush();
  assert.deepEqual(done, ["saved", "after"]);
});

test("what waits when the view changes is dropped, and what was said of the change stands", async () => {
  document.getElementById("status").textContent = "changed";
  enqueueInput(() => { done.push("first"); dropWaiting(); });
  enqueueInput(() => { done.push("waited"); });
  enqueue(() => { done.push("the page's own"); });
  await idle();
  enqueueInput(() => { done.push("after"); });
  await idle();
  assert.deepEqual(done, ["first", "the page's own", "after"]);
  assert.equal(text("status"), "changed");
});
