import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach, mock } from "node:test";
import { session } from "../../prefml/review/static/session.js";
import * as tags from "../../prefml/review/static/tags.js";
import { TAGS, idle, text } from "./page.js";
import { Server, groupOf, imageOf } from "./server.js";

const press = (key) => tags.handleKey({ key, shift: false, repeat: false });
const ticked = () => [...document.querySelectorAll("#tags-table input")].filter((box) => box.checked).map((box) => box.getAttribute("aria-label"));
const focused = () => document.activeElement.getAttribute("aria-label");
let server;

beforeEach(() => {
  const group = groupOf("a", { images: [imageOf(0), imageOf(1, { tags: ["long_hand"] }), imageOf(2)] });
  server = new Server([group]);
  document.getElementById("tags").close();
  tags.open(group, 1);
});

test("the table has a row for each tag and a column for each picture", () => {
  assert.ok(tags.isTagging());
  const rows = [...document.querySelectorAll("#tags-table tbody th")].map((head) => head.textContent);
  assert.deepEqual(rows, TAGS.map((tag, index) => `${index + 1} ${tag.replaceAll("_", " ")}`));
  assert.equal(document.querySelectorAll("#tags-table tbody td").length, 9);
  assert.deepEqual(ticked(), ["long hand, picture 2"]);
});

test("the table opens on the picture that is selected, else the first", () => {
  assert.equal(focused(), "extra fingers, picture 2");
  tags.open(groupOf("a"), null);
  assert.equal(focused(), "extra fingers, picture 1");
});

test("arrows go round the pictures", async () => {
  const seen = [];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"]) {
    await press(key);
    seen.push(document.querySelector("th.current").textContent);
    assert.equal(focused(), `extra fingers, ${seen.at(-1).toLowerCase()}`);
  }
  assert.deepEqual(seen, ["Picture 3", "Picture 1", "Picture 3", "Picture 2", "Picture 1"]);
});

test("a number notes its tag or removes it, at once, and leaves the others", async () => {
  await press("1");
  assert.deepEqual(server.requests.at(-1).body.image_tags, { 0: [], 1: ["long_hand", "extra_fingers"], 2: [] });
  assert.equal(text("status"), "extra fingers noted on picture 2");
  assert.equal(focused(), "extra fingers, picture 2");
  assert.deepEqual(ticked(), ["extra fingers, picture 2", "long hand, picture 2"]);
  assert.deepEqual(session.groups.get("a").images[1].tags, ["long_hand", "extra_fingers"]);
  await press("3");
  assert.deepEqual(server.requests.at(-1).body.image_tags, { 0: [], 1: ["extra_fingers"], 2: [] });
  assert.equal(text("status"), "long hand removed from picture 2");
});

test("a tick by the mouse is saved too, and takes the focus", async () => {
  document.querySelectorAll("#tags-table input")[5].click();
  await idle();
  assert.deepEqual(server.groups.get("a").images.map((image) => image.tags), [[], ["long_hand"], ["warped_wrist"]]);
  assert.equal(focused(), "warped wrist, picture 3");
});

test("ticks that follow each other fast are all saved", async () => {
  const boxes = [...document.querySelectorAll("#tags-table input")];
  boxes[0].click();
  boxes[3].click();
  await idle();
  assert.deepEqual(server.groups.get("a").images.map((image) => image.tags), [["extra_fingers", "warped_wrist"], ["long_hand"], []]);
});

test("a tick that is not taken, because the server is silent, is not shown", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable();
  const flush = async () => { for (let i = 0; i < 50; i += 1) await null; };
  server.failure = new TypeError("Failed to fetch");
  document.querySelectorAll("#tags-table input")[0].click();
  await flush();
  document.querySelectorAll("#tags-table input")[3].click();
  assert.ok(!ticked().includes("warped wrist, picture 1"));
  server.failure = null;
  mock.timers.tick(250);
  await flush();
  assert.deepEqual(ticked(), ["extra fingers, picture 1", "long hand, picture 2"]);
});

test("other keys change nothing, and T and Enter close", async () => {
  for (const key of ["9", "0", "q", " "]) await press(key);
  assert.deepEqual([server.requests.length, tags.isTagging()], [0, true]);
  for (const key of ["t", "Enter"]) {
    await press(key);
    assert.ok(!tags.isTagging());
    tags.open(groupOf("a"), null);
  }
});

test("a tag is added or removed for one image", () => {
  const images = [imageOf(0, { tags: ["x"] }), imageOf(1, { tags: ["x", "y"] })];
  assert.deepEqual(tags.toggled(images, 1, "x"), { 0: ["x"], 1: ["y"] });
  assert.deepEqual(tags.toggled(images, 0, "y"), { 0: ["x", "y"], 1: ["x", "y"] });
  assert.deepEqual(images[1].tags, ["x", "y"]);
});
