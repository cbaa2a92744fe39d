// Compare the pictures of a set at full size: side by side, in place of each other, against one, or as a difference.

import { approvalText } from "./approval.js";
import { byId, findAll, make } from "./dom.js";
import { capOf } from "./keymap.js";
import { drawPicture, fittedSize, layPanes, makePane, signOf } from "./panes.js";
import { lookAt, regionsOf } from "./people.js";
import { present } from "./present.js";
import { imageAt, isBlind, selectedIndex } from "./session.js";
import { magnified, panned, pixelScale, pointAt } from "./viewport.js";
import { percent } from "./words.js";

export { signOf };

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** A key that is let go after so long showed the other picture only meanwhile. */
const BLINK_MS = 300;

/** @type {Comparison | null} */
let view = null;

const viewed = () => present(view, "set at full size");

/** Tell whether the dialog is open. */
export const isZooming = () => byId("zoom").open;

/**
 * Show a set at full size.
 *
 * @param {Group} group
 * @param {CompareMode} [mode]
 */
export function open(group, mode = "together") {
  byId("zoom").showModal();
  byId("zoom-panes").replaceChildren(...group.images.map((image, index) => withPointer(makePane(group, image, index))));
  const champion = Math.min(selectedIndex(group) ?? 0, group.images.length - 1);
  const at = mode === "together" || mode === "flip" ? champion : (champion + 1) % group.images.length;
  const flags = isBlind(group) ? [] : group.flags.map((flag) => make("span", { class: "chip flag" }, `⚑ ${flag}`));
  byId("zoom-flags").replaceChildren(...flags);
  view = {
    group, mode, at, champion, look: { scale: 1, x: 0.5, y: 0.42 }, fitted: { scale: 1, x: 0.5, y: 0.5 },
    shifts: group.images.map(() => ({ x: 0, y: 0 })), alone: false, region: -1, blink: null,
  };
  layPanes(byId("zoom-panes"), view);
  // In place of each other first as a whole, where the eye is led by what changes.
  if (mode === "together") view.look.scale = actualScale();
  else view.look = { ...view.fitted };
  draw();
}

/** Close the dialog. */
export function close() {
  byId("zoom").close();
  byId("zoom-panes").replaceChildren();
}

/** Return the picture that K, X and M are about: the one in place of the others. */
export function pictureInView() {
  const { mode, at } = viewed();
  return mode === "together" ? null : at;
}

/** Draw anew after the window has changed. */
export function refit() {
  if (!isZooming()) return;
  layPanes(byId("zoom-panes"), viewed());
  draw();
}

function actualScale() {
  const box = paneBox(), ratios = viewed().group.images.map((image) => (image.width ?? 0) / fittedSize(image, box).w);
  return pixelScale(ratios, window.devicePixelRatio);
}

/** Return the room of a pane; all have the same. */
const paneBox = () => present(document.querySelector(".pane"), "pane").getBoundingClientRect();

/** @param {{ width: number, height: number }} [box] */
const firstSize = (box = paneBox()) => fittedSize(imageAt(viewed().group, 0), box);

function draw() {
  const box = paneBox(), { group, look, shifts } = viewed();
  findAll(byId("zoom-panes"), ".pane").forEach((pane, index) => {
    const { x, y } = shifts[index] ?? { x: 0, y: 0 };
    drawPicture(pane, imageAt(group, index), { scale: look.scale, x: look.x + x, y: look.y + y }, box);
  });
  const { width } = imageAt(group, 0), drawn = firstSize(box).w * look.scale * window.devicePixelRatio;
  byId("zoom-level").textContent = width ? percent(drawn / width) : "";
  byId("zoom-words").textContent = words();
}

/** Say what is in view, and what A does. */
function words() {
  const { group, mode, at, champion, alone } = viewed();
  const seen = {
    together: "Side by side", flip: `Picture ${at + 1} of ${group.images.length}`, champion: `${champion + 1} against ${at + 1}`,
    difference: `Difference of ${champion + 1} and ${at + 1}, 4 times as bright`,
  }[mode];
  return `${seen}${alone ? `, picture ${at + 1} moves alone` : ""} · ${capOf("a")}: ${approvalText(group)}`;
}

