import assert from "node:assert/strict";
import test from "node:test";
import { magnified, offset, panned, pixelScale, pointAt, snapped } from "../../prefml/review/static/viewport.js";
import { forAll } from "./random.js";

const SIZE = { w: 400, h: 600 };

const draw = (random) => ({
  look: { scale: 1 + random() * 15, x: random(), y: random() }, by: Math.exp((random() - 0.5) * 3),
  x: random(), y: random(), dx: (random() - 0.5) * 2000, dy: (random() - 0.5) * 2000,
});

/** Return where a point of the picture lies on the screen, from the middle of the pane. */
const onScreen = ({ scale, x, y }, px, py) => [(px - x) * SIZE.w * scale, (py - y) * SIZE.h * scale];

const inside = (value) => value > 0 && value < 1;

function near(one, other) {
  one.forEach((value, i) => assert.ok(Math.abs(value - other[i]) < 1e-6, `${one} is not ${other}`));
}

test("a picture is never smaller than its pane nor larger than sixteenfold, and its middle stays inside", () => {
  forAll(draw, ({ look, by, x, y, dx, dy }) => {
    for (const { scale, x: left, y: top } of [magnified(look, by, x, y), magnified(look, by), panned(look, dx, dy, SIZE)]) {
      assert.ok(scale >= 1 && scale <= 16);
      assert.ok(left >= 0 && left <= 1 && top >= 0 && top <= 1);
    }
  });
});

test("what lies under the pointer stays under it", () => {
  forAll(draw, ({ look, by, x, y }) => {
    const after = magnified(look, by, x, y);
    if (after.scale > 1 && inside(after.x) && inside(after.y)) near(onScreen(after, x, y), onScreen(look, x, y));
  });
});

test("the middle of what is seen goes as far as the picture's edge", () => {
  assert.deepEqual(magnified({ scale: 4, x: 0.5, y: 0.5 }, 0.5, 1, 0), { scale: 2, x: 0, y: 1 });
  assert.deepEqual(magnified({ scale: 4, x: 0.5, y: 0.5 }, 2, 0.75, 0.25), { scale: 8, x: 0.625, y: 0.375 });
  assert.deepEqual(panned({ scale: 2, x: 0.5, y: 0.5 }, 80, -120, SIZE), { scale: 2, x: 0.4, y: 0.6 });
  assert.deepEqual(panned({ scale: 2, x: 0.5, y: 0.5 }, 800, -1200, SIZE), { scale: 2, x: 0, y: 1 });
});

test("a picture that fits its pane again is in the middle", () => {
  assert.deepEqual(magnified({ scale: 2, x: 0.9, y: 0.1 }, 0.5), { scale: 1, x: 0.5, y: 0.5 });
});

test("a picture that is moved follows the pointer", () => {
  forAll(draw, ({ look, x, y, dx, dy }) => {
    const after = panned(look, dx, dy, SIZE), [left, top] = onScreen(look, x, y);
    if (inside(after.x) && inside(after.y)) near(onScreen(after, x, y), [left + dx, top + dy]);
  });
});

test("the point under a place of the pane is the one that lies there", () => {
  forAll(draw, ({ look, dx, dy }) => near(onScreen(look, ...pointAt(look, dx, dy, SIZE)), [dx, dy]));
});

test("at full size a pixel of the largest picture is a pixel of the screen", () => {
  assert.equal(pixelScale([2, 4], 1), 4);
  assert.equal(pixelScale([2, 4], 2), 2);
  assert.equal(pixelScale([0.5], 1), 0.5);
  assert.equal(pixelScale([40], 1), 16);
});

test("a place begins with a pixel of the screen", () => {
  assert.deepEqual([snapped(10.3, 1), snapped(10.3, 2), snapped(-0.6, 1.25)], [10, 10.5, -0.8]);
});

test("what fits stands in the middle, what does not is seen round the place looked at", () => {
  assert.equal(offset(500, 0.9, 300), 100);
  assert.equal(offset(500, 0.25, 800), 50);
});
