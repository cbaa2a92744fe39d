// Approve the sets inside the error budget together: how many, a look at each, then one key.

import { StaleError, get, post } from "./api.js";
import { byId, make, visible } from "./dom.js";
import { boxText } from "./geometry.js";
import { dropWaiting, enqueueInput } from "./jobs.js";
import { aspect, fitInside } from "./layout.js";
import { PICTURE_SIZE, pictureUrl } from "./pictures.js";
import { present } from "./present.js";
import { receive, session } from "./session.js";
import { placeBox } from "./view.js";
import { countSets, formatCount, percent, shortName } from "./words.js";

const PAGE = 24;
// Of a picture, in CSS pixels: large enough to judge, and four side by side in half a window.
const ROOM = { w: 250, h: 230 };

/** @type {Batch | null} */
let batch = null;
// The error budget that was chosen; empty: the most generous.
let level = "";

const opened = () => present(batch, "batch");

/**
 * Show the sets that may be approved together.
 *
 * @param {Batch["done"]} done called with the ids that were approved, and with those that are asked one by one
 */
export async function open(done) {
  level = "";
  await offer(done, new Set(), "");
  checkboxes()[0]?.focus();
}

/**
 * Ask which sets may be approved together, and show the first of them.
 *
 * @param {Batch["done"]} done
 * @param {ReadonlySet<string>} unwanted ids that were unticked before
 * @param {string} note
 */
async function offer(done, unwanted, note) {
  const { group_ids, asked, why, versions, levels } = await get("budget", { project: session.project, level });
  // What will be asked without its suggestion is not shown with it before.
  const ids = group_ids.filter((id) => !asked.includes(id));
  const left = new Set(ids.filter((id) => !unwanted.has(id)));
  batch = { ids, asked, why, versions, levels, left, loaded: 0, loading: false, note, done };
  byId("bulk-grid").replaceChildren();
  drawLevels();
  if (!byId("bulk").open) byId("bulk").showModal();
  drawSummary();
  if (ids.length) await loadMore();
}

/** Draw the slider from strict to generous; with one budget there is nothing to choose. */
function drawLevels() {
  const { levels } = opened(), slider = byId("bulk-level"), at = levelIndex();
  byId("bulk-levels").hidden = !levels.length;
  slider.max = String(Math.max(0, levels.length - 1));
  slider.value = String(at);
  slider.disabled = levels.length < 2;
  const words = levels[at] ? levelText(levels[at]) : "";
  slider.setAttribute("aria-valuetext", words);
  byId("bulk-count").textContent = words;
}

/** Return the position of the error budget that is chosen. */
function levelIndex() {
  const { levels } = opened(), found = levels.findIndex(({ budget }) => String(budget) === level);
  return found < 0 ? levels.length - 1 : found;
}

/**
 * Write how many sets lie within an error budget, and how many of them may be wrong.
 *
 * @param {BudgetLevel} found
 */
export const levelText = ({ budget, sets, about, at_most: most }) => `${countSets(sets)}, about ${formatCount(about)} wrong, at most ${formatCount(most)} with 95 % (the error budget of ${Number((budget * 100).toFixed(2))} %)`;

/**
 * Choose another error budget, and show what lies within it; what was unticked stays so.
 *
 * @param {number} at
 */
async function chooseLevel(at) {
  const { levels, ids, left, done } = opened(), chosen = levels[Math.max(0, Math.min(at, levels.length - 1))];
  if (!chosen || levels.indexOf(chosen) === levelIndex()) return;
  level = String(chosen.budget);
  await offer(done, new Set(ids.filter((id) => !left.has(id))), "");
}

const checkboxes = () => [...byId("bulk-grid").querySelectorAll("input")];

/**
 * Write how many sets there are and what to do with them.
 *
 * @param {number} total
 * @param {number} loaded
 * @param {string} project all of them where it is empty
 */
export function summaryText(total, loaded, project) {
  if (!total) return "No undecided set without flags lies inside the error budget. prefml evaluate finds how sure a suggestion must be for that; prefml suggest then marks the sets.";
  return `${countSets(total)} undecided, without flags, inside the error budget${project ? `, project ${project}` : ""}. You have had ${formatCount(loaded)} before you; scroll for more and untick what needs a look of its own. One undo takes the whole batch back.`;
}

/**
 * Write why sets are asked one by one, or why there is no batch.
 *
 * @param {number} asked
 * @param {string} why
 */
export function auditText(asked, why) {
  if (!asked) return why;
  return `${countSets(asked)} of the batch, drawn at random, ${asked === 1 ? "is" : "are"} not approved but asked one by one, without a suggestion: that is how prefml learns how often what you approve unseen is wrong. ${why}`;
}

function drawSummary() {
  const { ids, asked, why, left, loaded, note } = opened(), audit = auditText(asked.length, why);
  const summary = why && !ids.length && !asked.length ? "" : summaryText(ids.length + asked.length, loaded, session.project);
  byId("bulk-text").textContent = visible(note + [summary, audit].filter(Boolean).join(" "));
  for (const id of /** @type {const} */ (["bulk-grid", "bulk-hint"])) byId(id).hidden = !ids.length;
  const button = byId("bulk-approve");
  button.hidden = !ids.length && !asked.length;
  const words = left.size || !asked.length ? ` Approve ${countSets(left.size)} as suggested` : ` Ask me about ${countSets(asked.length)}`;
  button.replaceChildren(make("kbd", {}, "A"), left.size && asked.length ? `${words}, ask me about ${formatCount(asked.length)}` : words);
  button.disabled = ids.length ? !left.size || !loaded : !asked.length;
}

