"""Propose crops with an exported crop model: json, lightgbm and numpy alone, nothing is unpickled.

python examples/crop_without_prefml.py exported/crop.json rows.csv
"""

import csv
import json
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

RIM, SHARPNESS = 0.06, 60.0


def cover(x1, y1, x2, y2):
    """Return what share of each cell of a 7 x 7 grid lies inside a window."""
    cells = np.arange(7) / 7
    across = np.clip((np.minimum(x2, cells + 1 / 7) - np.maximum(x1, cells)) * 7, 0, 1)
    down = np.clip((np.minimum(y2, cells + 1 / 7) - np.maximum(y1, cells)) * 7, 0, 1)
    return np.outer(down, across).ravel()


def evidence(inputs, row, window, prior):
    """Describe one window of one picture, in the order in which the trees were taught."""
    x1, y1, x2, y2 = window
    side, values = x2 - x1, [x1, y1, x2, y2, x2 - x1, prior]
    for columns in inputs["maps"]:
        cells = np.nan_to_num(np.clip(row[columns], 0, 1))
        inside = cells @ cover(x1, y1, x2, y2)
        within = cells @ cover(x1 + RIM, y1 + RIM, x2 - RIM, y2 - RIM)
        around = cells @ cover(x1 - RIM, y1 - RIM, x2 + RIM, y2 + RIM)
        values += [inside, inside / max(side**2, 1e-6), around - within]
    for columns in inputs["boxes"]:
        box = np.clip(row[columns], 0, 1)
        shared = np.minimum(box[2:], window[2:]) - np.maximum(box[:2], window[:2])
        inside, own = np.clip(shared, 0, None).prod(), (box[2:] - box[:2]).prod()
        union = own + (window[2:] - window[:2]).prod() - inside
        values += [inside / np.maximum(union, 1e-9), inside / np.maximum(own, 1e-9), *box - window]
    for columns in inputs["extents"]:
        values += [*np.clip(row[columns], 0, 1) - window]
    for columns in inputs["middles"]:
        values += [*np.abs(np.clip(row[columns], 0, 1) - (window[:2] + window[2:]) / 2)]
    bounded = np.clip(row, -1e9, 1e9)
    centred = np.nan_to_num(bounded[inputs["embedding"]] - np.array(inputs["mean"]))
    compressed = np.round([centred @ np.array(one) for one in inputs["directions"]], 6)
    return [*values, *bounded[inputs["scalars"]], *compressed]


def boxes(path, rows):
    """Return x1, y1, x2, y2 in fractions for every row; the full frame where it is kept whole."""
    content = json.loads(path.read_text())
    model, windows = content["model"], np.array(content["model"]["windows"])
    trees = content["files"].get("windows")
    booster = trees and lgb.Booster(model_file=path.parent / trees["file"])
    for row in rows:
        scores = np.array(model["prior"])
        if booster:
            pairs = zip(windows, model["prior"], strict=True)
            scores = scores + booster.predict([evidence(model["inputs"], row, *p) for p in pairs])
        *crops, full = scores
        weight = np.exp(SHARPNESS * (np.array(crops) - max(crops)))
        best = np.clip(weight @ windows[:-1] / weight.sum(), 0, 1)
        seen = np.array([full - max(crops), full, best[2] - best[0]])
        keep = 1 / (1 + np.exp(-(seen @ model["keep"]["weights"] + model["keep"]["intercept"])))
        constant = np.array(model["constant"])
        crop = constant + model["shrink"] * (best - constant)
        whole = model["threshold"] is not None and keep >= model["threshold"]
        yield [0.0, 0.0, 1.0, 1.0] if whole else least(crop, model["parameters"]["min_side"])


def least(box, side):
    """Enlarge a box that is too small about its centre, without leaving the picture."""
    if box[2] - box[0] >= side:
        return list(box)
    start = np.clip((box[:2] + box[2:]) / 2 - side / 2, 0, 1 - side)
    return [*start, *(start + side)]


if __name__ == "__main__":
    with open(sys.argv[2], newline="") as file:
        names, *lines = csv.reader(file)
    table = np.array([[float(cell or "nan") for cell in line] for line in lines])
    for box in boxes(Path(sys.argv[1]), table):
        print(*box)
