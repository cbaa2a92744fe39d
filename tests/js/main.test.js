import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { commandNamed } from "../../prefml/review/static/actions.js";
import { session } from "../../prefml/review/static/session.js";
import { idle, layOut, press, text } from "./page.js";
import { Server, groupOf } from "./server.js";

const PREFIX = "prefml.0123456789ab";
const $ = (selector) => document.querySelector(selector);
const type = async (...keys) => { for (const key of keys) { press(key); await idle(); } };
const click = async (selector) => { $(selector).click(); await idle(); };
const states = () => [...server.groups.values()].map((group) => group.state);

// What a browser calls when the room for the pictures changes.
let resized;
globalThis.ResizeObserver = class {
  constructor(callback) { resized = callback; }

  observe() {}
};

localStorage.setItem(`${PREFIX}.hidden`, "true");
localStorage.setItem(`${PREFIX}.keys`, "false");
localStorage.setItem(`${PREFIX}.outbox`, JSON.stringify({ path: "decide?picture=view", body: { group_id: "a", action: "skipped", event_id: "12345678" } }));
let server = new Server([groupOf("a"), groupOf("b"), groupOf("c", { project: "valley" })]);
await import("../../prefml/review/static/main.js");
await idle();

async function open() {
  server = new Server([groupOf("a"), groupOf("b"), groupOf("c", { project: "valley" })]);
  sessionStorage.clear();
  $("#project").value = "";
  $("#filter").dispatchEvent(new window.Event("change"));
  await idle();
}

test("the page opens with what was remembered, and delivers what was not", () => {
  assert.deepEqual(states(), ["skipped", "pending", "pending"]);
  assert.equal($("#group").dataset.groupId, "b");
  assert.deepEqual([session.hidden, $("#hide").getAttribute("aria-pressed"), $("#keys-on").checked], [true, "true", false]);
  assert.equal(text("progress-text"), "0 of 3 reviewed · 1 skipped");
  assert.ok(document.querySelectorAll("#help-keys kbd").length > 20);
});

test("whether letters work is remembered", () => {
  $("#keys-on").click();
  assert.equal(localStorage.getItem(`${PREFIX}.keys`), "true");
  session.hidden = false;
});

test("keys are taken in the order in which they are pressed, however fast", async () => {
  await open();
  for (const key of ["r", "s", "1"]) press(key);
  await idle();
  assert.deepEqual(states(), ["rejected", "skipped", "overridden"]);
});

test("a key that the page uses is not the browser's as well", async () => {
  await open();
  assert.deepEqual([press("ArrowDown"), press("Tab"), press("q"), press("r", { ctrlKey: true })], [false, true, true, true]);
  await idle();
  assert.deepEqual(states(), ["pending", "pending", "pending"]);
});

test("letters that are switched off do nothing", async () => {
  await open();
  $("#keys-on").click();
  await type("r");
  $("#keys-on").click();
  assert.deepEqual(states(), ["pending", "pending", "pending"]);
});

test("every button of the bar names a command", () => {
  for (const button of document.querySelectorAll("[data-do]")) assert.equal(commandNamed(button.dataset.do).name, button.dataset.do);
});

test("a button does what its key does and gives the focus to the set, unless it opens a dialog", async () => {
  await open();
  $("[data-do=reject]").focus();
  await click("[data-do=reject] kbd");
  assert.deepEqual(states(), ["rejected", "pending", "pending"]);
  assert.equal(document.activeElement, $("#group"));
  await click("[data-do=help]");
  assert.ok($("#help").open);
  await click("[data-close=help]");
  assert.ok(!$("#help").open);
});

test("a click on a picture chooses it", async () => {
  await open();
  await click(".tile:nth-child(2) .image img");
  assert.equal(server.groups.get("a").decision.final_index, 1);
});

test("the editor is worked by its buttons", async () => {
  await open();
  await type("x");
  await click("[data-crop=reset]");
  assert.equal($(".crop.editing").dataset.box, "0,0,1,1");
  await click("[data-crop=accept]");
  assert.equal(server.groups.get("a").decision.crop_coords, null);
});

test("the full size is worked by its buttons and closed by its own", async () => {
  await open();
  await type("f", "0");
  await click("#zoom [data-zoom='+']");
  assert.match($(".pane img").style.transform, /scale\(0\.25\)/);
  await click("[data-close=zoom]");
  assert.ok(!$("#zoom").open);
});

test("a filter and a project are chosen from their lists", async () => {
  await open();
  $("#project").value = "valley";
  $("#project").dispatchEvent(new window.Event("change"));
  await idle();
  assert.deepEqual([session.project, $("#group").dataset.groupId], ["valley", "c"]);
});

test("tags that were ticked are drawn when the dialog closes", async () => {
  await open();
  await type("t", "1", "t");
  assert.match(text("chips"), /3: extra fingers/);
});

test("pictures follow the room there is", async () => {
  await open();
  layOut("#group", [0, 50, 1028, 656]);
  layOut("#pictures", [14, 80, 1000, 0]);
  resized();
  assert.equal($(".tile").style.width, "326px");
  session.index = 3;
  resized();
  assert.equal($(".tile").style.width, "326px");
});

beforeEach(() => document.querySelectorAll("dialog").forEach((dialog) => dialog.close()));
