import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { commandNamed, outcomeText, perform } from "../../prefml/review/static/actions.js";
import * as cropper from "../../prefml/review/static/cropper.js";
import { configure } from "../../prefml/review/static/geometry.js";
import { enqueueInput } from "../../prefml/review/static/jobs.js";
import { loadQueue, showAt } from "../../prefml/review/static/screen.js";
import { currentGroup, currentId, readDraft, receive, session, writeDraft } from "../../prefml/review/static/session.js";
import { idle, text, until } from "./page.js";
import { Server, groupOf, imageOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const BOX = [0.1, 0.05, 0.9, 0.85];
const $ = (selector) => document.querySelector(selector);
const act = (name, index) => perform(index === undefined ? { name } : { name, index });
const keptBy = (fields) => ({ final_index: 2, crop_coords: null, crop_by_hand: false, crop_source: null, timestamp: "", ...fields });
let server;

/** Return what was sent of the latest decision, without what was on the page. */
function sent() {
  const { group_id, action, final_choice, crop_coords, crop_by_hand, shown } = server.asked("decide").at(-1).body;
  return JSON.parse(JSON.stringify({ group_id, action, final_choice, crop_coords, crop_by_hand, key: shown.key }));
}

async function open(groups) {
  server = new Server(groups);
  await loadQueue("all", "");
  await showAt(session.index);
}

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  if (cropper.isEditing()) cropper.stop();
  Object.assign(session, { hidden: false, cropVisible: true });
  await open([groupOf("a"), groupOf("b"), groupOf("c", { within_budget: true })]);
});

const DECISIONS = {
  approve: [["approve"], { action: "approved", final_choice: 2, crop_coords: BOX, key: "approve" }],
  "choose the suggested picture": [["choose", 2], { action: "approved", final_choice: 2, crop_coords: BOX, key: "choose" }],
  "choose another": [["choose", 0], { action: "overridden", final_choice: 0, crop_coords: BOX, key: "choose" }],
  keep: [["keep"], { action: "approved", final_choice: 2, crop_coords: null, key: "keep" }],
  hand: [["hand"], { action: "overridden", final_choice: 2, crop_by_hand: true, key: "hand" }],
  reject: [["reject"], { action: "rejected", key: "reject" }],
  skip: [["skip"], { action: "skipped", key: "skip" }],
};
for (const [name, [command, expected]] of Object.entries(DECISIONS)) {
  test(`a decision is sent and the next set shown: ${name}`, async () => {
    await act(...command);
    assert.deepEqual(sent(), { group_id: "a", ...expected });
    assert.equal(currentId(), "b");
  });
}

test("after the last set that waits the end is shown", async () => {
  for (const name of ["approve", "reject", "skip"]) await act(name);
  assert.equal(currentGroup(), null);
  await act("approve");
  assert.equal(text("status"), "No set here; ↑ goes back");
  assert.equal(server.asked("decide").length, 3);
});

test("a picture that is not there is not chosen or held", async () => {
  for (const name of ["choose", "hold"]) {
    await act(name, 3);
    assert.equal(text("status"), "There is no picture 4");
  }
  assert.deepEqual([server.asked("decide").length, session.held], [0, null]);
});

test("a held picture is what the next command is about", async () => {
  await act("hold", 1);
  assert.ok($(".tile:nth-child(2)").classList.contains("held"));
  assert.equal(text("status"), "Picture 2 is held: K, X, M or A are about it");
  await act("keep");
  assert.deepEqual(sent(), { group_id: "a", action: "overridden", final_choice: 1, crop_coords: null, key: "keep" });
  assert.equal(text("status"), "Last: picture 2, kept whole, your choice");
});

test("a held picture is let go when it is held again", async () => {
  await act("hold", 1);
  await act("hold", 1);
  assert.deepEqual([session.held, text("status")], [null, ""]);
});

test("to approve a hidden suggestion shows it first", async () => {
  session.hidden = true;
  await act("approve");
  assert.equal(server.asked("decide").length, 0);
  assert.equal(document.querySelectorAll(".suggested").length, 1);
  await act("approve");
  assert.equal(sent().action, "approved");
});

test("a picture that is held is approved though the suggestion is hidden", async () => {
  session.hidden = true;
  await act("hold", 0);
  await act("approve");
  assert.equal(sent().final_choice, 0);
});

test("a suggestion that was asked for is hidden again with the others", async () => {
  session.hidden = true;
  await act("approve");
  await act("hide");
  await act("hide");
  assert.equal(document.querySelectorAll(".suggested").length, 0);
});

