// Show where in a picture a flag was raised, on request.

import { byId, findAll, make } from "./dom.js";

/**
 * Return the chip of a flag; where the flag has a place, a button that shows it.
 *
 * @param {Group} group
 * @param {string} flag
 */
export function flagChip(group, flag) {
  const words = `⚑ ${flag}`;
  const places = group.flag_places.filter((place) => place.flag === flag);
  if (!places.length) return make("span", { class: "chip flag" }, words);
  const chip = make("button", { type: "button", class: "chip flag", "data-testid": "flag-place", "aria-pressed": "false", title: "Show where" }, words);
  chip.addEventListener("click", () => {
    const shown = chip.getAttribute("aria-pressed") !== "true";
    hidePlaces();
    chip.setAttribute("aria-pressed", String(shown));
    if (shown) places.forEach(showPlace);
  });
  return chip;
}

/** Take away every mark. */
function hidePlaces() {
  for (const mark of findAll(byId("pictures"), ".flag-place")) mark.remove();
  for (const chip of findAll(byId("chips"), "[aria-pressed]")) chip.setAttribute("aria-pressed", "false");
}

/** @param {FlagPlace} place */
function showPlace({ flag, index, box: [left, top, right, bottom] }) {
  const mark = make("div", { class: "flag-place", role: "img", "aria-label": flag });
  mark.style.left = `${left * 100}%`;
  mark.style.top = `${top * 100}%`;
  mark.style.width = `${(right - left) * 100}%`;
  mark.style.height = `${(bottom - top) * 100}%`;
  findAll(byId("pictures"), ".tile .frame")[index]?.append(mark);
}
