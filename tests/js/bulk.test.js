import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import * as bulk from "../../prefml/review/static/bulk.js";
import { session } from "../../prefml/review/static/session.js";
import { idle, settle, text } from "./page.js";
import { Server, groupOf, imageOf } from "./server.js";

const $ = (selector) => document.querySelector(selector);
const boxes = () => [...document.querySelectorAll("#bulk-grid input")];
const press = (key, repeat = false) => bulk.handleKey({ key, shift: false, repeat });
let server, approved, asked;

async function open(number, fields = {}) {
  $("#bulk").close();
  await offer(new Server(Array.from({ length: number }, (_, i) => groupOf(`g${i}`, { within_budget: true, ...fields }))));
}

async function offer(made) {
  $("#bulk").close();
  server = made;
  approved = asked = null;
  await bulk.open(async (ids, drawn) => { [approved, asked] = [ids, drawn]; });
}

beforeEach(() => Object.assign(session, { project: "", groups: new Map() }));

test("the sets of the budget are shown, all of them ticked, with the focus on the first", async () => {
  await open(3);
  assert.ok($("#bulk").open);
  assert.deepEqual(boxes().map((box) => box.checked), [true, true, true]);
  assert.equal(document.activeElement, boxes()[0]);
  assert.match(text("bulk-text"), /^3 sets undecided.* You have had 3 before you/);
  assert.equal(text("bulk-approve"), "A Approve 3 sets as suggested");
});

test("a set is shown as it is: all pictures, the suggested one with its crop, both certainties and flags", async () => {
  await open(1, { duplicates: ["stage1 looks like b.png"] });
  assert.deepEqual([...document.querySelectorAll(".bulk-item img")].map((image) => image.src.slice(-22)), [0, 1, 2].map((at) => `/picture/g0/${at}/small?v=1`.slice(-22)));
  assert.match($(".bulk-item .suggested img").src, /\/picture\/g0\/2\/small\?v=1$/);
  assert.equal(document.querySelectorAll(".bulk-item .lost").length, 2);
  assert.equal($(".bulk-item .chip.flag").textContent, "stage1 looks like b.png");
  assert.equal($(".bulk-item .crop").dataset.box, "0.1,0.05,0.9,0.85");
  assert.match($(".bulk-item .crop").getAttribute("style"), /left: 10%; top: 5%/);
  assert.equal($(".bulk-item .frame").style.width, "153px");
  assert.equal($(".bulk-item label").textContent, "choice 86 % · crop 74 % · harbour");
  await open(1, { crop: { box: null } });
  assert.equal($(".bulk-item .crop"), null);
});

test("without sets the dialog says what to do and offers nothing", async () => {
  await open(0);
  assert.match(text("bulk-text"), /prefml evaluate/);
  assert.ok($("#bulk-approve").hidden && $("#bulk-grid").hidden && $("#bulk-hint").hidden);
});

test("sets are asked for a page at a time, as they come into view", async () => {
  await open(60);
  assert.equal(boxes().length, 24);
  for (const loaded of [48, 60]) {
    $("#bulk-grid").dispatchEvent(new window.Event("scroll"));
    await settle();
    assert.equal(boxes().length, loaded);
  }
  assert.equal(server.asked("load_batch").length, 3);
  assert.match(text("bulk-text"), /You have had 60 before you/);
  $("#bulk-grid").dispatchEvent(new window.Event("scroll"));
  assert.equal(server.asked("load_batch").length, 3);
});

test("what is unticked is left out, and what is ticked again is not", async () => {
  await open(3);
  boxes()[0].click();
  boxes()[1].click();
  boxes()[1].click();
  assert.equal(text("bulk-approve"), "A Approve 2 sets as suggested");
  await press("a");
  assert.deepEqual(server.requests.at(-1).body.group_ids, ["g1", "g2"]);
  assert.deepEqual(approved, ["g1", "g2"]);
  assert.ok(!$("#bulk").open);
  assert.equal(session.groups.get("g1").state, "approved");
});

test("with nothing ticked there is nothing to approve", async () => {
  await open(1);
  boxes()[0].click();
  assert.ok($("#bulk-approve").disabled);
  await press("a");
  assert.equal(server.asked("approve_batch").length, 0);
});

test("a key held down does not approve, and the button does", async () => {
  await open(2);
  await press("a", true);
  assert.equal(server.asked("approve_batch").length, 0);
  $("#bulk-approve").click();
  $("#bulk-approve").click();
  await idle();
  assert.deepEqual(approved, ["g0", "g1"]);
  assert.equal(server.asked("approve_batch").length, 1);
});