test("with a hidden suggestion a crop needs a choice", async () => {
  session.hidden = true;
  for (const name of ["keep", "hand", "edit"]) {
    await act(name);
    assert.match(text("status"), /^Choose a picture first/);
  }
  assert.ok(!cropper.isEditing());
});

test("where nothing is suggested there is nothing to approve", async () => {
  await open([groupOf("a", { suggested: null })]);
  await act("approve");
  assert.equal(text("status"), "Nothing is suggested here: 1 to 9 choose");
});

test("to approve a set that was overridden takes the suggestion back", async () => {
  await open([groupOf("a", { state: "overridden", decision: keptBy({ final_index: 0 }) })]);
  await showAt(0);
  await act("approve");
  assert.deepEqual(sent(), { group_id: "a", action: "approved", final_choice: 2, key: "approve" });
});

test("to approve a draft decides the drafted box on its picture", async () => {
  writeDraft(currentGroup(), 1, [0, 0, 0.5, 0.5]);
  await act("approve");
  assert.deepEqual(sent(), { group_id: "a", action: "overridden", final_choice: 1, crop_coords: [0, 0, 0.5, 0.5], key: "approve" });
});

test("an outcome is told in words", () => {
  const before = groupOf("a");
  const told = (state, fields) => outcomeText(before, { ...before, state, decision: keptBy(fields) });
  assert.equal(told("approved", { crop_coords: BOX }), "Last: picture 3, cropped, as suggested");
  assert.equal(told("overridden", { final_index: 0 }), "Last: picture 1, kept whole, your choice");
  assert.equal(told("overridden", { crop_by_hand: true }), "Last: picture 3, cropped by hand, your choice");
  assert.equal(told("rejected", { final_index: null }), "Last: none is good");
  session.hidden = true;
  assert.equal(told("overridden", { final_index: 0 }), "Last: picture 1, kept whole, your choice (suggested: 3)");
});

test("the editor opens on the selected picture, with the crop shown", async () => {
  session.cropVisible = false;
  await act("edit");
  assert.deepEqual([cropper.edited().index, session.cropVisible], [2, true]);
  cropper.stop();
  await act("next");
  assert.equal(document.querySelectorAll(".crop").length, 1);
});

test("the only picture of a set is edited though nothing is suggested", async () => {
  await open([groupOf("a", { images: [imageOf(0)], suggested: null })]);
  await act("edit");
  assert.equal(cropper.edited().index, 0);
});

test("the crop is shown and hidden", async () => {
  await act("crop");
  assert.deepEqual([document.querySelectorAll(".crop").length, $("#crop-toggle").getAttribute("aria-pressed")], [0, "false"]);
  await act("crop");
  assert.deepEqual([document.querySelectorAll(".crop").length, $("#crop-toggle").getAttribute("aria-pressed")], [1, "true"]);
});

test("that suggestions are hidden is remembered", async () => {
  await act("hide");
  assert.deepEqual([session.hidden, $("#hide").getAttribute("aria-pressed")], [true, "true"]);
  assert.equal(localStorage.getItem("prefml.0123456789ab.hidden"), "true");
});

test("next and back decide nothing", async () => {
  await act("next");
  await act("next");
  await act("back");
  assert.deepEqual([currentId(), server.asked("decide").length], ["b", 0]);
});

test("undo shows the set that it changed", async () => {
  await act("reject");
  await act("next");
  await act("undo");
  assert.deepEqual([currentId(), text("status"), text("state")], ["a", "Undone: none is good", "undecided"]);
  await act("undo");
  assert.equal(text("status"), "Nothing to undo");
  await act("redo");
  assert.equal(text("status"), "Nothing to redo");
});

test("undo of a set outside the filter leaves the filter", async () => {
  await act("reject");
  session.ids = ["b", "c"];
  session.filter = "pending";
  await act("undo");
  assert.deepEqual([currentId(), session.filter], ["a", "all"]);
});

