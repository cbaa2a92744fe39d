import "./page.js";
import assert from "node:assert/strict";
import test, { afterEach } from "node:test";
import { cellsOf, drawPicture, fittedSize, makePane, signOf } from "../../prefml/review/static/panes.js";
import { session } from "../../prefml/review/static/session.js";
import { groupOf, imageOf } from "./server.js";

afterEach(() => { session.hidden = false; window.devicePixelRatio = 1; });

test("a pane tells how likely its picture is, and nothing where the suggestion is hidden", () => {
  const label = () => makePane(groupOf("a"), imageOf(2), 2).querySelector(".label").textContent;
  assert.equal(label(), "3 ★ 70 % · 20250705_200002_stage3.png");
  session.hidden = true;
  assert.equal(label(), "3 20250705_200002_stage3.png");
  assert.equal(signOf(groupOf("a"), 2), "");
});

test("each way to compare has its cells", () => {
  const cells = (mode) => cellsOf({ group: groupOf("a"), mode, at: 2, champion: 0 }).map(({ cell, seen }) => (seen ? cell : null));
  assert.deepEqual(cells("together"), [0, 1, 2]);
  assert.deepEqual(cells("flip"), [null, null, 0]);
  assert.deepEqual(cells("champion"), [0, null, 1]);
  assert.deepEqual(cells("difference"), [0, null, 0]);
});

test("at 1:1 a pixel lies on a pixel of the screen, whatever the size of the room and the density", () => {
  const box = { width: 397.3, height: 801.7 }, image = imageOf(0, { width: 1601, height: 2399 });
  for (const density of [1, 1.25, 1.5, 2, 3]) {
    window.devicePixelRatio = density;
    const pane = makePane(groupOf("a"), image, 0), picture = pane.querySelector("img");
    const scale = image.width / (fittedSize(image, box).w * density);
    drawPicture(pane, image, { scale, x: 0.3337, y: 0.7771 }, box);
    const [left, top, drawn] = picture.style.transform.match(/-?[\d.]+/g).map(Number);
    assert.ok(Math.abs(drawn * density - 1) < 1e-9);
    assert.deepEqual([picture.style.width, picture.style.height], ["1601px", "2399px"]);
    for (const edge of [left, top]) assert.ok(Math.abs(edge * density - Math.round(edge * density)) < 1e-6);
    assert.ok(picture.classList.contains("pixels"));
    drawPicture(pane, image, { scale: scale / 2, x: 0.5, y: 0.5 }, box);
    assert.ok(!picture.classList.contains("pixels"));
  }
});
