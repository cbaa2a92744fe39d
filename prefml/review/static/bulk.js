// Approving sets inside the error budget together: how many, a look at each, then one key.

import { get, post } from "./api.js";
import { byId, make } from "./dom.js";
import { boxText } from "./geometry.js";
import { aspect, fitInside } from "./layout.js";
import { pictureUrl, PICTURE_SIZE } from "./pictures.js";
import { session, receive } from "./session.js";
import { placeBox } from "./view.js";
import { formatCount, percent, countSets, shortName } from "./words.js";

const PAGE = 48;

let batch = null;

export async function open(done) {
  const { group_ids: ids } = await get("budget", { project: session.project });
  batch = { ids, left: new Set(ids), loaded: 0, done, loading: false };
  byId("bulk-grid").replaceChildren();
  byId("bulk").showModal();
  drawSummary();
  if (ids.length) await loadMore();
  checkboxes()[0]?.focus();
}

const checkboxes = () => [...byId("bulk-grid").querySelectorAll("input")];

function drawSummary() {
  const { ids, left, loaded } = batch;
  byId("bulk-text").textContent = ids.length
    ? `${countSets(ids.length)} undecided, without flags, inside the error budget${session.project ? `, project ${session.project}` : ""}. You have had ${formatCount(loaded)} before you; scroll for more and untick what needs a look of its own. One undo takes the whole batch back.`
    : "No undecided set without flags lies inside the error budget. prefml evaluate finds how sure a suggestion must be for that; prefml suggest then marks the sets.";
  for (const name of ["bulk-grid", "bulk-hint", "bulk-approve"]) byId(name).hidden = !ids.length;
  const button = byId("bulk-approve");
  button.replaceChildren(make("kbd", {}, "A"), ` Approve ${countSets(left.size)} as suggested`);
  button.disabled = !left.size || !loaded;
}

async function loadMore() {
  if (batch.loading || batch.loaded >= batch.ids.length) return;
  batch.loading = true;
  const ids = batch.ids.slice(batch.loaded, batch.loaded + PAGE);
  const answer = await get("load_batch", { id: ids, picture: "small" });
  byId("bulk-grid").append(...answer.groups.map(item));
  batch.loaded += ids.length;
  batch.loading = false;
  drawSummary();
}

function item(group) {
  const image = group.images[group.suggested];
  const picture = make("img", { alt: `Suggested picture of ${group.group_id}`, loading: "lazy", width: image.width, height: image.height });
  if (image.version) picture.src = pictureUrl(image, "small");
  const frame = make("div", { class: "frame" }, picture);
  frame.style.width = `${fitInside(aspect(image), 156, 170).w}px`;
  if (group.crop.box) {
    const box = make("div", { class: "crop", "data-box": boxText(group.crop.box) });
    placeBox(box, group.crop.box);
    frame.append(box);
  }
  const tick = make("input", { type: "checkbox", checked: true, onchange: (event) => setWanted(group.group_id, event.target.checked) });
  return make("div", { class: "bulk-item" }, frame, make("label", {}, tick, make("span", { title: image.name }, captionOf(group, image))));
}

const captionOf = (group, image) => [
  group.confidence === null ? shortName(image.name) : percent(group.confidence), group.project,
].filter(Boolean).join(" · ");

function setWanted(id, wanted) {
  if (wanted) batch.left.add(id); else batch.left.delete(id);
  drawSummary();
}

async function approve() {
  byId("bulk-approve").disabled = true;
  const answer = await post("approve_batch", { group_ids: batch.ids.filter((id) => batch.left.has(id)) }, PICTURE_SIZE);
  receive(answer);
  byId("bulk").close();
  batch.done(answer.group_ids);
}

// Returns whether the key was for the batch.
export function handleKey({ key, repeat }) {
  const all = checkboxes(), at = all.indexOf(document.activeElement);
  const columns = getComputedStyle(byId("bulk-grid")).gridTemplateColumns.split(" ").length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (step) all[Math.min(all.length - 1, Math.max(0, at + step))]?.focus();
  else if (key === "a" && !repeat && !byId("bulk-approve").disabled) return approve();
  return Boolean(step);
}

byId("bulk-grid").addEventListener("scroll", (event) => {
  const grid = event.target;
  if (grid.scrollTop + grid.clientHeight > grid.scrollHeight - 400) loadMore();
});
byId("bulk-approve").addEventListener("click", approve);
