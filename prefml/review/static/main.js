// Wires keys, buttons and lists to what they do, and opens the page.

import { perform } from "./actions.js";
import { deliverOutbox, get, storage } from "./api.js";
import { byId } from "./dom.js";
import { configure } from "./geometry.js";
import { drawProgress } from "./info.js";
import { enqueue, enqueueInput } from "./jobs.js";
import { drawHelp, readStroke } from "./keys.js";
import * as modes from "./modes.js";
import { drawHidden, loadQueue, redraw, showAt } from "./screen.js";
import * as my from "./session.js";
import { placeTiles } from "./view.js";
import * as zoom from "./zoom.js";

const { session } = my;

document.addEventListener("keydown", (event) => {
  const stroke = readStroke(event);
  if (!stroke || modes.isSwitchedOff(stroke)) return;
  if (modes.claims(stroke)) event.preventDefault();
  enqueueInput(() => modes.handleKey(stroke));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.do) {
    if (!button.getAttribute("aria-haspopup")) byId("group").focus({ preventScroll: true });
    enqueueInput(() => perform({ name: button.dataset.do }));
  } else if (button?.dataset.index) enqueueInput(() => perform({ name: "choose", index: Number(button.dataset.index) }));
  else if (button?.dataset.zoom) zoom.handleKey({ key: button.dataset.zoom });
  else if (button?.dataset.crop) enqueueInput(() => modes.useCropTool(button.dataset.crop));
  else if (button?.dataset.close) byId(button.dataset.close).close();
});

byId("tags").addEventListener("close", redraw);
byId("keys-on").addEventListener("change", (event) => storage.write("keys", event.target.checked));
for (const name of ["filter", "project"]) {
  byId(name).addEventListener("change", () => enqueue(async () => {
    await loadQueue(byId("filter").value, byId("project").value);
    await showAt(session.index);
  }));
}
// The window, an alert or a longer line of buttons: whatever changes the room for the pictures.
new ResizeObserver(() => {
  const group = my.currentGroup();
  if (group && !byId("group").hidden) placeTiles(group);
}).observe(byId("group"));

configure(document.body.dataset);
enqueue(async () => {
  drawHelp();
  byId("keys-on").checked = storage.read("keys") ?? true;
  session.hidden = storage.read("hidden") ?? session.hidden;
  drawHidden();
  await deliverOutbox();
  await loadQueue(...my.rememberedFilter());
  await showAt(session.index);
  if (!session.progress) my.receive({ progress: await get("progress") });
  drawProgress();
});
