import "./page.js";
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";
import { approvalText, cropFields, drawApproval, mustAsk, planApproval } from "../../prefml/review/static/approval.js";
import { configure } from "../../prefml/review/static/geometry.js";
import { session, writeDraft } from "../../prefml/review/static/session.js";
import { text } from "./page.js";
import { groupOf } from "./server.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const BOX = [0.1, 0.05, 0.9, 0.85];
const keptBy = (fields) => ({ final_index: 2, crop_coords: null, crop_by_hand: false, crop_source: null, timestamp: "", ...fields });
const unsure = (fields = {}) => groupOf("a", { crop: { confidence: 0.31 }, ...fields });

beforeEach(() => {
  localStorage.clear();
  Object.assign(session, { hidden: false, revealed: false, asked: false, held: null });
});

test("the frame is left out where nobody judged it, and null where the whole picture was wanted", () => {
  const whole = groupOf("d", { crop: { box: null } });
  assert.deepEqual(cropFields(groupOf("d"), 2), { crop_coords: BOX });
  assert.deepEqual(cropFields(whole, 2), {});
  assert.deepEqual(cropFields({ ...whole, decision: keptBy({}) }, 2), { crop_coords: null });
  writeDraft(whole, 2, [0, 0, 1, 1]);
  assert.deepEqual(cropFields(whole, 2), { crop_coords: null });
});

test("the button says what A will do", () => {
  assert.equal(approvalText(groupOf("a")), "Approve 3, cropped to 64 %");
  assert.equal(approvalText(groupOf("a", { crop: { box: null } })), "Approve 3, whole");
  assert.equal(approvalText(groupOf("a", { crop: { box: null, offered: false } })), "Approve 3");
  assert.equal(approvalText(groupOf("a", { suggested: null })), "Approve");
  assert.equal(approvalText(groupOf("a", { state: "overridden", decision: keptBy({ final_index: 0 }) })), "Approve 3, cropped to 64 %");
  writeDraft(groupOf("a"), 0, [0, 0, 0.5, 0.5]);
  assert.equal(approvalText(groupOf("a")), "Choose 1, cropped to 25 %");
  localStorage.clear();
  session.held = 1;
  assert.equal(approvalText(groupOf("a")), "Choose 2, cropped to 64 %");
  assert.equal(approvalText(groupOf("a", { audited: true, suggested: null })), "Choose 2");
  session.held = null;
  session.hidden = true;
  drawApproval(groupOf("a"));
  assert.equal(text("approve-words"), "Show the suggestion");
  drawApproval(null);
  assert.equal(text("approve-words"), "Approve");
});

test("an unsure crop is asked about, and not twice", () => {
  assert.equal(approvalText(unsure()), "Approve 3, ask about crop");
  session.asked = true;
  assert.deepEqual(planApproval(unsure()), { does: "keep", index: 2, fields: { crop_coords: BOX } });
});

test("a crop that is sure, not rated, drawn or decided is not asked about", () => {
  for (const confidence of [0.4, 1, null]) assert.ok(!mustAsk(groupOf("a", { crop: { confidence } }), 2), String(confidence));
  assert.ok(!mustAsk(unsure({ crop: { box: null, confidence: 0.2 } }), 2));
  const decided = unsure({ state: "overridden", decision: keptBy({ final_index: 0, crop_coords: BOX }) });
  assert.ok(!mustAsk(decided, 1));
  assert.equal(planApproval(decided).does, "ask");
  assert.equal(planApproval({ ...decided, state: "approved" }).does, "keep");
  writeDraft(unsure(), 2, BOX);
  assert.equal(planApproval(unsure()).does, "keep");
});
