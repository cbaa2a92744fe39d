import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { perform } from "../../prefml/review/static/actions.js";
import * as cropper from "../../prefml/review/static/cropper.js";
import { configure } from "../../prefml/review/static/geometry.js";
import { claims, handleKey, isSwitchedOff, useCropTool } from "../../prefml/review/static/modes.js";
import { loadQueue, showAt } from "../../prefml/review/static/screen.js";
import { currentGroup, currentId, readDraft, session } from "../../prefml/review/static/session.js";
import { text } from "./page.js";
import { Server, groupOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const BOX = [0.1, 0.05, 0.9, 0.85];
const $ = (selector) => document.querySelector(selector);
const stroke = (key, fields = {}) => ({ key, shift: false, repeat: false, ...fields });
const press = (key, fields) => handleKey(stroke(key, fields));
const claimed = (keys) => keys.filter((key) => claims(stroke(key)));
const KEYS = ["a", "q", "1", "0", "+", "Enter", "Tab", "Escape", "ArrowUp", "ArrowLeft"];
let server;

const decision = () => { const { action, final_choice, crop_coords, crop_by_hand } = server.asked("decide").at(-1).body; return { action, final_choice, crop_coords, crop_by_hand }; };

beforeEach(async () => {
  localStorage.clear();
  sessionStorage.clear();
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  if (cropper.isEditing()) cropper.stop();
  Object.assign(session, { hidden: false, cropVisible: true });
  $("#keys-on").checked = true;
  server = new Server([groupOf("a", { within_budget: true }), groupOf("b")]);
  await loadQueue("all", "");
  await showAt(0);
});

test("a key is a command where no dialog is open", async () => {
  assert.deepEqual(claimed(KEYS), ["a", "1", "0", "Enter", "ArrowUp", "ArrowLeft"]);
  await press("q");
  await press("r");
  assert.deepEqual([decision().action, currentId()], ["rejected", "b"]);
});

test("the editor of sets takes its keys, and closes by the key that opened it", async () => {
  await press("g");
  assert.ok($("#sets").open);
  assert.deepEqual(claimed(["1", "ArrowUp", "ArrowLeft", "Tab", "Escape"]), ["1", "ArrowUp", "ArrowLeft"]);
  await press("2");
  assert.ok(document.querySelectorAll("#sets-own input")[1].checked);
  await press("g");
  assert.deepEqual([$("#sets").open, server.asked("decide").length], [false, 0]);
});

test("the help page takes the key that opened it, and keeps the others out", async () => {
  await press("?");
  await press("a");
  assert.ok($("#help").open);
  await press("?");
  assert.deepEqual([$("#help").open, server.asked("decide").length], [false, 0]);
});

test("the tags take arrows, numbers and T", async () => {
  await press("t");
  assert.deepEqual(claimed(KEYS), ["a", "1", "0", "+", "Enter", "ArrowUp", "ArrowLeft"]);
  await press("ArrowLeft");
  await press("2");
  assert.deepEqual(server.groups.get("a").images.map((image) => image.tags), [[], ["warped_wrist"], []]);
  await press("t");
  assert.ok(!$("#tags").open);
});

test("the batch takes arrows, A and B, and leaves the focus to the browser", async () => {
  await press("b");
  assert.deepEqual(claimed(KEYS), ["ArrowUp", "ArrowLeft"]);
  await press("r");
  assert.equal(server.asked("decide").length, 0);
  await press("b");
  assert.ok(!$("#bulk").open);
  await press("b");
  await press("a");
  assert.deepEqual([server.asked("approve_batch").length, currentId()], [1, "b"]);
});

test("at full size a picture is moved, and a decision closes it", async () => {
  await press("f");
  assert.deepEqual(claimed(KEYS), ["a", "1", "0", "+", "Enter", "ArrowUp", "ArrowLeft"]);
  for (const key of ["ArrowLeft", "+", "0", "m", "Enter"]) await press(key);
  assert.ok($("#zoom").open);
  await press("1");
  assert.deepEqual([$("#zoom").open, decision().final_choice], [false, 0]);
  assert.equal(server.asked("decide").at(-1).body.shown.full_size, true);
  await press("f");
  await press("f");
  assert.ok(!$("#zoom").open);
});

test("what is seen in place of the others at full size is kept whole or cropped", async () => {
  await press("f");
  await press("2", { shift: true });
  await press("x");
  assert.deepEqual([$("#zoom").open, cropper.edited().index], [false, 1]);
  await press("Escape");
  session.held = null;
  await press(" ");
  await press("1", { shift: true });
  await press("k");
  assert.deepEqual([decision().final_choice, decision().crop_coords], [0, null]);
});

test("Shift and an arrow open the editor and move the crop at once", async () => {
  await press("ArrowDown", { shift: true });
  assert.deepEqual(cropper.edited().box.map((edge) => edge.toFixed(2)), ["0.10", "0.10", "0.90", "0.90"]);
  await press("Enter");
  assert.deepEqual(decision().crop_coords.map((edge) => edge.toFixed(2)), ["0.10", "0.10", "0.90", "0.90"]);
});

test("the editor takes every key", async () => {
  await press("x");
  assert.deepEqual(claimed(KEYS), KEYS);
  await press("ArrowLeft");
  await press("q");
  assert.ok(cropper.isEditing());
});

test("Enter and A use the crop of the editor, and the full frame is none", async () => {
  await press("x");
  await press("ArrowDown", { shift: true });
  await press("Enter");
  assert.deepEqual([decision().action, decision().crop_coords.map((edge) => edge.toFixed(2))], ["approved", ["0.10", "0.10", "0.90", "0.90"]]);
  await press("x");
  await press("0");
  await press("a");
  assert.deepEqual(decision().crop_coords, null);
});

test("Enter with Shift does not use the crop", async () => {
  await press("x");
  await press("Enter", { shift: true });
  assert.ok(cropper.isEditing());
});

test("X leaves the box as a draft, Escape drops it", async () => {
  await press("x");
  await press("ArrowLeft");
  await press("x");
  assert.deepEqual([cropper.isEditing(), readDraft(currentGroup()).index], [false, 2]);
  assert.match(text("status"), /is a draft/);
  assert.equal(document.activeElement, $("#group"));
  await press("x");
  await press("Escape");
  assert.deepEqual([cropper.isEditing(), readDraft(currentGroup()), text("status")], [false, null, "Nothing is changed"]);
});

test("of keys held down in the editor only moves and sizes are repeated", async () => {
  await press("x");
  await press("ArrowLeft", { repeat: true });
  await press("-", { repeat: true });
  const box = cropper.edited().box;
  for (const key of ["x", "a", "Enter", "0", "Tab", "r"]) await press(key, { repeat: true });
  assert.deepEqual(cropper.edited().box, box);
  assert.notDeepEqual(box, BOX);
});

test("in the editor K, R, S and M decide about its picture", async () => {
  await press("1", { shift: true });
  await press("x");
  await press("k");
  assert.deepEqual(decision(), { action: "overridden", final_choice: 0, crop_coords: null, crop_by_hand: undefined });
  await press("x");
  await press("h");
  assert.ok(cropper.isEditing());
  await press("r");
  assert.equal(decision().action, "rejected");
});

test("single letters can be switched off, but not in the editor", async () => {
  $("#keys-on").checked = false;
  assert.deepEqual(["a", "1", "Enter", "ArrowUp"].map((key) => isSwitchedOff(stroke(key))), [true, true, false, false]);
  await perform({ name: "edit" });
  assert.ok(!isSwitchedOff(stroke("l")));
});

test("the buttons of the editor do what its keys do, and give it the focus back", async () => {
  await press("x");
  const seen = [];
  for (const name of ["larger", "smaller", "next", "reset"]) {
    $("#filter").focus();
    await useCropTool(name);
    assert.equal(document.activeElement, $(".crop.editing"));
    seen.push(cropper.edited().box);
  }
  assert.deepEqual(seen, [[0.095, 0.045, 0.905, 0.855], BOX, [0.2, 0.1, 0.7, 0.6], [0, 0, 1, 1]]);
  await useCropTool("lock");
  assert.ok(!cropper.edited().locked);
  await useCropTool("cancel");
  assert.ok(!cropper.isEditing());
  await press("x");
  await useCropTool("accept");
  assert.deepEqual(decision().crop_coords, BOX);
});

test("every button of the editor has a tool, and no other name", async () => {
  for (const button of document.querySelectorAll("[data-crop]")) {
    if (!cropper.isEditing()) await press("x");
    await useCropTool(button.dataset.crop);
  }
  await assert.rejects(useCropTool("toString"), /no crop tool toString/);
});
