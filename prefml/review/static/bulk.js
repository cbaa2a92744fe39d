// Approve the sets inside the error budget together: how many, a look at each, then one key.

import { StaleError, get, post } from "./api.js";
import { unsureCrop } from "./approval.js";
import { announce, byId, make, visible } from "./dom.js";
import { boxText } from "./geometry.js";
import { dropWaiting, enqueueInput } from "./jobs.js";
import { keycap, keyed } from "./keymap.js";
import { aspect, fitInside } from "./layout.js";
import { PICTURE_SIZE, pictureUrl } from "./pictures.js";
import { present } from "./present.js";
import { receive, session } from "./session.js";
import { placeBox } from "./view.js";
import { countSets, formatCount, isUnsure, percent, shortName } from "./words.js";

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
  const { group_ids, asked, why, versions, levels, crops } = await get("budget", { project: session.project, level });
  // What will be asked without its suggestion is not shown with it before.
  const ids = group_ids.filter((id) => !asked.includes(id));
  const left = new Set(ids.filter((id) => !unwanted.has(id)));
  batch = { ids, listed: ids, asked, why, versions, levels, crops, asking: false, left, loaded: 0, loading: false, note, done };
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

/** Return the ids of the ticked sets whose crop is stated as unsure. */
function unsureIds() {
  const { ids, left, crops } = opened();
  return ids.filter((id) => left.has(id) && isUnsure(crops[id] ?? null));
}

/**
 * Write that crops are unsure, and what the keys do with them.
 *
 * @param {number} number of sets
 */
export function askedCropsText(number) {
  const what = number === 1 ? "1 set of the batch has a crop that is unsure; here it is" : `${countSets(number)} of the batch have crops that are unsure; here they are`;
  const [crops, pictures] = number === 1 ? ["this crop", "this picture"] : ["these crops", "these pictures"];
  return keyed(`${what}. {A} takes ${crops} too, {K} keeps ${pictures} whole; untick what needs a look of its own.`);
}

/** Show the sets whose crop is unsure, and leave it to the next key what becomes of the crops. */
async function askCrops() {
  const listed = unsureIds();
  Object.assign(opened(), { asking: true, listed, loaded: 0, note: "" });
  byId("bulk-grid").replaceChildren();
  await loadMore();
  drawSummary();
  announce(byId("bulk-text").textContent);
  checkboxes()[0]?.focus();
}

function drawSummary() {
  const { ids, asked, why, loaded, note, asking } = opened(), unsure = asking ? unsureIds().length : 0;
  drawApprove();
  byId("bulk-whole").hidden = !unsure;
  byId("bulk-whole").replaceChildren(keycap("K"), ` Keep ${countSets(unsure)} whole`);
  for (const id of /** @type {const} */ (["bulk-grid", "bulk-hint"])) byId(id).hidden = !ids.length;
  if (unsure) {
    byId("bulk-text").textContent = askedCropsText(unsure);
    return;
  }
  const audit = auditText(asked.length, why);
  const summary = why && !ids.length && !asked.length ? "" : summaryText(ids.length + asked.length, loaded, session.project);
  byId("bulk-text").textContent = visible(note + [summary, audit].filter(Boolean).join(" "));
}

function drawApprove() {
  const { ids, asked, left, loaded } = opened(), button = byId("bulk-approve");
  button.hidden = !ids.length && !asked.length;
  const words = left.size || !asked.length ? ` Approve ${countSets(left.size)} as suggested` : ` Ask me about ${countSets(asked.length)}`;
  button.replaceChildren(keycap("A"), left.size && asked.length ? `${words}, ask me about ${formatCount(asked.length)}` : words);
  button.disabled = ids.length ? !left.size || !loaded : !asked.length;
}

async function loadMore() {
  const shown = opened();
  const { listed } = shown;
  if (shown.loading || shown.loaded >= listed.length) return;
  shown.loading = true;
  const ids = listed.slice(shown.loaded, shown.loaded + PAGE);
  const answer = await get("load_batch", { id: ids, picture: "small" });
  shown.loading = false;
  // Offered anew, or asked about its crops, meanwhile.
  if (shown !== batch) return;
  if (listed !== shown.listed) return loadMore();
  for (const { group_id: id, version } of answer.groups) shown.versions[id] = version;
  byId("bulk-grid").append(...answer.groups.map(item));
  shown.loaded += ids.length;
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
  if (isSuggested && group.crop.box && !losesCrop(group.crop)) {
    const box = make("div", { class: "crop", "data-box": boxText(group.crop.box) });
    placeBox(box, group.crop.box);
    frame.append(box);
  }
  return frame;
}

/**
 * Tell whether a crop is not taken because it is unsure, as prefml.toml says.
 *
 * @param {Crop} crop
 */
const losesCrop = ({ box, confidence }) => unsureCrop === "whole" && box !== null && isUnsure(confidence);

/** @param {Crop} crop */
function cropCaption({ offered, box, confidence }) {
  if (!offered || confidence === null) return "";
  const sure = percent(confidence);
  if (!box || !isUnsure(confidence)) return `${box ? "crop" : "kept whole"} ${sure}`;
  return unsureCrop === "whole" ? `kept whole, the crop is unsure (${sure})` : `unsure crop ${sure}`;
}

/**
 * Write how sure the choice and the crop are and of which project; the picture's name where neither is rated.
 *
 * @param {Group} group
 * @param {Image} image
 */
export const captionOf = ({ confidence, project, crop, images }, image) => [
  confidence === null ? shortName(image.name) : images.length > 1 ? `choice ${percent(confidence)}` : "",
  cropCaption(crop), project,
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

/**
 * Approve what is ticked; where crops are unsure, show them first, and ask once.
 *
 * @param {boolean} [whole] keep the pictures whole whose crops are unsure
 */
async function approve(whole = false) {
  const { ids, asked, left, versions, done, asking } = opened(), button = byId("bulk-approve"), unsure = unsureIds();
  // Pressed again before its turn came.
  if (button.disabled) return;
  if (unsureCrop === "ask" && !asking && unsure.length) {
    await askCrops();
    return;
  }
  button.disabled = true;
  const wanted = [...asked, ...ids.filter((id) => left.has(id))];
  try {
    const seen = Object.fromEntries(wanted.map((id) => [id, present(versions[id], "version")]));
    const answer = await post("approve_batch", { group_ids: wanted, suggestion_versions: seen, keep_whole: whole || unsureCrop === "whole" ? unsure : [] }, PICTURE_SIZE);
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
  else if (key === "k" && !repeat && opened().asking) await approve(true);
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
byId("bulk-approve").addEventListener("click", () => { enqueueInput(() => approve()); });
byId("bulk-whole").addEventListener("click", () => { enqueueInput(() => approve(true)); });