async function loadMore() {
  const shown = opened();
  if (shown.loading || shown.loaded >= shown.ids.length) return;
  shown.loading = true;
  const ids = shown.ids.slice(shown.loaded, shown.loaded + PAGE);
  const answer = await get("load_batch", { id: ids, picture: "small" });
  // Offered anew meanwhile.
  if (shown !== batch) return;
  for (const { group_id: id, version } of answer.groups) shown.versions[id] = version;
  byId("bulk-grid").append(...answer.groups.map(item));
  shown.loaded += ids.length;
  shown.loading = false;
  drawSummary();
}

/**
 * Draw a set as it is: all of its pictures, the suggested one with its crop, how sure both are, and what looked odd.
 *
 * @param {Group} group
 */
function item(group) {
  const suggested = present(group.suggested, "suggested picture");
  const pictures = group.images.map((image, index) => drawPicture(group, image, index === suggested));
  const tick = make("input", { type: "checkbox", checked: opened().left.has(group.group_id) });
  tick.addEventListener("change", () => { setWanted(group.group_id, tick.checked); });
  const label = make("label", {}, tick, make("span", { title: present(group.images[suggested], "picture").name }, captionOf(group, present(group.images[suggested], "picture"))));
  const flags = [...group.flags, ...group.duplicates].map((words) => make("span", { class: "chip flag", title: words }, words));
  return make("div", { class: "bulk-item bulk-set" }, make("div", { class: "bulk-pictures" }, pictures), label, flags);
}

/**
 * @param {Group} group
 * @param {Image} image
 * @param {boolean} isSuggested
 */
function drawPicture(group, image, isSuggested) {
  const picture = make("img", { alt: isSuggested ? `Suggested picture of ${group.group_id}` : `Not kept: ${shortName(image.name)}`, loading: "lazy", width: image.width, height: image.height });
  if (image.version) picture.src = pictureUrl(image, "small");
  const frame = make("div", { class: isSuggested ? "frame suggested" : "frame lost" }, picture);
  frame.style.width = `${fitInside(aspect(image), ROOM.w, ROOM.h).w}px`;
  if (isSuggested && group.crop.box) {
    const box = make("div", { class: "crop", "data-box": boxText(group.crop.box) });
    placeBox(box, group.crop.box);
    frame.append(box);
  }
  return frame;
}

/**
 * Write how sure the choice and the crop are and of which project; the picture's name where neither is rated.
 *
 * @param {Group} group
 * @param {Image} image
 */
export const captionOf = ({ confidence, project, crop, images }, image) => [
  confidence === null ? shortName(image.name) : images.length > 1 ? `choice ${percent(confidence)}` : "",
  crop.offered && crop.confidence !== null ? `${crop.box ? "crop" : "kept whole"} ${percent(crop.confidence)}` : "", project,
].filter(Boolean).join(" · ");

/**
 * @param {string} id
 * @param {boolean} wanted
 */
function setWanted(id, wanted) {
  const { left } = opened();
  if (wanted) left.add(id); else left.delete(id);
  drawSummary();
}

async function approve() {
  const { ids, asked, left, versions, done } = opened(), button = byId("bulk-approve");
  // Pressed again before its turn came.
  if (button.disabled) return;
  button.disabled = true;
  const wanted = [...asked, ...ids.filter((id) => left.has(id))];
  try {
    const seen = Object.fromEntries(wanted.map((id) => [id, present(versions[id], "version")]));
    const answer = await post("approve_batch", { group_ids: wanted, suggestion_versions: seen }, PICTURE_SIZE);
    receive(answer);
    byId("bulk").close();
    await done(answer.group_ids.filter((id) => !answer.asked.includes(id)), answer.asked);
  } catch (error) {
    if (!(error instanceof StaleError)) throw error;
    dropWaiting();
    await offer(done, new Set(ids.filter((id) => !left.has(id))), "Suggestions changed; nothing was approved, and here are the new ones. ");
  }
}

/**
 * Move between the checkboxes, or approve.
 *
 * @param {Stroke} stroke
 */
export async function handleKey({ key, repeat }) {
  const all = checkboxes(), at = all.findIndex((box) => box === document.activeElement);
  const columns = getComputedStyle(byId("bulk-grid")).gridTemplateColumns.split(" ").length;
  /** @type {Readonly<Record<string, number>>} */
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const step = steps[key];
  if (step) all[Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
  else if (key === "-" || key === "+" || key === "=") await chooseLevel(levelIndex() + (key === "-" ? -1 : 1));
  else if (key === "a" && !repeat) await approve();
}

byId("bulk-grid").addEventListener("scroll", () => {
  const grid = byId("bulk-grid");
  if (grid.scrollTop + grid.clientHeight > grid.scrollHeight - 400) void loadMore();
});
byId("bulk-level").addEventListener("input", () => {
  const found = opened().levels[Number(byId("bulk-level").value)];
  // The counts go along while it is moved; the sets follow once it rests.
  byId("bulk-count").textContent = found ? levelText(found) : "";
});
byId("bulk-level").addEventListener("change", () => { enqueueInput(() => chooseLevel(Number(byId("bulk-level").value))); });
byId("bulk-approve").addEventListener("click", () => { enqueueInput(approve); });
