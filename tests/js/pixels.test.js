import assert from "node:assert/strict";
import test from "node:test";
import { heatOf, timesAsMuch } from "../../prefml/review/static/pixels.js";
import { generator } from "./random.js";

const SIZE = 24;

/** Pixels of a function of place that returns red, green and blue. */
function drawn(colour) {
  const data = new Uint8ClampedArray(SIZE * SIZE * 4);
  for (let at = 0; at < SIZE * SIZE; at += 1) data.set([...colour(at % SIZE, Math.floor(at / SIZE)), 255], at * 4);
  return { data, width: SIZE, height: SIZE };
}

const random = generator(3);
const noise = Array.from({ length: SIZE * SIZE }, () => 60 * random());
const grey = (value) => [value, value, value];
const textured = (gain) => drawn((x, y) => grey(100 + gain * noise[y * SIZE + x]));

test("how much more of something a picture has is measured", () => {
  const close = (found, wanted) => assert.ok(Math.abs(found / wanted - 1) < 0.05, `${found} ${wanted}`);
  close(timesAsMuch("detail", textured(2), textured(1)), 2);
  close(timesAsMuch("contrast", textured(0.5), textured(1)), 0.5);
  close(timesAsMuch("light", drawn(() => grey(120)), drawn(() => grey(80))), 1.5);
  close(timesAsMuch("colour", drawn(() => [90, 60, 30]), drawn(() => [70, 60, 50])), 3);
});

test("where there is nothing to compare with, there is no number", () => {
  assert.equal(timesAsMuch("detail", textured(1), drawn(() => grey(80))), null);
});

test("equal pictures have no heat, and the hottest place is where they differ most", () => {
  const one = textured(1), other = { ...one, data: one.data.slice() };
  assert.ok(heatOf(one, other).every((value, at) => at % 4 !== 3 || value === 0));
  assert.ok(heatOf(drawn(() => grey(90)), drawn(() => grey(60))).every((value, at) => at % 4 !== 3 || value === 0));
  other.data[4 * 50] += 90;
  other.data[4 * 60] += 40;
  other.data[4 * 70] += 5;
  const heat = heatOf(one, other), alpha = (at) => heat[4 * at + 3];
  assert.ok(alpha(50) > alpha(60) && alpha(60) > 0);
  assert.deepEqual([alpha(70), alpha(0)], [0, 0]);
});
