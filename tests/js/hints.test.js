import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { dismiss, drawHint, loadHints, noteDone } from "../../prefml/review/static/hints.js";
import { drawCaps, useKeys } from "../../prefml/review/static/keymap.js";
import { session } from "../../prefml/review/static/session.js";
import { idle, text } from "./page.js";
import { Server, groupOf, imageOf } from "./server.js";

const hint = document.getElementById("hint");
let server;

async function show(group, seen = []) {
  server = new Server([group]);
  server.seen = [...seen];
  Object.assign(session, { ids: ["a"], index: 0, groups: server.groups, hidden: false });
  await loadHints();
}

const kept = () => server.asked("see_hint").map((request) => request.body.hint);

beforeEach(() => { useKeys({}); });

test("hints are shown one at a time, and none after the third", async () => {
  await show(groupOf("a"));
  const names = [];
  for (let turn = 0; turn < 3; turn += 1) {
    assert.ok(!hint.hidden);
    names.push(hint.dataset.hint);
    assert.ok(dismiss());
    await idle();
  }
  assert.deepEqual(names, ["decide", "look", "undo"]);
  assert.ok(hint.hidden);
  assert.ok(!dismiss());
  assert.deepEqual(kept(), names);
});

test("what was seen in the workspace is not shown again", async () => {
  await show(groupOf("a"), ["decide"]);
  assert.equal(hint.dataset.hint, "look");
  await show(groupOf("a"), ["decide", "look", "undo"]);
  assert.ok(hint.hidden);
});

test("a person who does the thing needs no hint at it, before or after it was due", async () => {
  await show(groupOf("a"));
  noteDone("flip");
  noteDone("loupe");
  noteDone("next");
  await idle();
  assert.deepEqual([kept(), hint.dataset.hint], [["look"], "decide"]);
  noteDone("approve");
  await idle();
  assert.equal(hint.dataset.hint, "undo");
});

test("the button dismisses", async () => {
  await show(groupOf("a"));
  document.getElementById("hint-close").click();
  await idle();
  assert.deepEqual(kept(), ["decide"]);
});

for (const [what, fields, words] of [
  ["a set with a suggestion", {}, "A approves the suggestion with its crop, 1–3 choose another picture, R says that none is good."],
  ["a set without", { suggested: null }, "1–3 choose the best picture, R says that none is good."],
  ["a single picture", { images: [imageOf(0)], suggested: 0 }, "A approves the frame that is drawn, K keeps the whole picture, X changes the crop."],
]) {
  test(`the first hint says how ${what} is decided`, async () => {
    await show(groupOf("a", fields));
    assert.equal(text("hint-words"), words);
  });
}

test("a hint names the keys that are in use, also when they change", async () => {
  useKeys({ a: "j", j: "a", 1: "7", 7: "1" });
  await show(groupOf("a"));
  assert.match(text("hint-words"), /^J approves .* 723 choose/);
  useKeys({});
  drawCaps(document);
  assert.match(text("hint-words"), /^A approves/);
});

test("what is drawn again as it was is left as it is", async () => {
  await show(groupOf("a"));
  const cap = document.querySelector("#hint-words kbd");
  drawHint();
  assert.equal(document.querySelector("#hint-words kbd"), cap);
});

test("at the end of the list there is no hint", async () => {
  await show(groupOf("a"));
  session.index = 1;
  drawHint();
  assert.ok(hint.hidden);
});
