import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { configure } from "../../prefml/review/static/geometry.js";
import * as my from "../../prefml/review/static/session.js";
import { settle } from "./page.js";
import { Server, groupOf, imageOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const { session } = my;
const opening = structuredClone(session);
const BOX = [0.1, 0.05, 0.9, 0.85];
const decided = (final_index, crop_coords = null) => ({ state: "overridden", decision: { final_index, crop_coords, crop_by_hand: false, crop_source: "edited", timestamp: "" } });
// What is decoded, in order.
const decoded = [];
window.HTMLImageElement.prototype.decode = async function decode() { decoded.push(new URL(this.src).pathname.split("/")[2]); };

let server;

async function open(groups) {
  server = new Server(groups);
  await my.loadQueue("all", "");
  my.receive({ groups: structuredClone(groups) });
}

test("before anything is asked for, the page stands at the start and shows what is suggested", () => {
  assert.deepEqual(opening, {
    ids: [], index: 0, groups: new Map(), queueStates: new Map(), filter: "all", project: "", hidden: false, cropVisible: true,
    revealed: false, asked: false, held: null, shownAt: 0, seen: null, zoomed: false, progress: null,
  });
});

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  Object.assign(session, { hidden: false, revealed: false, asked: false, held: null, cropVisible: true, zoomed: false });
  await open([groupOf("a"), groupOf("b"), groupOf("c")]);
});

test("a queue opens at the first set that waits", async () => {
  await open([groupOf("a", { state: "approved" }), groupOf("b"), groupOf("c")]);
  assert.equal(my.currentId(), "b");
});

test("a queue opens where the person was before a reload", async () => {
  session.index = 2;
  my.rememberPlace();
  await my.loadQueue("all", "");
  assert.equal(my.currentId(), "c");
  session.index = 0;
  my.rememberPlace();
  my.receive({ groups: [groupOf("a", { state: "approved" })] });
  await my.loadQueue("all", "");
  assert.equal(my.currentId(), "a");
});

test("a filter is remembered, and is that of all sets where none is", () => {
  assert.deepEqual(my.rememberedFilter(), ["all", ""]);
  Object.assign(session, { filter: "pending", project: "harbour" });
  my.rememberPlace();
  assert.deepEqual(my.rememberedFilter(), ["pending", "harbour"]);
});

test("behind the last set there is none in view", () => {
  session.index = 3;
  assert.equal(my.currentGroup(), null);
  assert.equal(my.currentId(), undefined);
});

test("the state of a set that is not loaded is that of the queue", async () => {
  server = new Server([groupOf("a", { state: "rejected" }), groupOf("b")]);
  await my.loadQueue("all", "");
  assert.deepEqual(["a", "b"].map(my.stateOf), ["rejected", "pending"]);
  my.receive({ groups: [groupOf("a", { state: "skipped" })] });
  assert.equal(my.stateOf("a"), "skipped");
});

test("the set in view is asked for first and alone, its neighbours after it", async () => {
  server = new Server(Array.from({ length: 30 }, (_, i) => groupOf(`g${i}`)));
  await my.loadQueue("all", "");
  session.index = 5;
  await my.loadAt(5);
  await settle();
  const [first, second] = server.asked("load_batch").map(({ query }) => query.getAll("id"));
  assert.deepEqual(first, ["g5"]);
  assert.deepEqual(second, ["g3", "g4", "g6", "g7", "g8", "g9", "g10", "g11", "g12", "g13", "g14"]);
});

test("a step onto a set that is loaded asks for nothing until half of those ahead are missing", async () => {
  server = new Server(Array.from({ length: 40 }, (_, i) => groupOf(`g${i}`)));
  await my.loadQueue("all", "");
  await my.loadAt(0);
  await settle();
  const before = server.requests.length;
  for (let index = 1; index <= 5; index += 1) await my.loadAt(index);
  assert.equal(server.requests.length, before);
  await my.loadAt(6);
  await settle();
  assert.deepEqual(server.requests.at(-1).query.getAll("id"), ["g10", "g11", "g12", "g13", "g14", "g15"]);
});

