"""Measure what the columns of people are worth to choices, on held-out projects.

`python benchmarks/people_choices.py [WORKSPACE] [--photographs FOLDER] [--seeds N] [--splits N]
[--sets N] [--out FILE]`. A WORKSPACE that is named is embedded and measured first; its sets with
people are shown apart. Then a taste is planted: every photograph in FOLDER (LIVE's by default) in
which a large enough face is found, cut and mirrored at random, is spoilt in the face alone, and the
person keeps the picture that is sound. All pictures of a photograph lie in one project. What an
earlier run wrote of a workspace stays in FILE when none is named.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from _machine import machine

from prefml.encoders import open_encoder
from prefml.evaluation.folds import make_folds
from prefml.features.tables import image_rows
from prefml.features.training_data import read_training_data
from prefml.imaging import cues
from prefml.imaging.decode import decode
from prefml.imaging.people import detect_people
from prefml.imaging.picture import Picture, shrink
from prefml.ranking import SetRanker, default_ranker
from prefml.ranking.defaults import ALTERNATIVES
from prefml.sets import index_sets
from prefml.sidecars.derive import prepare
from prefml.workspace import Workspace

RUNS = {
    "people_choices": {
        "quick": ["{live}", "--seeds", "1", "--splits", "1", "--sets", "60"],
        "full": ["{live}"],
    }
}
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "results" / "people_choices.json"
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "live_challenge" / "images"
PROJECTS = 8
SIDE, LEAST_FACE = 640, 48
# The alternatives of the ranker that use columns of people.
OF_PEOPLE = tuple(one for one in ALTERNATIVES if "people" in str(one))
# Prefixes of columns that are taken away, one family at a time.
FAMILIES = {
    "quality of the face": ("face_sharp", "face_exposure", "face_contrast", "face_noise"),
    "eyes": ("eyes_", "group_eyes"),
    "the worst of a group": ("group_",),
    "the face against the lower stage": ("face_look", "face_shape"),
    "hands": ("hand_", "hands_", "left_hand", "right_hand"),
    "what is there of a person": (
        "face_count", "face_confidence", "face_share", "body_", "person_",
    ),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", nargs="?", type=Path)
    parser.add_argument("--photographs", type=Path, default=PHOTOGRAPHS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--sets", type=int, default=240)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    found |= {"machine": machine(), "splits": options.splits}
    if options.workspace:
        found["photographs of many people"] = of_workspace(options)
    if options.photographs.is_dir():
        found["faces spoilt alone"] = planted(options)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


def of_workspace(options: argparse.Namespace) -> dict[str, Any]:
    """Measure on the choices of a workspace."""
    from prefml.cli import main as prefml

    prefml(["--workspace", str(options.workspace), "embed", "--encoder", "builtin"])
    table = read_training_data(Workspace.open(options.workspace)).choices()
    folds = [
        make_folds(table.project, table.session_id, table.set_id, table.hashes, 4, seed=split)
        for split in range(options.splits)
    ]
    rows = (table.X, table.y, table.set_id, table.project, table.set_id)
    return measure(*rows, folds, options.seeds, {})


def planted(options: argparse.Namespace) -> dict[str, Any]:
    """Measure on sets whose pictures differ in the face alone."""
    rows, y, set_id, photograph = spoil_all(options.photographs, options.sets)
    encoder = open_encoder("builtin", ROOT, "cpu")
    vectors = np.vstack([encoder.encode([prepare(encoder, one)]) for one in rows])
    frame = pd.DataFrame([cues.measure(one) for one in rows])
    X = image_rows(vectors, frame, np.full(len(frame), np.nan), set_id)
    project = np.array([f"p{number % PROJECTS}" for number in photograph])
    # Near duplicates are cuts of one photograph, which lie in one project.
    hashes = [f"{number:016x}" for number in np.random.default_rng(0).integers(0, 2**62, len(y))]
    folds = [
        make_folds(project, project, set_id, hashes, 4, seed=split)
        for split in range(options.splits)
    ]
    print(len(set(photograph.tolist())), "photographs", len(set(set_id.tolist())), "sets")
    return measure(X, y, set_id, project, photograph, folds, options.seeds, FAMILIES) | {
        "photographs": len(set(photograph.tolist()))
    }


def spoil_all(folder: Path, most: int) -> tuple[list[Picture], np.ndarray, np.ndarray, np.ndarray]:
    """Return pictures, 1 for those that are sound, their sets and their photographs."""
    rng = np.random.default_rng(0)
    faces = [
        (number, picture, detect_people(picture).faces.boxes[0])
        for number, picture in enumerate(map(small, sorted(folder.glob("**/*.jpg"))))
        if is_prominent(picture)
    ]
    pictures, y, set_id, photograph = [], [], [], []
    for one in range(most):
        number, picture, box = faces[one % len(faces)]
        pixels, face = vary(rng, picture.pixels, box)
        sound = int(rng.integers(3))
        for place in range(3):
            shown = vary_light(rng, pixels)
            pictures.append(Picture(shown if place == sound else spoil(rng, shown, face)))
            y.append(int(place == sound))
            set_id.append(one)
            photograph.append(number)
    return pictures, np.array(y), np.array(set_id), np.array(photograph)


def small(path: Path) -> Picture:
    return Picture(np.ascontiguousarray(shrink(decode(path).pixels, SIDE)))


def is_prominent(picture: Picture) -> bool:
    """Tell whether a face is found that a spoilt one can be told from."""
    boxes = detect_people(picture).faces.boxes
    return len(boxes) > 0 and (boxes[0, 3] - boxes[0, 1]) * picture.height >= LEAST_FACE


def vary(
    rng: np.random.Generator, pixels: np.ndarray, box: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Cut and mirror a photograph at random, the face kept; return it and the face in pixels."""
    height, width = pixels.shape[:2]
    low, high = np.clip(box[:2], 0, 1), np.clip(box[2:], 0, 1)
    corner = rng.uniform(0, 0.6) * low
    end = high + rng.uniform(0.4, 1) * (1 - high)
    x1, y1, x2, y2 = (np.concatenate([corner, end]) * [width, height, width, height]).astype(int)
    cut = pixels[y1:y2, x1:x2]
    face = np.concatenate([low, high]) * [width, height, width, height] - [x1, y1, x1, y1]
    if rng.integers(2):
        cut, wide = cut[:, ::-1], x2 - x1
        face = np.array([wide - face[2], face[1], wide - face[0], face[3]])
    return np.ascontiguousarray(cut), face


