import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { configure } from "../../prefml/review/static/geometry.js";
import { takeOrder, takeReport, watchDay } from "../../prefml/review/static/first_day.js";
import { loadQueue, showAt } from "../../prefml/review/static/screen.js";
import { session } from "../../prefml/review/static/session.js";
import { idle, settle, text } from "./page.js";
import { Server, groupOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const REPORT = { phase: "answering", until_model: 3, can_suggest: false, orders: 0, words: ["3 answers until the first model."], problem: "" };
const button = () => document.querySelector("[data-testid=suggest-rest]");
let server;
let orders = 0;

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  server = new Server(["a", "b", "c", "d"].map((id) => groupOf(id, { suggested: null })));
  Object.assign(session, { ids: [], index: 0, filter: "all", project: "" });
  session.groups.clear();
  await loadQueue("all", "");
  await showAt(0);
});

test("what goes on is told in words", () => {
  takeReport(REPORT);
  assert.equal(document.getElementById("day").hidden, false);
  assert.equal(text("day"), "3 answers until the first model.");
  assert.equal(button(), null);
});

test("what failed is told, too", () => {
  takeReport({ ...REPORT, problem: "no room" });
  assert.match(text("day"), /Not done, and tried again: no room/);
});

test("what has not changed is not drawn anew", () => {
  takeReport({ ...REPORT, can_suggest: true });
  const drawn = button();
  takeReport({ ...REPORT, can_suggest: true });
  assert.equal(button(), drawn);
});

test("once there is a model suggestions can be asked for", async () => {
  orders += 1;
  server.suggest_rest = () => ({ ...REPORT, phase: "suggesting", can_suggest: true, orders });
  takeReport({ ...REPORT, can_suggest: true, orders });
  await idle();
  button().click();
  await idle();
  assert.equal(server.asked("suggest_rest").length, 1);
  assert.equal(button().disabled, true);
});

test("a new order is taken ahead, and what lies behind stays", async () => {
  await showAt(1);
  server.groups = new Map(["d", "c", "b", "a"].map((id) => [id, server.groups.get(id)]));
  orders += 1;
  takeReport({ ...REPORT, orders });
  await idle();
  assert.deepEqual(session.ids, ["a", "b", "d", "c"]);
  assert.equal(session.index, 1);
  assert.equal(document.getElementById("group").dataset.groupId, "b");
});

test("what is suggested by now for the set in view is shown", async () => {
  server.suggest("a", { suggested: 1 });
  await takeOrder();
  assert.equal(document.querySelector('[data-index="1"]').dataset.suggested, "true");
});

test("at the end of the list new sets follow", async () => {
  await showAt(4);
  server.groups.set("e", groupOf("e"));
  await takeOrder();
  assert.deepEqual(session.ids, ["a", "b", "c", "d", "e"]);
});

test("a review alone asks for nothing", async () => {
  watchDay();
  await settle(5);
  assert.equal(server.asked("first_day").length, 0);
});