test("an unsure crop is shown and asked about once, whichever key keeps the picture", async () => {
  const unsure = (fields = {}) => groupOf("a", { crop: { confidence: 0.31 }, ...fields });
  for (const [command, index] of [[["approve"], 2], [["choose", 2], 2], [["choose", 0], 0]]) {
    await open([unsure(), groupOf("b")]);
    await showAt(0);
    session.cropVisible = false;
    await act(...command);
    assert.deepEqual([server.asked("decide").length, currentId()], [0, "a"]);
    assert.match(text("status"), /^This crop is unsure: /);
    assert.equal(document.querySelectorAll(".crop").length, 1);
    assert.equal($(`.tile:nth-child(${index + 1}) .crop`).dataset.box, BOX.join());
    await act(...command);
    assert.deepEqual([sent().final_choice, sent().crop_coords, currentId()], [index, BOX, "b"]);
  }
  await open([unsure({ state: "overridden", decision: keptBy({ final_index: 0, crop_coords: [0, 0, 0.5, 0.5] }) })]);
  await showAt(0);
  await act("choose", 1);
  assert.deepEqual(sent().crop_coords, [0, 0, 0.5, 0.5]);
  await showAt(0);
  await act("approve");
  assert.equal($(".tile:nth-child(3) .crop").dataset.box, BOX.join());
  await act("keep");
  assert.deepEqual([sent().final_choice, sent().crop_coords], [2, null]);
});

test("what is submitted is counted", async () => {
  await act("reject");
  await act("submit");
  assert.equal(text("status"), "1 set submitted; prefml apply shows what it would do with them");
});

test("the dialogs open", async () => {
  for (const [name, id] of [["help", "help"], ["tags", "tags"], ["sets", "sets"], ["zoom", "zoom"], ["bulk", "bulk"]]) {
    await act(name);
    assert.ok(document.getElementById(id).open, id);
    document.getElementById(id).close();
  }
  assert.ok(session.zoomed);
});

test("after a batch the next set that waits is shown", async () => {
  await open([groupOf("a", { within_budget: true }), groupOf("b")]);
  await act("bulk");
  $("#bulk-approve").click();
  await until(() => currentId() === "b" && text("status"));
  assert.equal(text("status"), "1 set approved together; Z takes them back");
});

/** Split the first picture off the set in view. */
async function split() {
  await act("sets");
  document.querySelector("#sets-own input").click();
  document.getElementById("sets-split").click();
  await idle();
}

test("after a split what is left of the set is in view, without a suggestion", async () => {
  await split();
  assert.deepEqual([currentId(), session.ids.length, currentGroup().images.length], ["a-", 4, 2]);
  assert.match(text("status"), /^Split: 1 picture in a set of its own; Z takes it back/);
  assert.match(text("chips"), /changed by you, no suggestion yet/);
  assert.match(text("why"), /None yet.*prefml suggest rates it/);
  await act("approve");
  assert.equal(text("status"), "Nothing is suggested here: 1 to 9 choose");
});

test("undo of a split shows the set as it was, and the list has it again", async () => {
  await split();
  await act("undo");
  assert.deepEqual([currentId(), session.ids, text("status")], ["a", ["a", "b", "c"], "Undone: change of sets"]);
});

test("a set that was joined from outside the list is shown in that of all", async () => {
  await act("sets");
  session.filter = "flagged";
  server.queue = ((all) => (query) => (query.get("filter") === "all" ? all.call(server, query) : { ...all.call(server, query), group_ids: [] }))(server.queue);
  document.getElementById("sets-join").click();
  await idle();
  assert.deepEqual([currentId(), session.filter], ["b+", "all"]);
});

test("a set that was suggested anew is shown and not changed", async () => {
  await act("sets");
  server.suggest("a", { suggested: 0 });
  document.querySelector("#sets-own input").click();
  document.getElementById("sets-split").click();
  await idle();
  assert.deepEqual([currentId(), server.groups.size, text("status")], ["a", 3, "The suggestion changed; here is the new one. Decide again."]);
  assert.ok(!document.getElementById("sets").open);
});

/** Approve a batch of which set c is withheld. */
async function openAudit() {
  await open([groupOf("a"), groupOf("c", { within_budget: true }), groupOf("b", { within_budget: true })]);
  server.drawn = ["c"];
  await act("bulk");
  $("#bulk-approve").click();
  await until(() => currentId() === "c" && text("status"));
}

test("after a batch the sets that are asked one by one are shown, without a suggestion", async () => {
  await openAudit();
  assert.equal(text("status"), "1 set approved together; Z takes them back. 1 set is asked one by one");
  assert.equal(document.querySelector('[data-suggested="true"]'), null);
  assert.match(text("why"), /drawn at random from a batch/);
  await act("approve");
  assert.equal(text("status"), "Asked without a suggestion: 1 to 9 choose");
  assert.equal(server.asked("decide").length, 0);
});

test("of an audited set the frame is asked for with the picture", async () => {
  await openAudit();
  await act("choose", 1);
  assert.ok(cropper.isEditing());
  assert.match(text("status"), /^Picture 2: set its frame/);
  cropper.stop();
  await perform({ name: "hold", index: 1 });
  await act("keep");
  assert.deepEqual(sent(), { group_id: "c", action: "overridden", final_choice: 1, crop_coords: null, key: "keep" });
  assert.equal(text("status"), "Last: picture 2, kept whole, asked without a suggestion");
});