def vary_light(rng: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """Change the whole picture a little: light, sharpness and grain tell nothing by themselves."""
    levels = pixels.astype(np.float32) * rng.uniform(0.85, 1.1)
    levels = cv2.GaussianBlur(levels, (0, 0), float(rng.uniform(0.2, 0.8)))
    levels += rng.normal(0, rng.uniform(0, 4), (*pixels.shape[:2], 1))
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


def spoil(rng: np.random.Generator, pixels: np.ndarray, face: np.ndarray) -> np.ndarray:
    """Spoil the face: blurred, grainy, dark, or pushed out of shape."""
    x1, y1, x2, y2 = face
    height, width = pixels.shape[:2]
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot((across - (x1 + x2) / 2) / (x2 - x1), (down - (y1 + y2) / 2) / (y2 - y1))
    weight = np.clip(2.4 - 4.0 * far, 0, 1)[..., None]
    side = float(min(x2 - x1, y2 - y1))
    kind, levels = int(rng.integers(4)), pixels.astype(np.float32)
    if kind == 0:
        other = cv2.GaussianBlur(levels, (0, 0), max(1.0, side / 14))
    elif kind == 1:
        other = levels + rng.normal(0, 16, levels.shape)
    elif kind == 2:
        other = levels * 0.55
    else:
        wave = side / 12 * np.sin(down / side * 12)
        other = cv2.remap(levels, across + wave, down, cv2.INTER_LINEAR)
    return np.asarray(np.clip(levels * (1 - weight) + other * weight, 0, 255), np.uint8)


def measure(
    X: pd.DataFrame, y: np.ndarray, set_id: np.ndarray, project: np.ndarray,
    cluster: np.ndarray, folds: list[Any], seeds: int,
    families: dict[str, tuple[str, ...]],
) -> dict[str, Any]:  # fmt: skip
    """Return agreement without columns of people, with them, and without each family of them."""
    own = [name for name in X if str(name).startswith("people")]
    without = X.drop(columns=own)
    variants: dict[str, tuple[pd.DataFrame, Callable[[int], SetRanker]]] = {
        "without people": (without, default_ranker),
        "with people, selected": (X, default_ranker),
        "with people, always": (
            X, lambda seed: default_ranker(seed).set_params(alternatives=OF_PEOPLE)
        ),
    }  # fmt: skip
    for family, parts in families.items():
        gone = [name for name in own if str(name).split("__")[1].startswith(parts)]
        variants[f"without {family}"] = (X.drop(columns=gone), variants["with people, always"][1])
    hits = {
        name: [right(*rows, y, set_id, project, fold, seeds) for fold in folds]
        for name, rows in variants.items()
    }
    sets = index_sets(set_id)
    seen = X[["people__face_count", "people__body_count"]].sum(axis=1).to_numpy() > 0
    people = sets.reduce(np.maximum, seen)
    alike = pd.factorize(cluster)[0][sets.order[sets.starts]]
    found: dict[str, Any] = {"sets": len(sets), "sets with people": int(people.sum())}
    for name, values in hits.items():
        mean = np.mean(values, axis=0)
        base = hits["without people" if name.startswith("with ") else "with people, always"]
        gain = mean - np.mean(base, axis=0)
        found[name] = {
            part: {
                "top1": round(float(mean[mask].mean()), 4),
                "gain": interval(gain[mask], alike[mask]),
            }
            for part, mask in (("all", np.ones(len(sets), bool)), ("people", people))
        }
        print(name, json.dumps(found[name]), flush=True)
    return found


def right(
    X: pd.DataFrame, make: Callable[[int], SetRanker], y: np.ndarray, set_id: np.ndarray,
    project: np.ndarray, folds: Any, seeds: int,
) -> np.ndarray:  # fmt: skip
    """Return for each set how often the chosen picture was on top, its project held out."""
    sets = index_sets(set_id)
    hits = np.zeros(len(sets))
    for seed in range(seeds):
        scores = np.zeros(len(y))
        for fold in folds.folds:
            ranker = make(seed).fit(
                X.iloc[fold.train], y[fold.train], set_id=set_id[fold.train],
                groups=project[fold.train],
            )  # fmt: skip
            scores[fold.test] = ranker.predict(X.iloc[fold.test])
        hits += y[sets.top_rows(scores)] / seeds
    return hits


def interval(gain: np.ndarray, cluster: np.ndarray) -> list[float]:
    """Return the mean gain and its 95 % interval, clusters of sets drawn anew."""
    own = pd.DataFrame({"gain": gain, "cluster": cluster}).groupby("cluster")["gain"]
    totals = own.agg(["sum", "size"]).to_numpy(float)
    rng = np.random.default_rng(0)
    drawn = totals[rng.integers(0, len(totals), (2000, len(totals)))].sum(axis=1)
    means = drawn[:, 0] / drawn[:, 1]
    return [round(float(v), 4) for v in (gain.mean(), *np.quantile(means, [0.025, 0.975]))]


if __name__ == "__main__":
    main()
