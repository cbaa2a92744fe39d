// Making elements without HTML text, which the page's content policy forbids.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

export const keycaps = (...names) => names.map((name) => make("kbd", {}, name));

let announcing = 0;
export function announce(text) {
  // A screen reader hears a change of text only after a pause; while a box moves, the last counts.
  clearTimeout(announcing);
  announcing = setTimeout(() => { byId("announce").textContent = text; }, 150);
}

export function showStatus(text) {
  const line = byId("status");
  line.textContent = text;
  // The heading beside it may use what is left.
  byId("main").style.setProperty("--told", `${line.offsetWidth}px`);
}

export function showAlert(text) {
  const box = byId("alert");
  box.textContent = text ?? "";
  box.hidden = !text;
}
