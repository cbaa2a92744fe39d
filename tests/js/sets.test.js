import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import * as sets from "../../prefml/review/static/sets.js";
import { idle, text } from "./page.js";
import { Server, groupOf } from "./server.js";

const press = (key, repeat = false) => sets.handleKey({ key, shift: false, repeat });
const boxes = () => [...document.querySelectorAll("#sets-own input")];
const ticked = () => boxes().filter((box) => box.checked).map((box) => boxes().indexOf(box));
const disabled = () => ["split", "move", "join"].filter((name) => document.getElementById(`sets-${name}`).disabled);
const sent = () => server.asked("regroup").map(({ body: { group_id, images, to, suggestion_versions } }) => ({ group_id, images, to, suggestion_versions }));
let server, told;

async function open(id, groups = [groupOf("a"), groupOf("b"), groupOf("c", { state: "approved" }), groupOf("other", { project: "valley" })]) {
  document.getElementById("sets").close();
  server = new Server(groups);
  told = [];
  await sets.open(server.groups.get(id), async (answer, words) => { told.push(words); }, async (group) => { told.push(["stale", group.group_id]); });
}

beforeEach(() => open("a"));

test("the pictures of the set can be ticked, and the set that follows in its project is beside it", () => {
  assert.ok(sets.isOpen());
  assert.equal(document.activeElement.getAttribute("aria-label"), "Picture 1, 20250705_200000_stage1.png");
  assert.equal(text("sets-place"), "Other set 1 of 2: 3 pictures");
  assert.equal(document.querySelectorAll("#sets-other img").length, 3);
  assert.deepEqual(disabled(), ["split", "move"]);
});

test("the last set of a project has the one before it beside it", async () => {
  await open("c");
  assert.equal(text("sets-place"), "Other set 2 of 2: 3 pictures");
});

test("the other set is chosen round the ends, and a decided one says what becomes of its decision", async () => {
  await press("ArrowDown");
  assert.equal(text("sets-place"), "Other set 2 of 2: 3 pictures, approved (a change takes that back)");
  await press("ArrowDown");
  assert.equal(text("sets-place"), "Other set 1 of 2: 3 pictures");
  document.getElementById("sets-before").click();
  await idle();
  assert.match(text("sets-place"), /^Other set 2/);
  document.getElementById("sets-after").click();
  await idle();
  assert.match(text("sets-place"), /^Other set 1/);
});

test("numbers tick and untick, and what is ticked stays when another set is chosen", async () => {
  for (const key of ["1", "3", "1", "9"]) await press(key);
  await press("ArrowDown");
  assert.deepEqual(ticked(), [2]);
  assert.deepEqual(disabled(), []);
});

test("arrows move between the pictures and stop at the ends", async () => {
  const seen = [];
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowRight", "ArrowRight"]) {
    await press(key);
    seen.push(boxes().indexOf(document.activeElement));
  }
  assert.deepEqual(seen, [0, 1, 2, 2]);
});

test("N splits off what is ticked", async () => {
  await press("n");
  assert.deepEqual(sent(), []);
  for (const key of ["3", "1", "n"]) await press(key);
  assert.deepEqual(sent(), [{ group_id: "a", images: [0, 2], to: null, suggestion_versions: { a: "first" } }]);
  assert.deepEqual(told, ["Split: 2 pictures in a set of their own; Z takes it back"]);
  assert.ok(!sets.isOpen());
});

test("M moves what is ticked to the other set", async () => {
  for (const key of ["ArrowDown", "2", "m"]) await press(key);
  assert.deepEqual(sent(), [{ group_id: "a", images: [1], to: "c", suggestion_versions: { a: "first", c: "first" } }]);
  assert.match(told[0], /^Moved 1 picture;/);
});

test("J joins both sets, whatever is ticked", async () => {
  for (const key of ["2", "j"]) await press(key);
  assert.deepEqual(sent(), [{ group_id: "a", images: [0, 1, 2], to: "b", suggestion_versions: { a: "first", b: "first" } }]);
  assert.match(told[0], /^Joined;/);
});

test("a set cannot be split into itself and nothing", async () => {
  for (const key of ["1", "2", "3", "n"]) await press(key);
  assert.deepEqual([disabled(), sent()], [["split"], []]);
});

test("a key that is held down changes nothing", async () => {
  await press("1", true);
  await press("j", true);
  assert.deepEqual([ticked(), sent()], [[], []]);
});

test("a project of one set can still be split, and nothing else", async () => {
  await open("other");
  assert.equal(text("sets-place"), "No other set in this project");
  await press("ArrowDown");
  await press("1");
  assert.deepEqual(disabled(), ["move", "join"]);
});

test("a set that is another by now is not changed, and shown", async () => {
  server.suggest("b", {});
  await press("j");
  assert.deepEqual(told, [["stale", "a"]]);
  assert.ok(!sets.isOpen());
});

test("a refusal is told in the dialog, which stays", async () => {
  server.failure = [400, { error: "group a was settled before" }];
  await press("j");
  assert.deepEqual([text("sets-note"), sets.isOpen(), told], ["Not done: group a was settled before", true, []]);
});

test("a picture that cannot be read can be ticked by its name", async () => {
  const [first, ...rest] = groupOf("a").images;
  await open("a", [groupOf("a", { images: [{ ...first, version: null, width: null, height: null }, ...rest] })]);
  assert.equal(document.querySelector("#sets-own img").getAttribute("src"), null);
  await press("1");
  assert.deepEqual(ticked(), [0]);
});

test("what is possible follows from what is ticked", () => {
  assert.deepEqual(sets.possible(0, 3, true), { split: false, move: false, join: true });
  assert.deepEqual(sets.possible(3, 3, true), { split: false, move: true, join: true });
  assert.deepEqual(sets.possible(1, 3, false), { split: true, move: false, join: false });
});
