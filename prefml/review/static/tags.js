// Anomaly tags, a column a picture; each tick is saved at once.

import { post } from "./api.js";
import { byId, make, showStatus } from "./dom.js";
import { PICTURE_SIZE } from "./pictures.js";
import { receive } from "./session.js";

const TAGS = document.body.dataset.tags.split(" ");

let table = null;

export const isTagging = () => byId("tags").open;

export function open(group, column) {
  table = { group, column: column ?? 0, row: 0 };
  draw();
  byId("tags").showModal();
  focus();
}

// Drawing again makes new boxes; the focus stays where it was.
function focus() {
  byId("tags-table").querySelectorAll("tbody tr")[table.row].querySelectorAll("input")[table.column].focus();
}

const label = (tag) => tag.replaceAll("_", " ");

function draw() {
  const { group } = table;
  const head = make("tr", {}, make("th", { scope: "col" }, "Tag"), group.images.map((_, index) => make("th", { scope: "col", class: index === table.column ? "current" : "" }, `Picture ${index + 1}`)));
  const rows = TAGS.map((tag, number) => make("tr", {}, make("th", { scope: "row" }, make("kbd", {}, String(number + 1)), ` ${label(tag)}`), group.images.map((image, index) => make("td", {}, checkbox(image, index, tag)))));
  byId("tags-table").replaceChildren(make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
}

function checkbox(image, index, tag) {
  return make("input", {
    type: "checkbox", "aria-label": `${label(tag)}, picture ${index + 1}`, checked: image.tags.includes(tag),
    onchange: () => toggle(index, tag),
  });
}

async function toggle(index, tag) {
  const { group } = table;
  Object.assign(table, { column: index, row: TAGS.indexOf(tag) });
  const wanted = {};
  group.images.forEach((image, i) => { wanted[String(i)] = [...image.tags]; });
  const had = wanted[index].includes(tag);
  wanted[index] = had ? wanted[index].filter((other) => other !== tag) : [...wanted[index], tag];
  const answer = await post("tag", { group_id: group.group_id, image_tags: wanted }, PICTURE_SIZE);
  receive(answer);
  [table.group] = answer.groups;
  showStatus(`${label(tag)} ${had ? "removed from" : "noted on"} picture ${index + 1}`);
  draw();
  focus();
}

export async function handleKey({ key }) {
  const number = Number(key);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const last = table.group.images.length;
    table.column = (table.column + (key === "ArrowRight" ? 1 : last - 1)) % last;
    draw();
    focus();
  } else if (number >= 1 && number <= TAGS.length) await toggle(table.column, TAGS[number - 1]);
  else if (key === "t" || key === "Enter") byId("tags").close();
}
