"""Propose crops with an exported crop model: json, lightgbm and numpy alone, nothing is unpickled.

python examples/crop_without_prefml.py exported/crop.json rows.csv
"""

import csv
import json
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

RIM, SHARPNESS, LEAST = 0.06, 60.0, 0.02


def cover(x1, y1, x2, y2):
    """Return what share of each cell of a 7 x 7 grid lies inside a window."""
    cells = np.arange(7) / 7
    across = np.clip((np.minimum(x2, cells + 1 / 7) - np.maximum(x1, cells)) * 7, 0, 1)
    down = np.clip((np.minimum(y2, cells + 1 / 7) - np.maximum(y1, cells)) * 7, 0, 1)
    return np.outer(down, across).ravel()


def evidence(inputs, row, window, prior, predicted=None):
    """Describe one window of one picture, in the order in which the trees were taught."""
    x1, y1, x2, y2 = window
    sides = window[2:] - window[:2]
    side = np.sqrt(sides.prod())
    values = [x1, y1, x2, y2, side, prior]
    for columns in inputs["maps"]:
        cells = np.nan_to_num(np.clip(row[columns], 0, 1))
        inside = cells @ cover(x1, y1, x2, y2)
        within = cells @ cover(x1 + RIM, y1 + RIM, x2 - RIM, y2 - RIM)
        around = cells @ cover(x1 - RIM, y1 - RIM, x2 + RIM, y2 + RIM)
        values += [inside, inside / max(sides.prod(), 1e-6), around - within]
    boxes = [np.clip(row[columns], 0, 1) for columns in inputs["boxes"]]
    for box in boxes if predicted is None else [*boxes, predicted]:
        shared = np.minimum(box[2:], window[2:]) - np.maximum(box[:2], window[:2])
        inside, own = np.clip(shared, 0, None).prod(), (box[2:] - box[:2]).prod()
        union = own + (window[2:] - window[:2]).prod() - inside
        values += [inside / np.maximum(union, 1e-9), inside / np.maximum(own, 1e-9), *box - window]
    for columns in inputs["extents"]:
        values += [*np.clip(row[columns], 0, 1) - window]
    for columns in inputs["middles"]:
        values += [*np.abs(np.clip(row[columns], 0, 1) - (window[:2] + window[2:]) / 2)]
    for columns in inputs.get("heads", []):
        head = np.clip(row[columns], 0, 1)
        unit = np.maximum(head[2:] - head[:2], LEAST)
        room = np.array([head[:2] - window[:2], window[2:] - head[2:], sides])
        values += [*np.clip(room / unit, -50, 50).ravel()]
    for columns in inputs.get("points", []):
        place = (np.clip(row[columns], -1, 2) - window[:2]) / np.maximum(sides, LEAST)
        values += [*np.clip(place, -50, 50)]
    bounded = np.clip(row, -1e9, 1e9)
    centred = np.nan_to_num(bounded[inputs["embedding"]] - np.array(inputs["mean"]))
    compressed = np.round([centred @ np.array(one) for one in inputs["directions"]], 6)
    return [*values, *bounded[inputs["scalars"]], *compressed]


