import "./page.js";
import assert from "node:assert/strict";
import test from "node:test";
import { announce, byId, findAll, keycaps, make, showAlert, showStatus } from "../../prefml/review/static/dom.js";
import { settle, text } from "./page.js";

test("an element gets its attributes and its children in order", () => {
  const made = make("p", { class: "part", title: "why" }, "one ", make("b", {}, "two"), [" three", null], undefined);
  assert.equal(made.outerHTML, '<p class="part" title="why">one <b>two</b> three</p>');
});

test("attributes that are null, undefined or false are left out, and true is one without a value", () => {
  assert.equal(make("p", { title: null, id: undefined, lang: false, "data-x": true }).outerHTML, '<p data-x=""></p>');
});

test("what is no text is set as a property where the element has one", () => {
  let heard = 0;
  const tick = make("input", { type: "checkbox", checked: true, onclick: () => { heard += 1; } });
  tick.click();
  assert.deepEqual([tick.checked, heard, tick.hasAttribute("checked")], [false, 1, false]);
});

test("text is never read as HTML", () => {
  assert.equal(make("p", { title: '"><b>' }, "<img src=x>").children.length, 0);
});

test("an element that is not in the page is named", () => {
  assert.equal(byId("heading").tagName, "H2");
  assert.throws(() => byId("nothing"), /no element #nothing/);
});

test("elements are found in order", () => {
  assert.deepEqual(findAll(byId("crop-tools"), "button").map((button) => button.dataset.crop).slice(0, 2), ["accept", "next"]);
});

test("keys are made of their names", () => {
  assert.deepEqual(keycaps(["Shift", "Z"]).map((cap) => cap.outerHTML), ["<kbd>Shift</kbd>", "<kbd>Z</kbd>"]);
});

test("of what is announced in a row, the last is heard", async () => {
  announce("one");
  announce("two");
  assert.equal(text("announce"), "");
  await settle(200);
  assert.equal(text("announce"), "two");
});

test("the status says how much room it takes from the heading", () => {
  Object.defineProperty(byId("status"), "offsetWidth", { value: 120 });
  showStatus("Undone");
  assert.equal(text("status"), "Undone");
  assert.equal(byId("main").style.getPropertyValue("--told"), "120px");
});

test("an alert is shown until there is none", () => {
  showAlert("Not saved yet");
  assert.deepEqual([text("alert"), byId("alert").hidden], ["Not saved yet", false]);
  showAlert(null);
  assert.deepEqual([text("alert"), byId("alert").hidden], ["", true]);
});
