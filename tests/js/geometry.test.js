import assert from "node:assert/strict";
import test from "node:test";
import { FULL_FRAME, MIN_SIDE, areaShare, boxText, configure, grow, keepsWhole, move, pull, reshape, sameBox, stretch } from "../../prefml/review/static/geometry.js";
import { forAll } from "./random.js";

configure({ wholeEdge: "0.005", sameEdge: "0.0001" });

const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
// Edges are rounded to millionths.
const ROUNDING = 1.1e-6;

const side = (random) => MIN_SIDE + random() * (1 - MIN_SIDE);
const step = (random) => (random() - 0.5) * 2.4;

function drawBox(random) {
  const w = side(random), h = side(random);
  const x = random() * (1 - w), y = random() * (1 - h);
  return [x, y, x + w, y + h];
}

const draw = (random) => ({
  box: drawBox(random), dx: step(random), dy: step(random), handle: HANDLES[Math.floor(random() * 8)], locked: random() < 0.5,
});

const width = ([x1, , x2]) => x2 - x1;
const height = ([, y1, , y2]) => y2 - y1;
const near = (one, other, tolerance = ROUNDING) => assert.ok(Math.abs(one - other) <= tolerance, `${one} is not ${other}`);

function assertInside([x1, y1, x2, y2]) {
  assert.ok(x1 >= 0 && y1 >= 0 && x2 <= 1 && y2 <= 1 && x1 < x2 && y1 < y2);
}

// Rounding moves each side by two roundings at most, which weighs more the shorter it is.
function assertSameAspect(one, other) {
  const shortest = Math.min(width(one), height(one), width(other), height(other));
  near(Math.log(width(one) / height(one)), Math.log(width(other) / height(other)), (8 * ROUNDING) / shortest);
}

test("a box that is moved stays inside and keeps its size", () => {
  forAll(draw, ({ box, dx, dy }) => {
    const moved = move(box, dx, dy);
    assertInside(moved);
    near(width(moved), width(box), 2 * ROUNDING);
    near(height(moved), height(box), 2 * ROUNDING);
  });
});

test("a box that is moved goes as far as it is told, or to the edge", () => {
  forAll(draw, ({ box, dx, dy }) => {
    const [x1, y1] = move(box, dx, dy);
    near(x1, Math.min(1 - width(box), Math.max(0, box[0] + dx)));
    near(y1, Math.min(1 - height(box), Math.max(0, box[1] + dy)));
  });
});

test("a box that is moved there and back where there is room is the same box", () => {
  forAll(draw, ({ box, dx, dy }) => {
    const [x, y] = [dx, dy].map((value, axis) => Math.min(1 - box[axis + 2], Math.max(-box[axis], value)));
    assert.ok(sameBox(move(move(box, x, y), -x, -y), box));
  });
});

test("a box that grows or shrinks stays inside and keeps its aspect", () => {
  forAll(draw, ({ box, dx }) => {
    const grown = grow(box, dx);
    assertInside(grown);
    assertSameAspect(grown, box);
  });
});

test("a box grows by what it is told on its longer side, within its limits", () => {
  forAll(draw, ({ box, dx }) => {
    const longest = Math.max(width(box), height(box)), shortest = Math.min(width(box), height(box));
    const least = Math.min(1, (MIN_SIDE * longest) / shortest);
    near(Math.max(width(grow(box, dx)), height(grow(box, dx))), Math.min(1, Math.max(least, longest + dx)), 3 * ROUNDING);
  });
});

test("a box that has room grows round its centre", () => {
  assert.deepEqual(grow([0.3, 0.4, 0.7, 0.6], 0.1), [0.25, 0.375, 0.75, 0.625]);
});

test("a box at the edge grows away from it", () => {
  assert.deepEqual(grow([0, 0, 0.5, 0.5], 0.2), [0, 0, 0.7, 0.7]);
});

test("a pulled box stays inside and is no thinner than the least side", () => {
  forAll(draw, ({ box, handle, dx, dy, locked }) => {
    const pulled = pull(box, handle, dx, dy, locked);
    assertInside(pulled);
    assert.ok(Math.min(width(pulled), height(pulled)) >= MIN_SIDE - 2 * ROUNDING);
  });
});

test("with the aspect locked, it is kept by every handle", () => {
  forAll(draw, ({ box, handle, dx, dy }) => assertSameAspect(pull(box, handle, dx, dy, true), box));
});

test("the sides opposite to a handle stay where they are", () => {
  forAll(draw, ({ box, handle, dx, dy, locked }) => {
    const [x1, y1, x2, y2] = pull(box, handle, dx, dy, locked);
    if (handle.includes("w")) near(x2, box[2]);
    if (handle.includes("e")) near(x1, box[0]);
    if (handle.includes("n")) near(y2, box[3]);
    if (handle.includes("s")) near(y1, box[1]);
  });
});