test("arrows move the focus and stop at the ends", async () => {
  await open(3);
  const seen = [];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowDown"]) {
    await press(key);
    seen.push(boxes().indexOf(document.activeElement));
  }
  // happy-dom lays out one column.
  assert.deepEqual(seen, [1, 2, 2, 1, 0, 0, 1]);
});

const DRAWN = (number, drawn) => Object.assign(new Server(Array.from({ length: number }, (_, i) => groupOf(`g${i}`, { within_budget: true }))), { drawn });

test("what will be asked is not shown before, and goes with the batch whatever is unticked", async () => {
  await offer(DRAWN(4, ["g1", "g3"]));
  assert.equal(boxes().length, 2);
  assert.match(text("bulk-text"), /^4 sets undecided.* 2 sets of the batch, drawn at random, are not approved but asked one by one/);
  assert.equal(text("bulk-approve"), "A Approve 2 sets as suggested, ask me about 2");
  boxes()[0].click();
  await press("a");
  assert.deepEqual(server.requests.at(-1).body.group_ids, ["g1", "g3", "g2"]);
  assert.deepEqual([approved, asked], [["g2"], ["g1", "g3"]]);
});

test("a batch of few sets is asked one by one", async () => {
  await offer(DRAWN(2, ["g0", "g1"]));
  assert.ok($("#bulk-grid").hidden);
  assert.equal(text("bulk-approve"), "A Ask me about 2 sets");
  await press("a");
  assert.deepEqual([approved, asked], [[], ["g0", "g1"]]);
});

test("the dialog says why batches are off, and offers nothing", async () => {
  const made = new Server([]);
  made.why = "Batches are off: of 20 sets 9 were wrong.";
  await offer(made);
  assert.equal(text("bulk-text"), "Batches are off: of 20 sets 9 were wrong.");
  assert.ok($("#bulk-approve").hidden);
});

test("the budget is that of the project in view, and the summary names it", async () => {
  session.project = "valley";
  await open(1);
  assert.equal(server.asked("budget")[0].query.get("project"), "valley");
  assert.match(text("bulk-text"), /^1 set undecided.*, project valley\./);
});

test("a set that is not rated is called by its picture's name", () => {
  assert.equal(bulk.captionOf(groupOf("a", { confidence: null, project: "", crop: { offered: false } }), imageOf(0)), "stage1");
  assert.equal(bulk.captionOf(groupOf("a", { project: "", crop: { box: null } }), imageOf(0)), "choice 86 % · kept whole 74 %");
});

test("numbers in the summary have separators", () => {
  assert.match(bulk.summaryText(12000, 1048, ""), /^12,000 sets undecided.* had 1,048 before/);
});

test("what is approved states the versions that were offered, and those that were drawn later", async () => {
  await open(2);
  session.groups.clear();
  await press("a");
  assert.deepEqual(server.requests.at(-1).body.suggestion_versions, { g0: "first", g1: "first" });
  server = new Server([groupOf("g0", { within_budget: true })]);
  server.budget = () => ({ group_ids: ["g0"], asked: [], why: "", versions: { g0: "older" }, levels: [], crops: {} });
  await bulk.open(async (ids) => { approved = ids; });
  await press("a");
  assert.deepEqual(server.requests.at(-1).body.suggestion_versions, { g0: "first" });
});

test("where a suggestion changed nothing is approved, and the sets are offered anew with the ticks as they were", async () => {
  await open(3);
  boxes()[1].click();
  server.suggest("g0", { suggested: 0 });
  await press("a");
  assert.deepEqual([approved, $("#bulk").open], [null, true]);
  assert.match(text("bulk-text"), /^Suggestions changed; nothing was approved, and here are the new ones\. 3 sets/);
  assert.deepEqual(boxes().map((box) => box.checked), [true, false, true]);
  await press("a");
  assert.deepEqual(approved, ["g0", "g2"]);
  await open(1);
  assert.match(text("bulk-text"), /^1 set undecided/);
});

test("a refusal for another reason is told, and nothing is offered anew", async () => {
  await open(1);
  server.failure = [400, { error: "decided already" }];
  await assert.rejects(press("a"), /decided already/);
  assert.equal(server.asked("budget").length, 1);
});

const LEVELS = [{ budget: 0.01, sets: 1, about: 0, at_most: 0 }, { budget: 0.05, sets: 3, about: 1, at_most: 0 }];

async function openLevels() {
  const made = new Server(["g0", "g1", "g2"].map((id) => groupOf(id, { within_budget: true })));
  Object.assign(made, { levels: LEVELS, least: { g0: 0.01, g1: 0.05, g2: 0.05 } });
  await offer(made);
}