def around_person(inputs, people, row):
    """Return windows around the main person, the predicted box first; none without a person."""
    head = np.clip(row[inputs["heads"][0]], 0, 1)
    if np.isnan(head).any():
        return np.zeros((0, 4))
    kinds = (("points", -1, 2), ("heads", 0, 1), ("boxes", 0, 1), ("extents", 0, 1))
    parts = [np.clip(row[np.array(inputs[k], int).ravel()], low, high) for k, low, high in kinds]
    places = np.concatenate(parts)
    standard = (places - np.array(people["mean"])) / np.array(people["scale"])
    columns = np.concatenate([np.clip(np.nan_to_num(standard), -10, 10), np.isnan(places)])
    edges = np.round(np.array(people["weights"]) @ columns + np.array(people["intercept"]), 9)
    middle, half = (edges[:2] + edges[2:]) / 2, (edges[2:] - edges[:2]) / 2
    found = [edges]
    for axis in (0, 1):
        step = np.zeros(4)
        step[[axis, axis + 2]] = 0.12 * half[axis]
        found += [edges - step, edges + step]
    found += [np.concatenate([middle - half * s, middle + half * s]) for s in (0.9, 1.1)]
    unit = np.maximum(head[2:] - head[:2], LEAST)
    typical = np.array(people["typical"]) * np.tile(unit, 2) + np.tile((head[:2] + head[2:]) / 2, 2)
    raw = np.vstack([found, typical])
    low = np.clip(raw[:, :2], 0, 1 - LEAST)
    high = np.clip(raw[:, 2:], low + LEAST, 1)
    if people["locked"]:
        side = np.sqrt((high - low).prod(axis=1))[:, None]
        low = np.clip((low + high - side) / 2, 0, np.maximum(1 - side, 0))
        high = low + side
    return np.hstack([low, high])


def expected(windows, people):
    """Return the mean intersection over union of windows with the known crops."""
    known = np.array(people["known"])
    shared = np.minimum(windows[:, None, 2:], known[:, 2:]) - np.maximum(
        windows[:, None, :2], known[:, :2]
    )
    inside = np.clip(shared, 0, None).prod(axis=2)
    area = (windows[:, 2:] - windows[:, :2]).prod(axis=1)[:, None]
    union = area + (known[:, 2:] - known[:, :2]).prod(axis=1) - inside
    return (inside / union) @ np.array(people["known_weight"]) / np.sum(people["known_weight"])


def boxes(path, rows):
    """Return x1, y1, x2, y2 in fractions for every row; the full frame where it is kept whole."""
    content = json.loads(path.read_text())
    model, shared = content["model"], np.array(content["model"]["windows"])
    people = model.get("people")
    trees = content["files"].get("windows")
    booster = trees and lgb.Booster(model_file=path.parent / trees["file"])
    for row in rows:
        windows, scores, predicted, shrink = shared, np.array(model["prior"]), None, model["shrink"]
        if booster and people:
            around, predicted = around_person(model["inputs"], people, row), np.full(4, np.nan)
            if len(around):
                predicted, shrink = around[0], people["shrink"]
                windows = np.vstack([around, shared])
                scores = np.concatenate([expected(around, people), scores])
        if booster:
            pairs = list(zip(windows, scores, strict=True))
            table = [evidence(model["inputs"], row, *pair, predicted) for pair in pairs]
            scores = scores + booster.predict(table)
        *crops, full = scores
        weight = np.exp(SHARPNESS * (np.array(crops) - max(crops)))
        best = np.clip(weight @ windows[:-1] / weight.sum(), 0, 1)
        seen = np.array([full - max(crops), full, best[2] - best[0]])
        keep = 1 / (1 + np.exp(-(seen @ model["keep"]["weights"] + model["keep"]["intercept"])))
        constant = np.array(model["constant"])
        crop = constant + shrink * (best - constant)
        whole = model["threshold"] is not None and keep >= model["threshold"]
        yield [0.0, 0.0, 1.0, 1.0] if whole else least(crop, model["parameters"]["min_side"])


def least(box, side):
    """Enlarge a box that is too small about its centre, without leaving the picture."""
    sides = np.maximum(box[2:] - box[:2], side)
    if (sides <= box[2:] - box[:2] + 1e-12).all():
        return list(box)
    start = np.clip((box[:2] + box[2:] - sides) / 2, 0, 1 - sides)
    return [*start, *(start + sides)]


if __name__ == "__main__":
    with open(sys.argv[2], newline="") as file:
        names, *lines = csv.reader(file)
    table = np.array([[float(cell or "nan") for cell in line] for line in lines])
    for box in boxes(Path(sys.argv[1]), table):
        print(*box)
