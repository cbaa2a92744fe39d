// Note anomaly tags in a table with a column for each picture; each tick is saved at once.

import { isSilent, post } from "./api.js";
import { byId, make, showStatus } from "./dom.js";
import { enqueueInput } from "./jobs.js";
import { keycap } from "./keymap.js";
import { PICTURE_SIZE } from "./pictures.js";
import { present } from "./present.js";
import { receive } from "./session.js";

const TAGS = (document.body.dataset.tags ?? "").split(" ");

/** @type {TagTable | null} */
let table = null;

const opened = () => present(table, "table of tags");

/** Tell whether the dialog is open. */
export const isTagging = () => byId("tags").open;

/**
 * Show the tags of a set.
 *
 * @param {Group} group
 * @param {number | null} column picture in focus; the first where it is null
 */
export function open(group, column) {
  table = { group, column: column ?? 0, row: 0 };
  byId("tags").showModal();
  refresh();
}

/** Draw the table anew and give the focus back, because drawing makes new checkboxes. */
function refresh() {
  draw();
  const { column, row } = opened();
  byId("tags-table").querySelectorAll("tbody tr")[row]?.querySelectorAll("input")[column]?.focus();
}

/** @param {string} tag */
const label = (tag) => tag.replaceAll("_", " ");

function draw() {
  const { group, column } = opened();
  const pictures = group.images.map((_, index) => make("th", { scope: "col", class: index === column ? "current" : "" }, `Picture ${index + 1}`));
  const rows = TAGS.map((tag, number) => make("tr", {},
    make("th", { scope: "row" }, keycap(String(number + 1)), ` ${label(tag)}`),
    group.images.map((image, index) => make("td", {}, checkbox(image, index, tag)))));
  const head = make("tr", {}, make("th", { scope: "col" }, "Tag"), pictures);
  byId("tags-table").replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
}

/**
 * @param {Image} image
 * @param {number} index
 * @param {string} tag
 */
function checkbox(image, index, tag) {
  return make("input", {
    type: "checkbox", "aria-label": `${label(tag)}, picture ${index + 1}`, checked: image.tags.includes(tag),
    onchange: () => {
      enqueueInput(() => toggle(index, tag));
      // What is not taken is not ticked either.
      if (isSilent()) refresh();
    },
  });
}

/**
 * Return the tags of a set with one added to an image, or removed from it.
 *
 * @param {readonly Image[]} images
 * @param {number} index
 * @param {string} tag
 * @returns {Record<string, string[]>}
 */
export function toggled(images, index, tag) {
  return Object.fromEntries(images.map(({ tags }, at) => {
    if (at !== index) return [at, tags];
    return [at, tags.includes(tag) ? tags.filter((other) => other !== tag) : [...tags, tag]];
  }));
}

/**
 * @param {number} index
 * @param {string} tag
 */
async function toggle(index, tag) {
  const { group } = Object.assign(opened(), { column: index, row: TAGS.indexOf(tag) });
  const answer = await post("tag", { group_id: group.group_id, image_tags: toggled(group.images, index, tag) }, PICTURE_SIZE);
  receive(answer);
  const changed = Object.assign(opened(), { group: present(answer.groups[0], "tagged set") }).group;
  const noted = changed.images[index]?.tags.includes(tag);
  showStatus(`${label(tag)} ${noted ? "noted on" : "removed from"} picture ${index + 1}`);
  refresh();
}

/**
 * Work the table by a key.
 *
 * @param {Stroke} stroke
 */
export async function handleKey({ key }) {
  const state = opened(), count = state.group.images.length, tag = TAGS[Number(key) - 1];
  if (key === "ArrowLeft" || key === "ArrowRight") {
    state.column = (state.column + (key === "ArrowRight" ? 1 : count - 1)) % count;
    refresh();
  } else if (tag) await toggle(state.column, tag);
  else if (key === "t" || key === "Enter") byId("tags").close();
}
