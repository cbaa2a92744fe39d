import assert from "node:assert/strict";
import test from "node:test";
import { cutText, lookAt, regionsOf, shareInside } from "../../prefml/review/static/people.js";
import { forAll } from "./random.js";
import { imageOf } from "./server.js";

const drawBox = (random) => { const [a, b, c, d] = Array.from({ length: 4 }, random); return [Math.min(a, b), Math.min(c, d), Math.max(a, b), Math.max(c, d)]; };

test("faces come before hands", () => {
  assert.deepEqual(regionsOf(imageOf(0, { faces: [[0, 0, 1, 1]], hands: [[0, 0, 0.5, 0.5]] })), [[0, 0, 1, 1], [0, 0, 0.5, 0.5]]);
});

test("a box that is looked at lies in the middle and fits the room", () => {
  forAll((random) => ({ box: drawBox(random), size: { w: 100 + random() * 900, h: 100 + random() * 900 }, room: { width: 400, height: 800 } }), ({ box, size, room }) => {
    const { scale, x, y } = lookAt(box, size, room);
    assert.ok(scale >= 1 && scale <= 16);
    if (scale === 1) return;
    assert.deepEqual([x, y], [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]);
    assert.ok((box[2] - box[0]) * size.w * scale <= room.width && (box[3] - box[1]) * size.h * scale <= room.height);
  });
});

test("the share inside a crop is between nothing and all, and all of it in the whole picture", () => {
  forAll((random) => [drawBox(random), drawBox(random)], ([box, crop]) => {
    const share = shareInside(box, crop);
    assert.ok(share >= 0 && share <= 1 + 1e-9);
    assert.ok(Math.abs(shareInside(box, [0, 0, 1, 1]) - 1) < 1e-9);
  });
  assert.equal(shareInside([0.5, 0.5, 0.5, 0.5], [0, 0, 1, 1]), 1);
});

test("what is cut and what is left out is said", () => {
  const image = imageOf(0, { faces: [[0.1, 0.1, 0.3, 0.3]], hands: [[0.7, 0.7, 0.8, 0.8], [0.1, 0.7, 0.2, 0.8]] });
  assert.equal(cutText(image, [0, 0, 1, 1]), "");
  assert.equal(cutText(image, [0.2, 0, 1, 1]), "cuts a face, leaves out a hand");
  assert.equal(cutText(image, [0, 0, 1, 0.5]), "leaves out 2 hands");
  assert.equal(cutText(image, [0, 0, 1, 0.75]), "cuts 2 hands");
});
