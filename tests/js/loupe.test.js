import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach } from "node:test";
import { drawLoupes, follow, toggle } from "../../prefml/review/static/loupe.js";
import { session } from "../../prefml/review/static/session.js";
import { drawGroup } from "../../prefml/review/static/view.js";
import { layOut } from "./page.js";
import { groupOf, imageOf } from "./server.js";

const loupes = () => [...document.querySelectorAll(".loupe")];
const move = (clientX, clientY) => follow({ target: document.querySelectorAll(".image")[1], clientX, clientY });

function show(group) {
  Object.assign(session, { ids: ["a"], index: 0, groups: new Map([["a", group]]) });
  drawGroup(group);
  layOut(".tile .frame", [100, 50, 200, 300]);
  drawLoupes();
}

afterEach(() => { if (loupes().length) toggle(); });

test("the loupe is on all pictures at the same place, a pixel on a pixel", () => {
  show(groupOf("a"));
  assert.equal(loupes().length, 0);
  toggle();
  move(150, 200);
  assert.equal(loupes().length, 3);
  for (const loupe of loupes()) {
    assert.deepEqual([loupe.style.left, loupe.style.top], ["25%", "50%"]);
    // A quarter of 200 pixels, and half of 300, lie in the middle of 220.
    assert.equal(loupe.querySelector("img").style.transform, "translate(60px, -40px) scale(1)");
    assert.match(loupe.querySelector("img").src, /\/full\?v=1$/);
  }
  toggle();
  move(150, 200);
  assert.equal(loupes().length, 0);
});

test("the place stays inside the picture, and from set to set", () => {
  show(groupOf("a"));
  toggle();
  move(1000, 0);
  assert.deepEqual([loupes()[0].style.left, loupes()[0].style.top], ["100%", "0%"]);
  show(groupOf("a", { images: [imageOf(0), imageOf(1, { version: null, width: null, height: null })], suggested: 0 }));
  assert.deepEqual(loupes().map((loupe) => loupe.style.left), ["100%"]);
});
