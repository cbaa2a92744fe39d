// Numbers in words: how sure, how long.

export const percent = (share) => `${Math.round(share * 100)} %`;

export function likelihood(share) {
  if (share >= 0.95) return "almost certain";
  if (share >= 0.8) return "very likely";
  if (share >= 0.6) return "likely";
  if (share >= 0.4) return "leaning this way";
  return "unsure";
}

export const likelihoodText = (share) => (share === null ? "not rated" : `${likelihood(share)} (${percent(share)})`);

export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// The stage is what differs between the names of a set; titles have the whole name.
export const shortName = (name) => name.replace(/^\d{8}_\d{6}_(?=.)/, "").replace(/\.\w+$/, "");

export const formatCount = (number) => number.toLocaleString("en");

export const countSets = (number) => (number === 1 ? "1 set" : `${formatCount(number)} sets`);

export const STATE_LABELS = {
  pending: "undecided", approved: "approved", overridden: "your choice", rejected: "none is good", skipped: "skipped",
};

export function describeBox(box, image) {
  const [x1, y1, x2, y2] = box;
  const size = image?.width
    ? `, ${Math.round((x2 - x1) * image.width)} by ${Math.round((y2 - y1) * image.height)} pixels` : "";
  return `left ${percent(x1)}, top ${percent(y1)}, width ${percent(x2 - x1)}, height ${percent(y2 - y1)}${size}`;
}
