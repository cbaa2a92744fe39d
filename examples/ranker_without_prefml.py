"""Score rows with an exported ranker: json, lightgbm and numpy alone, nothing is unpickled.

python examples/ranker_without_prefml.py exported/ranker.json rows.csv [project]
"""

import csv
import json
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np


def design(model, X):
    """Turn a table's columns into those that the scores are made of."""
    parts = [X[:, model["blocks"]["kept"]]]
    for block in model["blocks"]["compressed"]:
        centred = np.nan_to_num(X[:, block["columns"]] - np.array(block["centre"]))
        parts.append(centred @ np.array(block["components"]).T)
    if model["novelty"]:
        parts.append(novelty(model["novelty"], X))
    return np.hstack(parts)


def novelty(part, X):
    """Say how unusual each row's step from its source is."""
    steps, learned, found = X[:, part["steps"]], part["learned"], np.full((len(X), 2), np.nan)
    if learned is None:
        return found
    usual = {one["kind"]: (np.array(one["middle"]), one["width"]) for one in learned["usual"]}
    for i in np.flatnonzero(~np.isnan(steps).any(axis=1)):
        kind = None if part["kind"] is None else X[i, part["kind"]]
        middle, width = usual.get(kind, usual[None])
        scaled = (steps[i, learned["columns"]] - middle) / width
        scaled = np.clip(scaled, -learned["clip"], learned["clip"])
        whitened = np.array(learned["directions"]) @ (scaled - np.array(learned["mean"]))
        found[i] = np.log1p((whitened**2).mean()), np.log1p(scaled**2).mean()
    return found


def scaled(one, D):
    """Centre and scale the columns that a score looks at."""
    scale = np.array([np.inf if s is None else s for s in one["scale"]])
    values = np.nan_to_num((D[:, one["columns"]] - np.array(one["centre"])) / scale)
    return np.clip(values, -one["clip"], one["clip"])


def scores(path, X, project=None):
    """Add the mean of the linear scores and the nets' to the mean of the trees' scores."""
    content = json.loads(path.read_text())
    model, total = content["model"], np.zeros(len(X))
    if "common" in model:
        own = {one["project"]: one["ranker"] for one in model["projects"]}
        model = own.get(project, model["common"])
    D = design(model, X)
    net = model.get("net")
    count = len(model["linear"]) + (net is not None)
    for one in model["linear"]:
        total += scaled(one, D) @ np.array(one["weights"]) / count
    if net:
        for hidden, output in zip(net["hidden"], net["output"], strict=True):
            units = np.maximum(scaled(net, D) @ np.array(hidden), 0)
            total += units @ np.array(output) / len(net["output"]) / count
    for name in model["trees"]["texts"]:
        trees = lgb.Booster(model_file=path.parent / content["files"][name]["file"])
        seen = np.ascontiguousarray(D[:, model["trees"]["columns"]])
        total += trees.predict(seen) / len(model["trees"]["texts"])
    return total


if __name__ == "__main__":
    with open(sys.argv[2], newline="") as file:
        names, *lines = csv.reader(file)
    rows = np.array([[float(cell or "nan") for cell in line] for line in lines])
    print(*scores(Path(sys.argv[1]), rows, *sys.argv[3:]), sep="\n")