test("a slider goes from strict to generous, and its counts say how many may be wrong", async () => {
  await openLevels();
  assert.equal(text("bulk-count"), "3 sets, about 1 wrong, at most 0 with 95 % (the error budget of 5 %)");
  assert.deepEqual([$("#bulk-level").value, $("#bulk-level").max, boxes().length], ["1", "1", 3]);
  boxes()[0].click();
  await press("-");
  assert.equal(text("bulk-count"), "1 set, about 0 wrong, at most 0 with 95 % (the error budget of 1 %)");
  assert.deepEqual(boxes().map((box) => box.checked), [false]);
  await press("-");
  assert.equal(server.asked("budget").length, 2);
  await press("+");
  assert.deepEqual(boxes().map((box) => box.checked), [false, true, true]);
});

test("counts go along while the slider is moved, and the sets follow once it rests", async () => {
  await openLevels();
  $("#bulk-level").value = "0";
  $("#bulk-level").dispatchEvent(new window.Event("input"));
  assert.match(text("bulk-count"), /^1 set,/);
  assert.equal(boxes().length, 3);
  $("#bulk-level").dispatchEvent(new window.Event("change"));
  await idle();
  assert.equal(boxes().length, 1);
  await press("a");
  assert.deepEqual(server.requests.at(-1).body.group_ids, ["g0"]);
});

test("with one error budget there is nothing to choose", async () => {
  await openLevels();
  server.levels = LEVELS.slice(1);
  await bulk.open(async () => {});
  assert.ok($("#bulk-level").disabled);
  await open(0);
  assert.ok($("#bulk-levels").hidden);
});

const unsure = (ids, number = 4) => new Server(Array.from({ length: number }, (_, i) => groupOf(`g${i}`, { within_budget: true, ...(ids.includes(`g${i}`) ? { crop: { confidence: 0.31 } } : {}) })));

test("unsure crops of a batch are shown and asked about once, before any is taken", async () => {
  await offer(unsure(["g1", "g3"]));
  assert.match(document.querySelectorAll(".bulk-item label")[1].textContent, /unsure crop 31 %/);
  await press("a");
  assert.equal(server.asked("approve_batch").length, 0);
  assert.equal(text("bulk-text"), "2 sets of the batch have crops that are unsure; here they are. A takes these crops too, K keeps these pictures whole; untick what needs a look of its own.");
  assert.deepEqual(boxes().map((box) => box.checked), [true, true]);
  assert.equal(document.activeElement, boxes()[0]);
  assert.equal(text("bulk-approve"), "A Approve 4 sets as suggested");
  assert.ok(!$("#bulk-whole").hidden);
  await press("a");
  assert.deepEqual(server.requests.at(-1).body.keep_whole, []);
  assert.deepEqual(approved, ["g0", "g1", "g2", "g3"]);
});

test("the pictures of unsure crops are kept whole by K, and by its button", async () => {
  for (const act of [() => press("k"), async () => { $("#bulk-whole").click(); await idle(); }]) {
    await offer(unsure(["g1", "g3"]));
    // K is of no use before the crops were shown.
    await press("k");
    await press("a");
    boxes()[1].click();
    assert.equal(text("bulk-whole"), "K Keep 1 set whole");
    await act();
    assert.equal(server.asked("approve_batch").length, 1);
    assert.deepEqual(server.requests.at(-1).body.keep_whole, ["g1"]);
    assert.deepEqual(approved, ["g0", "g1", "g2"]);
  }
});

test("an unsure crop that was not drawn yet is asked about all the same", async () => {
  await offer(unsure(["g29"], 30));
  assert.equal(boxes().length, 24);
  await press("a");
  assert.equal(boxes().length, 1);
  assert.equal(server.asked("load_batch").at(-1).query.get("id"), "g29");
});

test("what is unticked is not asked about, and what is asked one by one neither", async () => {
  await offer(Object.assign(unsure(["g1", "g3"]), { drawn: ["g3"] }));
  boxes()[1].click();
  await press("a");
  assert.deepEqual(approved, ["g0", "g2"]);
});

test("where a suggestion changes after the question, the question is asked anew", async () => {
  await offer(unsure(["g1"]));
  await press("a");
  server.suggest("g0", { suggested: 0 });
  await press("a");
  assert.deepEqual([approved, boxes().length], [null, 4]);
  await press("a");
  assert.equal(boxes().length, 1);
  await press("a");
  assert.equal(approved.length, 4);
});
