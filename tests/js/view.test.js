import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { configure } from "../../prefml/review/static/geometry.js";
import { session, writeDraft } from "../../prefml/review/static/session.js";
import { drawEnd, drawGroup, marksOf, overlay, placeBox, placeTiles } from "../../prefml/review/static/view.js";
import { layOut, text } from "./page.js";
import { groupOf, imageOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const BOX = [0.1, 0.05, 0.9, 0.85];
const decided = (final_index, crop_coords = null) => ({ state: "overridden", decision: { final_index, crop_coords, crop_by_hand: false, crop_source: null, timestamp: "" } });
const $ = (selector) => document.querySelector(selector);
const texts = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent);
const overlays = (group) => group.images.map((_, index) => overlay(group, index)?.kind ?? null);

beforeEach(() => {
  localStorage.clear();
  Object.assign(session, { ids: ["a", "b"], index: 0, groups: new Map(), hidden: false, revealed: false, held: null, cropVisible: true });
});

test("a set is drawn with its place, its state and a tile for each picture", () => {
  drawGroup(groupOf("a"));
  assert.deepEqual([text("heading"), text("state")], ["Set 1 of 2 · harbour", "undecided"]);
  assert.deepEqual(texts(".caption .likely"), ["10 %", "20 %", "70 %"]);
  assert.deepEqual(texts(".caption .name"), ["stage1 · 200×300", "stage2 · 200×300", "stage3 · 200×300"]);
  assert.deepEqual(texts(".badge"), ["★ Suggested"]);
  assert.deepEqual({ ...$("#group").dataset }, { testid: "group", groupId: "a", state: "pending", hidden: "false" });
});

test("a button names its picture for those who do not see it", () => {
  drawGroup(groupOf("a", decided(2)));
  const buttons = [...document.querySelectorAll(".image")];
  assert.equal(buttons[2].getAttribute("aria-label"), "Picture 3 of 3, suggested, very likely (86 %), your choice");
  assert.deepEqual(buttons.map((button) => button.getAttribute("aria-pressed")), ["false", "false", "true"]);
  assert.deepEqual(buttons.map((button) => button.dataset.index), ["0", "1", "2"]);
});

test("pictures are marked as suggested, chosen, held and lost", () => {
  session.held = 0;
  const group = groupOf("a", decided(1));
  drawGroup(group);
  assert.deepEqual([...document.querySelectorAll(".tile")].map((tile) => tile.className), ["tile held lost", "tile chosen", "tile suggested lost"]);
  assert.deepEqual(texts(".badge"), ["held", "✓ Your choice", "★ Suggested"]);
  assert.deepEqual(marksOf(groupOf("a"), 2), { suggested: true, chosen: false, held: false, lost: false });
});

test("a suggestion that is approved has both badges", () => {
  drawGroup(groupOf("a", { ...decided(2), state: "approved" }));
  assert.deepEqual(texts(".badge"), ["★ Suggested", "✓ Approved"]);
});

test("a rejected set has no lost pictures and no crop", () => {
  const group = groupOf("a", { state: "rejected", decision: { ...decided(0).decision, final_index: null } });
  drawGroup(group);
  assert.ok($("#group").classList.contains("group-rejected"));
  assert.equal(document.querySelectorAll(".lost, .crop, .ghost").length, 0);
});

test("a hidden suggestion leaves no trace", () => {
  session.hidden = true;
  drawGroup(groupOf("a", { flags: ["fingers look odd"], within_budget: true }));
  assert.equal(document.querySelectorAll(".badge, .chip, .suggested, [data-suggested=true]").length, 0);
  assert.doesNotMatch($("#group").textContent, /%|fingers|budget/);
  assert.deepEqual(overlays(groupOf("a")), ["crop", "crop", "crop"]);
});

test("flags, tags and the budget are chips", () => {
  const images = [imageOf(0), imageOf(1, { tags: ["long_hand"] }), imageOf(2)];
  drawGroup(groupOf("a", { images, flags: ["fingers look odd"], within_budget: true }));
  assert.deepEqual(texts(".chip"), ["⚑ fingers look odd", "2: long hand", "inside the error budget"]);
});

test("a set that was changed is marked", () => {
  drawGroup(groupOf("a", { awaiting: true, suggested: null, flags: [] }));
  assert.deepEqual(texts(".chip"), ["changed by you, no suggestion yet"]);
});

