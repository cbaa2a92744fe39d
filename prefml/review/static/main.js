// Wire keys, buttons and lists to what they do, and open the page.

import { commandNamed, perform } from "./actions.js";
import { deliverOutbox, get, storage } from "./api.js";
import * as cropper from "./cropper.js";
import { byId, showStatus } from "./dom.js";
import { watchDay } from "./first_day.js";
import { configure } from "./geometry.js";
import { loadHints } from "./hints.js";
import { drawProgress } from "./info.js";
import { enqueue, enqueueInput } from "./jobs.js";
import { meantKey } from "./keymap.js";
import { askForKey, chooseLayout, readStroke, showKeys, takeAskedKey } from "./keys.js";
import { follow } from "./loupe.js";
import * as modes from "./modes.js";
import { drawHidden, loadQueue, redraw, showAt } from "./screen.js";
import * as my from "./session.js";
import { placeTiles } from "./view.js";
import * as zoom from "./zoom.js";

const { session } = my;

document.addEventListener("keydown", (event) => {
  if (takeAskedKey(event)) {
    event.preventDefault();
    return;
  }
  const stroke = readStroke(event);
  if (!stroke || modes.isSwitchedOff(stroke)) return;
  if (modes.claims(stroke)) event.preventDefault();
  enqueueInput(() => modes.handleKey(stroke));
});

document.addEventListener("keyup", (event) => { zoom.release(meantKey(event.key.length === 1 ? event.key.toLowerCase() : event.key)); });

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (!button) return;
  const { do: name, index, crop, zoom: key, rebind, layout } = button.dataset;
  if (rebind) askForKey(rebind);
  else if (layout === "standard" || layout === "left" || layout === "right") enqueueInput(() => chooseLayout(layout));
  else if (name) {
    if (!button.getAttribute("aria-haspopup")) byId("group").focus({ preventScroll: true });
    enqueueInput(() => perform(commandNamed(name)));
  } else if (index) enqueueInput(() => perform({ name: "choose", index: Number(index) }));
  else if (crop) enqueueInput(() => modes.useCropTool(crop));
  else if (key) zoom.handleKey({ key });
  else if (button.dataset.close) button.closest("dialog")?.close();
});

byId("aspect").addEventListener("change", () => {
  cropper.useAspect();
  cropper.focus();
});
byId("tags").addEventListener("close", redraw);
byId("keys-on").addEventListener("change", () => { storage.write("keys", byId("keys-on").checked); });
for (const id of /** @type {const} */ (["filter", "project"])) {
  byId(id).addEventListener("change", () => {
    enqueue(async () => {
      await loadQueue(byId("filter").value, byId("project").value);
      await showAt(session.index);
    });
  });
}
// The window, an alert or a longer line of buttons: whatever changes the room for the pictures.
const rooms = new ResizeObserver(() => {
  const group = my.currentGroup();
  if (group && !byId("group").hidden) placeTiles(group);
  zoom.refit();
});
rooms.observe(byId("group"));
rooms.observe(byId("zoom-panes"));

byId("pictures").addEventListener("pointermove", follow);

configure(document.body.dataset);
showKeys({});
// In a job of its own: without them the page works all the same, and says what is wrong with them.
enqueue(async () => { showKeys((await get("keys", {})).keys); });
enqueue(loadHints);
enqueue(async () => {
  byId("keys-on").checked = storage.read("keys") ?? true;
  session.hidden = storage.read("hidden") ?? session.hidden;
  drawHidden();
  const words = (await deliverOutbox()) ? "Your last key came too late: the suggestion changed. Decide again." : "";
  await loadQueue(...my.rememberedFilter());
  await showAt(session.index, words);
  if (words) showStatus(words);
  if (!session.progress) my.receive({ progress: await get("progress", {}) });
  drawProgress();
  watchDay();
});