/** @param {Look} look */
function setLook(look) {
  viewed().look = look;
  draw();
}

/** Show a pixel as a pixel; where that is so, the whole picture, from which it goes back to the same place. */
function toggleFit() {
  const { look, fitted } = viewed(), actual = actualScale();
  if (Math.abs(look.scale / actual - 1) < 1e-6) {
    viewed().fitted = look;
    return setLook({ scale: 1, x: 0.5, y: 0.5 });
  }
  return setLook({ ...(look.scale > 1 ? look : fitted), scale: actual });
}

/**
 * Show the pictures in another way, at the same place and as large.
 *
 * @param {CompareMode} mode
 */
function setMode(mode) {
  const now = viewed(), { look } = now, before = firstSize().w * look.scale;
  const count = now.group.images.length;
  if ((mode === "champion" || mode === "difference") && now.at === now.champion) now.at = (now.champion + 1) % count;
  now.mode = mode;
  layPanes(byId("zoom-panes"), now);
  if (look.scale > 1) now.look = magnified(look, before / firstSize().w / look.scale);
  else now.look = { scale: 1, x: 0.5, y: 0.5 };
  draw();
}

/**
 * Show the next picture in place of the one in view; against a champion, the next challenger.
 *
 * @param {1 | -1} by
 */
function flip(by) {
  const now = viewed(), count = now.group.images.length, from = now.at;
  if (now.mode === "together") return setMode("flip");
  // Against a champion the others take turns.
  const turn = [...now.group.images.keys()].filter((index) => now.mode === "flip" || index !== now.champion || count === 1);
  now.at = present(turn[(turn.indexOf(now.at) + by + turn.length) % turn.length], "picture");
  now.blink = { from, since: performance.now() };
  return drawTurn();
}

/** Draw another picture in the same place. */
function drawTurn() {
  layPanes(byId("zoom-panes"), viewed());
  byId("zoom-words").textContent = words();
}

/**
 * Go back to the picture before, where the key that showed another was held down.
 *
 * @param {string} key
 */
export function release(key) {
  if (key !== " " || !isZooming() || !view?.blink) return;
  const { from, since } = view.blink;
  view.blink = null;
  if (performance.now() - since < BLINK_MS) return;
  view.at = from;
  drawTurn();
}

/**
 * Show one picture in place of the others.
 *
 * @param {number} index
 */
export function show(index) {
  const now = viewed();
  if (index >= now.group.images.length) return;
  now.at = index;
  if (now.mode === "together" || index === now.champion) setMode("flip");
  else drawTurn();
}

/** Let the challenger in view take the place of the champion. */
function crown() {
  const now = viewed();
  if (now.mode !== "champion") return;
  [now.champion, now.at] = [now.at, now.champion];
  drawTurn();
}

/**
 * Magnify the next face or hand that was found.
 *
 * @param {1 | -1} by
 */
export function showRegion(by) {
  const now = viewed(), { group, at } = now;
  const found = [at, ...group.images.keys()].map((index) => ({ index, boxes: regionsOf(imageAt(group, index)) })).find(({ boxes }) => boxes.length);
  if (!found) {
    byId("zoom-words").textContent = "No face or hand was found here";
    return;
  }
  const { boxes, index } = found, box = paneBox();
  now.region = (now.region + by + boxes.length) % boxes.length;
  setLook(lookAt(present(boxes[now.region], "face or hand"), fittedSize(imageAt(group, index), box), box));
}

/**
 * @param {number} dx
 * @param {number} dy
 */
function pan(dx, dy) {
  const now = viewed(), moved = panned(now.look, dx, dy, firstSize());
  if (!now.alone) return setLook(moved);
  const shift = present(now.shifts[now.at], "offset");
  shift.x += moved.x - now.look.x;
  shift.y += moved.y - now.look.y;
  return draw();
}