test("a side without a handle grows to both ends where the aspect is locked, and stays where it is free", () => {
  forAll(draw, ({ box, handle, dx, dy }) => {
    if (handle.length === 2) return;
    const axis = "ns".includes(handle) ? 0 : 1;
    const locked = pull(box, handle, dx, dy, true), free = pull(box, handle, dx, dy, false);
    near(locked[axis] + locked[axis + 2], box[axis] + box[axis + 2], 2 * ROUNDING);
    near(free[axis], box[axis]);
    near(free[axis + 2], box[axis + 2]);
  });
});

test("with the aspect free, a handle follows the pointer as far as it may", () => {
  forAll(draw, ({ box, dx, dy }) => {
    const [x1, y1] = pull(box, "nw", dx, dy, false), [, , x2, y2] = pull(box, "se", dx, dy, false);
    near(x1, Math.max(0, Math.min(box[2] - MIN_SIDE, box[0] + dx)));
    near(y1, Math.max(0, Math.min(box[3] - MIN_SIDE, box[1] + dy)));
    near(x2, Math.min(1, Math.max(box[0] + MIN_SIDE, box[2] + dx)));
    near(y2, Math.min(1, Math.max(box[1] + MIN_SIDE, box[3] + dy)));
  });
});

test("with the aspect locked, a corner follows the farther of the pointer's two ways", () => {
  assert.deepEqual(pull([0, 0, 0.4, 0.2], "se", 0.2, 0, true), [0, 0, 0.6, 0.3]);
  assert.deepEqual(pull([0, 0, 0.4, 0.2], "se", 0, 0.2, true), [0, 0, 0.8, 0.4]);
});

test("a box thinner than the least side does not leave the picture when it is pulled", () => {
  for (const handle of HANDLES) for (const locked of [true, false]) {
    assertInside(pull([0.98, 0.01, 0.995, 0.03], handle, 0.01, 0.01, locked));
  }
});

test("edges within the server's threshold of the picture's keep it whole", () => {
  assert.ok(keepsWhole(FULL_FRAME));
  assert.ok(keepsWhole([0.005, 0, 1, 0.995]));
  assert.ok(!keepsWhole([0.0051, 0, 1, 1]));
  assert.ok(!keepsWhole([0, 0, 1, 0.9949]));
});

test("boxes with all edges closer than the server's threshold are one", () => {
  assert.ok(sameBox([0.1, 0.1, 0.9, 0.9], [0.10009, 0.1, 0.9, 0.89991]));
  assert.ok(!sameBox([0.1, 0.1, 0.9, 0.9], [0.1, 0.1, 0.9, 0.90011]));
});

test("what the page means by whole is what the server says", () => {
  configure({ wholeEdge: "0.1", sameEdge: "0.2" });
  assert.ok(keepsWhole([0.1, 0, 1, 0.9]));
  assert.ok(sameBox([0, 0, 1, 1], [0.19, 0, 1, 1]));
  configure({ wholeEdge: "0.005", sameEdge: "0.0001" });
});

test("a box is written with at most six decimals", () => {
  assert.equal(boxText([0, 1 / 3, 0.1 + 0.2, 1]), "0,0.333333,0.3,1");
});

const fits = ([x1, y1, x2, y2]) => assert.ok(x1 >= 0 && y1 >= 0 && x2 <= 1 && y2 <= 1 && x2 - x1 >= MIN_SIDE - ROUNDING && y2 - y1 >= MIN_SIDE - ROUNDING);

test("a side that is changed alone leaves the other, and the box in the picture", () => {
  forAll(draw, ({ box, dx, dy }) => {
    const wider = stretch(box, dx, 0), higher = stretch(box, 0, dy);
    fits(wider);
    fits(higher);
    assert.ok(Math.abs(wider[1] - box[1]) < ROUNDING && Math.abs(wider[3] - box[3]) < ROUNDING);
    assert.ok(Math.abs(higher[0] - box[0]) < ROUNDING && Math.abs(higher[2] - box[2]) < ROUNDING);
  });
});

test("a box of another aspect has it, lies in the picture, and keeps the area where there is room", () => {
  forAll((random) => ({ box: drawBox(random), ratio: Math.exp((random() - 0.5) * 3) }), ({ box, ratio }) => {
    const shaped = reshape(box, ratio), w = shaped[2] - shaped[0], h = shaped[3] - shaped[1];
    fits(shaped);
    assert.ok(Math.abs(w / h / ratio - 1) < 1e-4);
    assert.ok(areaShare(shaped) <= areaShare(box) + 1e-5 || Math.min(w, h) < MIN_SIDE + 1e-5);
  });
});