test("no set is asked for twice at a time", async () => {
  server = new Server(Array.from({ length: 40 }, (_, i) => groupOf(`g${i}`)));
  await my.loadQueue("all", "");
  await Promise.all([my.loadAt(0), my.loadAt(0)]);
  await settle();
  const ids = server.asked("load_batch").flatMap(({ query }) => query.getAll("id"));
  assert.equal(ids.filter((id) => id === "g3").length, 1);
});

test("once the set in view is decoded, the pictures of four sets ahead and one behind are fetched", async () => {
  await open(Array.from({ length: 12 }, (_, i) => groupOf(`p${i}`)));
  session.index = 3;
  decoded.length = 0;
  my.prefetchAround(3);
  assert.deepEqual([...new Set(decoded)], ["p3"]);
  await settle(100);
  assert.deepEqual([...new Set(decoded)], ["p3", "p4", "p5", "p6", "p7", "p2"]);
});

test("nothing is fetched ahead of a set that has been left", async () => {
  await open(Array.from({ length: 12 }, (_, i) => groupOf(`q${i}`)));
  decoded.length = 0;
  my.prefetchAround(3);
  session.index = 4;
  await settle(100);
  assert.deepEqual([...new Set(decoded)], ["q3"]);
});

test("the next set that waits is the next one undecided, from the start again after the last", async () => {
  await open([groupOf("a"), groupOf("b", { state: "approved" }), groupOf("c"), groupOf("d", { state: "skipped" })]);
  session.index = 0;
  assert.equal(my.nextWaiting(), 2);
  session.index = 2;
  assert.equal(my.nextWaiting(), 0);
  my.receive({ groups: [groupOf("a", { state: "rejected" })] });
  assert.equal(my.nextWaiting(), 4);
});

test("among skipped sets, the skipped ones wait", async () => {
  await open([groupOf("a", { state: "skipped" }), groupOf("b", { state: "approved" }), groupOf("c", { state: "skipped" })]);
  Object.assign(session, { filter: "skipped", index: 0 });
  assert.equal(my.nextWaiting(), 2);
});

test("a command is about the held picture, else the decided, the drafted, the suggested one", () => {
  const group = groupOf("a");
  assert.equal(my.selectedIndex(group), 2);
  my.writeDraft(group, 1, BOX);
  assert.equal(my.selectedIndex(group), 1);
  assert.equal(my.selectedIndex({ ...group, ...decided(0) }), 0);
  session.held = 2;
  assert.equal(my.selectedIndex({ ...group, ...decided(0) }), 2);
});

test("a hidden suggestion selects nothing", () => {
  session.hidden = true;
  assert.equal(my.selectedIndex(groupOf("a")), null);
  session.revealed = true;
  assert.equal(my.selectedIndex(groupOf("a")), 2);
});

test("only the choice among several pictures is hidden, until it is made", () => {
  session.hidden = true;
  assert.ok(my.isBlind(groupOf("a")));
  assert.ok(my.isBlind(groupOf("a", { images: [imageOf(0), imageOf(1)] })));
  assert.ok(!my.isBlind(groupOf("a", { images: [imageOf(0)] })));
  assert.ok(!my.isBlind(groupOf("a", { state: "approved" })));
});

test("the crop is the draft's, else the decision's, else the suggested one", () => {
  const group = groupOf("a"), other = [0.2, 0.2, 0.6, 0.6];
  assert.deepEqual(my.cropOf(group), BOX);
  assert.equal(my.cropOf({ ...group, ...decided(1) }), null);
  assert.deepEqual(my.cropOf({ ...group, ...decided(1, other) }), other);
  my.writeDraft(group, 1, [0, 0, 1, 0.5]);
  assert.deepEqual(my.cropOf({ ...group, ...decided(1, other) }), [0, 0, 1, 0.5]);
});