/** @param {boolean} reset */
function moveAlone(reset) {
  const now = viewed();
  if (reset) now.shifts = now.shifts.map(() => ({ x: 0, y: 0 }));
  now.alone = !reset && !now.alone;
  draw();
}

/** @param {HTMLElement} pane */
function withPointer(pane) {
  pane.addEventListener("pointerdown", startDrag);
  pane.addEventListener("wheel", zoomByWheel, { passive: false });
  pane.addEventListener("dblclick", toggleFit);
  return pane;
}

/**
 * Magnify about a point of the window, over a pane.
 *
 * @param {Element} pane
 * @param {number} by factor
 * @param {number} clientX
 * @param {number} clientY
 */
function magnifyAt(pane, by, clientX, clientY) {
  const box = pane.getBoundingClientRect(), { look } = viewed();
  const [dx, dy] = [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
  const [x, y] = pointAt(look, dx, dy, firstSize(box));
  setLook(magnified(look, by, x, y));
}

/** @param {WheelEvent} event */
function zoomByWheel(event) {
  event.preventDefault();
  if (event.currentTarget instanceof Element) magnifyAt(event.currentTarget, Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
}

/**
 * Pointers that are down, by their ids: one moves the pictures, two magnify them.
 *
 * @type {Map<number, { x: number, y: number }>}
 */
const pointers = new Map();

/** @param {PointerEvent} event */
function startDrag(event) {
  const target = event.currentTarget;
  if (!(target instanceof HTMLElement)) return;
  target.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  viewed().at = event.shiftKey || viewed().alone ? Number(target.dataset.index) : viewed().at;
  /** @param {PointerEvent} moved */
  const drag = (moved) => { if (moved.pointerId === event.pointerId) dragged(target, moved); };
  const end = () => {
    pointers.delete(event.pointerId);
    target.removeEventListener("pointermove", drag);
  };
  target.addEventListener("pointermove", drag);
  target.addEventListener("pointerup", end, { once: true });
  target.addEventListener("pointercancel", end, { once: true });
}

/**
 * @param {HTMLElement} pane
 * @param {PointerEvent} event
 */
function dragged(pane, event) {
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1], before = pointers.get(event.pointerId);
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  if (!other || !before) return pan(event.movementX, event.movementY);
  const apart = (/** @type {{ x: number, y: number }} */ { x, y }) => Math.max(1, Math.hypot(x - other.x, y - other.y));
  return magnifyAt(pane, apart({ x: event.clientX, y: event.clientY }) / apart(before), (event.clientX + other.x) / 2, (event.clientY + other.y) / 2);
}

/**
 * What the dialog's own keys do, with Shift or without.
 *
 * @type {Readonly<Record<string, (shift: boolean) => void>>}
 */
const TOOLS = {
  "0": toggleFit, " ": (shift) => flip(shift ? -1 : 1), e: (shift) => showRegion(shift ? -1 : 1), w: crown, o: moveAlone,
  g: () => setMode("together"), v: () => setMode(viewed().mode === "champion" ? "together" : "champion"),
  d: () => setMode(viewed().mode === "difference" ? "together" : "difference"),
  "+": () => setLook(magnified(viewed().look, 1.25)), "=": () => setLook(magnified(viewed().look, 1.25)),
  "-": () => setLook(magnified(viewed().look, 0.8)), _: () => setLook(magnified(viewed().look, 0.8)),
};

/**
 * Move, magnify or change by a key; tell whether the key was for the dialog.
 *
 * @param {{ key: string, shift?: boolean, repeat?: boolean }} stroke
 */
export function handleKey({ key, shift = false, repeat = false }) {
  const step = shift ? 240 : 60, arrow = ARROWS[key], tool = TOOLS[key];
  if (arrow) pan(arrow[0] * step, arrow[1] * step);
  else if (!tool) return false;
  else if (!repeat || /^[-+=_]$/.test(key)) tool(shift);
  return true;
}
