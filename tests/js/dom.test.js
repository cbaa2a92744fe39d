import "./page.js";
import assert from "node:assert/strict";
import test from "node:test";
import { announce, byId, findAll, make, showAlert, showStatus, visible } from "../../prefml/review/static/dom.js";
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

test("what turns the direction of a name, or hides in it, is shown as a code wherever the page writes", () => {
  const name = "a\u202egpj.\u001b[31m\u200b.png";
  const shown = "a\\u202egpj.\\u001b[31m\\u200b.png";
  assert.equal(visible(name), shown);
  const made = make("p", { title: name, "data-path": name }, name, make("b", {}, [name]));
  assert.deepEqual([made.title, made.textContent, made.dataset.path], [shown, shown + shown, name]);
  showStatus(name);
  showAlert(name);
  assert.deepEqual([text("status"), text("alert")], [shown, shown]);
});

test("names in any script, and emoji that are joined, are shown as they are", () => {
  for (const name of ["\u05e9\u05dc\u05d5\u05dd.png", "zo\u0065\u0308.png", "\ud83d\udc68\u200d\ud83d\udc69.png", "a\tb\nc"]) assert.equal(visible(name), name);
});