test("a picture that cannot be read leaves a gap", () => {
  drawGroup(groupOf("a", { images: [imageOf(0, { version: null, width: null, height: null, probability: null }), imageOf(1)], suggested: 1 }));
  assert.deepEqual(texts(".missing"), ["This picture cannot be read"]);
  assert.deepEqual([...document.querySelectorAll(".image")].map((button) => button.querySelectorAll("img").length), [0, 1]);
  assert.equal(texts(".caption .name")[0], "stage1");
});

test("the crop lies on the suggested picture, and where it would lie on the others", () => {
  assert.deepEqual(overlays(groupOf("a")), ["ghost", "ghost", "crop"]);
  drawGroup(groupOf("a"));
  const crop = $("[data-testid=crop-box]");
  assert.equal(crop.dataset.box, "0.1,0.05,0.9,0.85");
  assert.match(crop.getAttribute("aria-label"), /^Crop: left 10 %/);
});

test("once it is decided or drafted, the crop lies on one picture alone", () => {
  assert.deepEqual(overlays(groupOf("a", decided(1, BOX))), [null, "crop", null]);
  writeDraft(groupOf("a"), 0, BOX);
  assert.deepEqual(overlays(groupOf("a")), ["crop", null, null]);
});

test("a crop that is switched off is not drawn", () => {
  session.cropVisible = false;
  assert.deepEqual(overlays(groupOf("a")), [null, null, null]);
});

test("an overlay covers the part that the box keeps", () => {
  const element = document.createElement("div");
  placeBox(element, [0.25, 0.5, 0.75, 1]);
  assert.equal(element.getAttribute("style").replace(/;$/, ""), "left: 25%; top: 50%; width: 50%; height: 50%");
});

test("tiles get the room between the heading and the strip", () => {
  const sizes = () => [...document.querySelectorAll(".tile .frame")].map(({ style }) => [style.width, style.height]);
  layOut("#group", [0, 50, 1028, 656]);
  layOut("#pictures", [14, 80, 1000, 0]);
  drawGroup(groupOf("a"));
  assert.deepEqual(sizes(), Array(3).fill(["326px", "489px"]));
  // 350 below the heading, 6 of them for the edge and 26 for the caption.
  layOut("#group", [0, 50, 1028, 380]);
  placeTiles(groupOf("a"));
  assert.deepEqual(sizes(), Array(3).fill(["212px", "318px"]));
  assert.match($("#pictures").style.gridTemplateColumns, /^repeat\(3, auto\)$/);
});

test("tiles of another set that is still drawn are left alone", () => {
  drawGroup(groupOf("a", { images: [imageOf(0)], suggested: 0 }));
  placeTiles(groupOf("b"));
  drawGroup(groupOf("b"));
  placeTiles(groupOf("a", { images: [imageOf(0)] }));
  assert.equal(document.querySelectorAll(".tile").length, 3);
});

test("the end says what is left to do", () => {
  $("#why").append("why");
  const said = () => { drawEnd(); assert.equal(text("why"), ""); return [text("end-title"), $("#end-text").firstChild.textContent]; };
  assert.deepEqual(said(), ["End of the list", "2 still undecided: ↑ goes back."]);
  session.progress = { total: 2, pending: 0, skipped: 1, unsubmitted: 1 };
  session.queueStates = new Map([["a", "approved"], ["b", "skipped"]]);
  assert.deepEqual(said(), ["End of the list", "1 as suggested. 1 skipped, which Show above lists. Shift+Enter submits the decisions; ↑ goes back."]);
  session.queueStates = new Map([["a", "approved"], ["b", "rejected"]]);
  session.progress = { total: 3, pending: 1, skipped: 0, unsubmitted: 2 };
  assert.deepEqual(said(), ["All sets of this list are reviewed", "1 as suggested, 1 none good. Elsewhere 1 set waits. Shift+Enter submits the decisions; ↑ goes back."]);
  session.progress = { total: 2, pending: 0, skipped: 0, unsubmitted: 0 };
  assert.deepEqual(said(), ["All sets are reviewed", "1 as suggested, 1 none good. All of it is submitted; ↑ goes back."]);
  assert.equal($("#end-text a").getAttribute("href"), "/desk");
  session.progress = null;
  session.ids = [];
  assert.deepEqual(said(), ["No sets here", "Choose another filter above."]);
  assert.ok($("#group").hidden && !$("#end").hidden);
  drawGroup(groupOf("a"));
  assert.ok(!$("#group").hidden && $("#end").hidden);
});

test("near duplicates are marked", () => {
  drawGroup(groupOf("a", { near_duplicates: true }));
  assert.match(text("chips"), /near duplicates: keep the best/);
});
