import "./page.js";
import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { PICTURE_SIZE, imageElement, pictureUrl, prefetch } from "../../prefml/review/static/pictures.js";
import { groupOf, imageOf } from "./server.js";

const CACHE_SIZE = 64, CONCURRENT = 2;

// Every picture that is made decodes when it is told to.
const decoding = [];
window.HTMLImageElement.prototype.decode = function decode() {
  return new Promise((resolve, reject) => { decoding.push({ src: this.src, resolve, reject }); });
};

// A turn of the event loop would wait for the timers, which are mocked.
async function settle() {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

const numbered = (number, fields) => imageOf(0, { picture: `/picture/${number}`, ...fields });

test("a screen of 900 pixels gets pictures of 1024", () => {
  assert.equal(PICTURE_SIZE, "view");
});

test("a larger or a denser screen gets larger ones", async () => {
  const sizes = [];
  for (const [height, density] of [[1340, 1], [1341, 1], [900, 2]]) {
    Object.assign(window, { innerHeight: height, devicePixelRatio: density });
    sizes.push((await import(`../../prefml/review/static/pictures.js?${height}x${density}`)).PICTURE_SIZE);
  }
  assert.deepEqual(sizes, ["view", "large", "large"]);
});

test("an address changes with the file and the size", () => {
  assert.equal(pictureUrl(numbered(1, { version: "7" })), "/picture/1/view?v=7");
  assert.equal(pictureUrl(numbered(1), "full"), "/picture/1/full?v=1");
});

test("a picture has one element, which begins to load when it is made", () => {
  const element = imageElement(numbered(1));
  assert.equal(imageElement(numbered(1)), element);
  assert.notEqual(imageElement(numbered(1, { version: "2" })), element);
  assert.equal(element.getAttribute("draggable"), "false");
});

test("a picture that cannot be decoded is told and breaks nothing", async () => {
  const good = imageElement(numbered("good")), bad = imageElement(numbered("bad"));
  decoding.at(-2).resolve();
  decoding.at(-1).reject(new Error("broken"));
  assert.deepEqual(await Promise.all([good.ready, bad.ready]), [true, false]);
});

test("a picture that did not come is asked for again while it is in view", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout"] });
  const element = imageElement(numbered("lost"));
  document.body.append(element);
  for (const wait of [250, 1000]) {
    const asked = decoding.length;
    decoding.at(-1).reject(new Error("no connection"));
    await settle();
    mock.timers.tick(wait - 1);
    await settle();
    assert.equal(decoding.length, asked);
    mock.timers.tick(1);
    await settle();
    assert.deepEqual([decoding.length, decoding.at(-1).src], [asked + 1, element.src]);
  }
  decoding.at(-1).resolve();
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.equal(decoding.at(-1).src, element.src);
  element.remove();
});

test("a damaged picture is not asked for without end", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout"] });
  const element = imageElement(numbered("damaged"));
  document.body.append(element);
  const asked = decoding.length;
  for (let i = 0; i < 9; i += 1) {
    decoding.at(-1).reject(new Error("damaged"));
    await settle();
    mock.timers.tick(60_000);
    await settle();
  }
  assert.equal(decoding.length, asked + 4);
  element.remove();
});

test("a picture fetched ahead that did not come is asked for anew when it is wanted", async (context) => {
  context.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout"] });
  const ahead = imageElement(numbered("ahead")), asked = decoding.length;
  decoding.at(-1).reject(new Error("no connection"));
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.equal(decoding.length, asked);
  assert.notEqual(imageElement(numbered("ahead")), ahead);
});

test("the pictures asked for the longest ago are forgotten, but not one in the page", () => {
  const shown = imageElement(numbered("shown")), old = imageElement(numbered("old"));
  document.body.append(shown);
  for (let i = 0; i < CACHE_SIZE; i += 1) imageElement(numbered(`new${i}`));
  assert.equal(imageElement(numbered("shown")), shown);
  assert.notEqual(imageElement(numbered("old")), old);
});

test("a picture that is asked for again is not the oldest any more", () => {
  const used = imageElement(numbered("used"));
  for (let i = 0; i < CACHE_SIZE - 2; i += 1) imageElement(numbered(`other${i}`));
  imageElement(numbered("used"));
  for (let i = 0; i < CACHE_SIZE / 2; i += 1) imageElement(numbered(`another${i}`));
  assert.equal(imageElement(numbered("used")), used);
});

test("few pictures are fetched ahead at a time, one after the other", async () => {
  decoding.length = 0;
  prefetch([groupOf("a"), groupOf("b")]);
  assert.equal(decoding.length, CONCURRENT);
  decoding[0].resolve();
  await settle();
  assert.equal(decoding.length, CONCURRENT + 1);
  decoding[1].reject(new Error("broken"));
  await settle();
  assert.equal(decoding.length, CONCURRENT + 2);
  for (let i = 2; i < 6; i += 1) { decoding[i].resolve(); await settle(); }
  assert.deepEqual(decoding.map(({ src }) => new URL(src).pathname.slice(9, 12)), ["a/0", "a/1", "a/2", "b/0", "b/1", "b/2"]);
});

test("what is wanted ahead takes the place of what was wanted before, and is fetched once if it comes", async () => {
  decoding.length = 0;
  const broken = groupOf("e", { images: [imageOf(0, { version: null })] });
  prefetch([groupOf("c")]);
  prefetch([groupOf("a"), broken, groupOf("d")]);
  for (let i = 0; i < decoding.length; i += 1) { decoding[i].resolve(); await settle(); }
  assert.deepEqual(decoding.map(({ src }) => new URL(src).pathname.slice(9, 12)), ["c/0", "c/1", "a/1", "d/0", "d/1", "d/2"]);
});
