import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import * as cropper from "../../prefml/review/static/cropper.js";
import { configure } from "../../prefml/review/static/geometry.js";
import { drawHidden, loadQueue, redraw, showAt, spoken } from "../../prefml/review/static/screen.js";
import { receive, session } from "../../prefml/review/static/session.js";
import { settle, text } from "./page.js";
import { Server, groupOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const $ = (selector) => document.querySelector(selector);

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  Object.assign(session, { hidden: false, revealed: false, held: null, filter: "all", project: "" });
});

async function open(groups) {
  const server = new Server(groups);
  await loadQueue("all", "");
  await showAt(session.index);
  return server;
}

test("a set is loaded, drawn, focused, remembered and announced", async () => {
  await open([groupOf("a"), groupOf("b")]);
  await showAt(1, "Undone");
  assert.equal($("#group").dataset.groupId, "b");
  assert.equal(document.activeElement, $("#group"));
  assert.equal(sessionStorage.getItem("prefml.at"), "b");
  assert.equal(text("progress-text"), "0 of 2 reviewed");
  assert.match(text("why"), /^SuggestionPicture 3: very likely/);
  await settle(200);
  assert.equal(text("announce"), "Undone. Set 2 of 2 · harbour, picture 3 suggested, very likely (86 %)");
});

test("there is nothing before the first set, and behind the last is the end", async () => {
  await open([groupOf("a"), groupOf("b")]);
  await showAt(-1);
  assert.equal(session.index, 0);
  await showAt(9);
  assert.equal(session.index, 2);
  assert.equal(document.activeElement, $("#end"));
  await settle(200);
  assert.equal(text("announce"), "End of the list");
});

test("what was about the set before does not hold for the next", async () => {
  await open([groupOf("a"), groupOf("b")]);
  Object.assign(session, { held: 1, revealed: true, zoomed: true });
  cropper.start(session.groups.get("a"), 0);
  await showAt(1);
  assert.deepEqual([session.held, session.revealed, session.zoomed, cropper.isEditing()], [null, false, false, false]);
});

test("a set is described by its state, its suggestion or that this is hidden", async () => {
  await open([groupOf("a")]);
  const where = "Set 1 of 1 · harbour";
  assert.equal(spoken(groupOf("a", { state: "overridden" })), `${where}, your choice`);
  assert.equal(spoken(groupOf("a", { suggested: null })), where);
  assert.equal(spoken(groupOf("a", { suggested: null, awaiting: true })), `${where}, changed by you, no suggestion yet`);
  session.hidden = true;
  assert.equal(spoken(groupOf("a")), `${where}, suggestion hidden`);
});

test("the lists above name the filter and the projects", async () => {
  new Server([groupOf("a"), groupOf("b", { project: "valley" }), groupOf("c", { project: "" })]);
  await loadQueue("pending", "valley");
  assert.deepEqual([...$("#project").options].map((option) => option.textContent), ["all projects", "harbour", "valley"]);
  assert.deepEqual([$("#project").value, $("#filter").value], ["valley", "pending"]);
  assert.deepEqual([session.filter, session.project], ["pending", "valley"]);
});

test("suggestions that cannot be used are told", async () => {
  const server = new Server([groupOf("a")]);
  server.problems = ["line 3: no images", "line 7: no images"];
  await loadQueue("all", "");
  assert.equal(text("status"), "2 suggestions cannot be used: line 3: no images");
});

test("the button says whether suggestions are hidden", () => {
  for (const hidden of [true, false]) {
    session.hidden = hidden;
    drawHidden();
    assert.equal($("#hide").getAttribute("aria-pressed"), String(hidden));
  }
});

test("a suggestion that takes the place of the one that is drawn is told", async () => {
  await open([groupOf("a"), groupOf("b")]);
  document.getElementById("status").textContent = "";
  redraw();
  assert.equal(text("status"), "");
  receive({ groups: [groupOf("a", { version: "second", suggested: 0 })] });
  redraw();
  assert.equal(text("status"), "The suggestion changed; here is the new one. Decide again.");
  assert.deepEqual(session.seen, { id: "a", version: "second" });
  await showAt(2);
  assert.equal(session.seen, null);
});
