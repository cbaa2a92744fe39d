import assert from "node:assert/strict";
import test from "node:test";
import { GAP, aspect, bestGrid, fitInside } from "../../prefml/review/static/layout.js";
import { forAll } from "./random.js";
import { imageOf } from "./server.js";

const CAPTION = 26;

const draw = (random) => ({
  images: Array.from({ length: 1 + Math.floor(random() * 9) }, (_, i) => imageOf(i, { width: 100 + Math.floor(random() * 900), height: 100 + Math.floor(random() * 900) })),
  width: 400 + random() * 2000, height: 400 + random() * 1200,
});

test("a picture that cannot be read has the shape of a portrait", () => {
  assert.equal(aspect(imageOf(0, { width: 300, height: 200 })), 1.5);
  assert.equal(aspect(imageOf(0, { width: null, height: null })), 2 / 3);
});

test("a size that fits is whole, has the aspect and leaves no room", () => {
  forAll((random) => ({ ratio: 0.3 + random() * 3, width: 50 + random() * 900, height: 200 + random() * 900 }), ({ ratio, width, height }) => {
    const { w, h } = fitInside(ratio, width, height);
    assert.ok(Number.isInteger(w) && Number.isInteger(h));
    assert.ok(w <= width && h <= height);
    assert.ok(w + 1 > Math.min(width, height * ratio));
    assert.ok(Math.abs(h - w / ratio) < 1);
  });
});

test("where there is no room a picture is still 40 pixels wide", () => {
  assert.deepEqual(fitInside(2, 10, 10), { w: 40, h: 20 });
});

test("every tile of a grid fits its cell", () => {
  forAll(draw, ({ images, width, height }) => {
    const { columns, tiles } = bestGrid(images, width, height);
    const rows = Math.ceil(images.length / columns);
    assert.equal(tiles.length, images.length);
    for (const { w, h } of tiles) {
      assert.ok(w <= Math.max(40, (width - GAP * (columns - 1)) / columns));
      assert.ok(w === 40 || h <= (height - GAP * (rows - 1)) / rows - CAPTION);
    }
  }, 300);
});

test("no other number of columns shows more of the pictures", () => {
  forAll(draw, ({ images, width, height }) => {
    const best = bestGrid(images, width, height);
    for (let columns = 1; columns <= images.length; columns += 1) {
      const rows = Math.ceil(images.length / columns);
      const tiles = images.map((image) => fitInside(aspect(image), (width - GAP * (columns - 1)) / columns, (height - GAP * (rows - 1)) / rows - CAPTION));
      assert.ok(tiles.reduce((sum, { w, h }) => sum + w * h, 0) <= best.area);
    }
  }, 300);
});

test("four portraits stand in one row of a wide screen and in two of a tall one", () => {
  const images = [0, 1, 2, 3].map((index) => imageOf(index));
  assert.equal(bestGrid(images, 1400, 600).columns, 4);
  assert.equal(bestGrid(images, 600, 900).columns, 2);
});