test("a frame drawn on an audited set is used by A", async () => {
  await openAudit();
  writeDraft(currentGroup(), 0, [0, 0, 0.5, 0.5]);
  await act("approve");
  assert.deepEqual(sent().crop_coords, [0, 0, 0.5, 0.5]);
});

test("an answered audit does not tell whether it was what had been suggested", async () => {
  await openAudit();
  await act("choose", 0);
  cropper.stop();
  await perform({ name: "hold", index: 0 });
  await act("keep");
  await showAt(session.ids.indexOf("c"));
  assert.equal(text("state"), "answered");
});

test("a button names a command or is a fault", () => {
  assert.deepEqual(commandNamed("approve"), { name: "approve" });
  assert.deepEqual(commandNamed("help"), { name: "help" });
  assert.throws(() => commandNamed("dance"), /no command dance/);
});

const OTHER = [0.3, 0.3, 0.8, 0.8];
const CHANGE = { suggested: 0, crop: { ...groupOf("x").crop, box: OTHER } };
const decided = () => [...server.groups.values()].filter((group) => group.state !== "pending").map((group) => group.group_id);

test("a decision states the version that is drawn", async () => {
  await act("approve");
  assert.equal(server.asked("decide")[0].body.suggestion_version, "first");
});

for (const [name, [command]] of Object.entries(DECISIONS)) {
  test(`nothing is decided on a suggestion that changed, and the new one is shown: ${name}`, async () => {
    server.suggest("a", CHANGE);
    await act(...command);
    assert.deepEqual([decided(), currentId(), text("status")], [[], "a", "The suggestion changed; here is the new one. Decide again."]);
    assert.equal($(".tile.suggested .image").dataset.index, "0");
    assert.equal($(".crop").dataset.box, OTHER.join());
    await act("approve");
    assert.deepEqual([decided(), server.asked("decide").at(-1).body.suggestion_version], [["a"], "second"]);
  });
}

test("a second press that waited while the new suggestion was loaded decides nothing", async () => {
  server.suggest("a", CHANGE);
  for (let press = 0; press < 3; press += 1) enqueueInput(() => act("approve"));
  await idle();
  assert.deepEqual([decided(), currentId(), text("status")], [[], "a", "The suggestion changed; here is the new one. Decide again."]);
});

test("what arrives while a set is in view is drawn before a command is about it", async () => {
  const asked = [["approve"], ["choose", 1], ["hold", 1], ["edit"], ["zoom"]];
  for (const command of asked) {
    await open([groupOf("a"), groupOf("b")]);
    server.suggest("a", CHANGE);
    receive({ groups: [server.groups.get("a")] });
    await act(...command);
    assert.deepEqual([decided(), session.held, cropper.isEditing(), $("#zoom").open], [[], null, false, false], command[0]);
    assert.equal($(".tile.suggested .image").dataset.index, "0");
  }
});

test("a crop that was drawn stays where the suggestion changes, and this is said", async () => {
  writeDraft(currentGroup(), 1, OTHER);
  server.suggest("a", { suggested: 0 });
  await act("approve");
  assert.deepEqual([decided(), readDraft(currentGroup())], [[], { index: 1, box: OTHER }]);
  assert.match(text("status"), /your crop is still drawn/);
  await act("approve");
  assert.deepEqual(sent(), { group_id: "a", action: "overridden", final_choice: 1, crop_coords: OTHER, key: "approve" });
});

test("a set that is no longer suggested is left, and this is said", async () => {
  server.suggest("a", null);
  await act("approve");
  assert.deepEqual([decided(), currentId()], [[], "b"]);
  assert.equal(text("status"), "This set is no longer suggested; nothing was decided.");
});

test("a set that leaves the filter by its new suggestion is shown all the same", async () => {
  server.suggest("a", CHANGE);
  server.queue = (query) => {
    const answer = Server.prototype.queue.call(server, query);
    return query.get("filter") === "uncertain" ? { ...answer, group_ids: ["b"] } : answer;
  };
  session.filter = "uncertain";
  await act("approve");
  assert.deepEqual([currentId(), session.filter], ["a", "all"]);
});

test("a hidden suggestion that changed stays hidden", async () => {
  session.hidden = true;
  server.suggest("a", CHANGE);
  await act("choose", 2);
  assert.equal(text("status"), "The hidden suggestion changed. Decide again.");
  assert.equal(document.querySelectorAll("#group .suggested").length, 0);
});