test("a decision to keep no picture leaves the suggested crop, and a draft of the full frame is none", () => {
  const group = groupOf("a");
  assert.deepEqual(my.cropOf({ ...group, state: "rejected", decision: { ...decided(0).decision, final_index: null } }), BOX);
  my.writeDraft(group, 1, [0.001, 0, 1, 1]);
  assert.equal(my.cropOf(group), null);
});

test("a crop is carried over only to a picture of the same shape", () => {
  const images = [imageOf(0), imageOf(1, { width: 204 }), imageOf(2, { width: 401, height: 600 })];
  const group = groupOf("a", { images });
  assert.deepEqual([0, 1, 2].map((index) => my.cropOn(group, index)), [BOX, null, BOX]);
  assert.deepEqual(my.cropOn({ ...group, suggested: null }, 1), BOX);
});

test("a draft is kept for each set until it is dropped", () => {
  my.writeDraft(groupOf("a"), 1, BOX);
  assert.deepEqual(my.readDraft(groupOf("a")), { index: 1, box: BOX });
  assert.equal(my.readDraft(groupOf("b")), null);
  my.removeDraft(groupOf("a"));
  assert.equal(my.readDraft(groupOf("a")), null);
});

test("a decision carries what was on the page, and drops the draft", async () => {
  const group = my.currentGroup();
  my.writeDraft(group, 1, BOX);
  session.shownAt = performance.now() - 2500;
  await my.postDecision(group, { action: "overridden", final_choice: 1, crop_coords: BOX }, "choose");
  const [{ body: { shown: { seconds, ...shown } } }] = server.asked("decide");
  assert.deepEqual(shown, {
    position: 0, suggested_position: 2, hidden: false, revealed: false, crop_visible: true, full_size: false,
    filter: "all", key: "choose", order: [0, 1, 2],
  });
  assert.ok(seconds >= 2.5 && seconds < 250);
  assert.equal(my.readDraft(group), null);
  assert.equal(my.currentGroup().state, "overridden");
  assert.equal(session.progress.overridden, 1);
});

test("undo names the set that it changed, and null where there is none", async () => {
  await my.postDecision(my.currentGroup(), { action: "rejected" }, "reject");
  assert.deepEqual(await my.postTurn("undo"), { id: "a", what: "none is good" });
  assert.equal(my.stateOf("a"), "pending");
  assert.equal((await my.postTurn("undo")).id, null);
});

test("an undo of more sets than are described loads the queue anew", async () => {
  server.undo = () => ({ group_ids: ["a", "b"], groups: [groupOf("a")], progress: server.progress() });
  await my.postTurn("undo");
  assert.equal(server.asked("queue").length, 2);
});

test("a picture that is not there is a fault with a name", () => {
  assert.throws(() => my.imageAt(groupOf("a"), 7), /no picture 8/);
});

test("a drawn crop follows its picture into the new suggestion, or goes with it", () => {
  const before = groupOf("a"), turned = { ...before, images: [...before.images].reverse() };
  assert.equal(my.carryDraft(before, turned), "none");
  my.writeDraft(before, 2, BOX);
  assert.equal(my.carryDraft(before, turned), "kept");
  assert.deepEqual(my.readDraft(before), { index: 0, box: BOX });
  assert.equal(my.carryDraft(turned, { ...before, images: before.images.slice(0, 2) }), "dropped");
  assert.equal(my.readDraft(before), null);
  my.writeDraft(before, 2, BOX);
  assert.deepEqual([my.carryDraft(before, null), my.readDraft(before)], ["dropped", null]);
});

test("a decision that is refused because the suggestion changed is not taken and keeps the draft", async () => {
  const group = my.currentGroup();
  my.writeDraft(group, 1, BOX);
  server.suggest("a", {});
  assert.equal(await my.postDecision(group, { action: "rejected" }, "reject"), false);
  assert.deepEqual(my.readDraft(group), { index: 1, box: BOX });
  server.failure = [400, { error: "no" }];
  await assert.rejects(my.postDecision(group, { action: "rejected" }, "reject"), /no/);
});
