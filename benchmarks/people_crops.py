"""Learn a planted crop rule on photographs of people, with and without what is seen of people.

`python benchmarks/people_crops.py [--photographs FOLDER] [--cuts N] [--repeats N] [--out FILE]`.
Every photograph in FOLDER
(LIVE's by default) in which a body is found is cut and mirrored at random. The rule: crop at the
thighs, eyes on the upper third, both hands kept, in the aspect of the picture; it goes by what was
found in the whole photograph, the models by what is found in the cut. All cuts of a photograph lie
in one project; projects are held out. A second rule, with free sides, keeps a head's room around
all that is seen of the body.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine

from prefml.cropping import CropRegressor
from prefml.cropping.baselines import ConstantBox
from prefml.cropping.geometry import cover
from prefml.cropping.metrics import iou
from prefml.features.tables import crop_columns
from prefml.imaging import cues
from prefml.imaging.anatomy import POINTS
from prefml.imaging.decode import decode
from prefml.imaging.people import detect_people
from prefml.imaging.people_cues import NAMES
from prefml.imaging.picture import Picture

RUNS = {
    "people_crops": {
        "quick": ["--cuts", "2", "--repeats", "1"],
        "full": ["--cuts", "6", "--repeats", "5"],
    }
}
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "results" / "people_crops.json"
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "live_challenge" / "images"
CROPS = 200
PROJECTS = 10
# Part of a column's name -> what is measured by taking such columns away.
FAMILIES = {
    "points and head": ("cue__point_", "cue__head_"),
    "body": ("cue__body_",),
    "hands": ("cue__left_hand_", "cue__right_hand_", "cue__hand_"),
    "mask": ("cue__person_",),
    "faces": ("cue__face",),
    "people": tuple(f"cue__{name}" for name in NAMES),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, default=PHOTOGRAPHS)
    parser.add_argument("--cuts", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    if not options.photographs.is_dir():
        print(f"left out, there is no {options.photographs}")
        return
    table, rules, photograph = cut_all(options.photographs, options.cuts)
    found: dict[str, Any] = {
        "machine": machine(), "photographs": len(set(photograph.tolist())),
        "pictures": len(table), "crops_learned_from": CROPS, "repeats": options.repeats,
    }  # fmt: skip
    for name, boxes in rules.items():
        found[name] = measure(table, boxes, photograph, options.repeats)
        print(name, json.dumps(found[name], indent=1), flush=True)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


def cut_all(folder: Path, cuts: int) -> tuple[pd.DataFrame, dict[str, np.ndarray], np.ndarray]:
    """Measure cuts of every photograph of a person; return columns, boxes by rule, photographs."""
    rng = np.random.default_rng(0)
    measured, sizes, numbers = [], [], []
    rules: dict[str, list[np.ndarray]] = {"thighs_eyes_hands": [], "room_around_body": []}
    for number, path in enumerate(sorted(folder.glob("*/*.jpg"))):
        picture = decode(path)
        person = person_of(picture)
        if person is None:
            continue
        for corner, side, mirrored in some_cuts(rng, person, cuts):
            shown, moved = cut(picture, person, corner, side, mirrored)
            rules["thighs_eyes_hands"].append(by_thighs(moved))
            rules["room_around_body"].append(around_body(moved))
            measured.append(cues.measure(shown))
            sizes.append((shown.width, shown.height))
            numbers.append(number)
    frame = pd.DataFrame(measured)
    table = crop_columns(sizes, np.full(len(frame), np.nan), np.zeros((len(frame), 0)), frame)
    return table, {name: np.array(boxes) for name, boxes in rules.items()}, np.array(numbers)


def person_of(picture: Picture) -> dict[str, np.ndarray] | None:
    """Return points and boxes of the main person, None where no whole body was found."""
    if not detect_people(picture).bodies:
        return None
    found = cues.measure(picture)
    person = {
        name: np.array([found[f"point_{name}_x"], found[f"point_{name}_y"]]) for name in POINTS
    }
    person["low"] = np.array([found["body_x1"], found["body_y1"]])
    person["high"] = np.array([found["body_x2"], found["body_y2"]])
    person["head"] = np.array([0.0, found["head_y2"] - found["head_y1"]])
    needed = [person[name] for name in ("eyes", "thighs", "low", "shoulders")]
    if not np.isfinite(needed).all() or person["eyes"][1] >= person["hips"][1]:
        return None
    return person


def some_cuts(
    rng: np.random.Generator, person: dict[str, np.ndarray], cuts: int
) -> Iterator[tuple[np.ndarray, float, bool]]:
    """Yield windows of a photograph that hold the eyes: corner, side, mirrored or not."""
    yield np.zeros(2), 1.0, False
    for _ in range(cuts - 1):
        side = float(rng.uniform(0.5, 1.0))
        low = np.clip(person["eyes"] - 0.9 * side, 0.0, 1.0 - side)
        high = np.clip(person["eyes"] - 0.1 * side, 0.0, 1.0 - side)
        yield rng.uniform(low, np.maximum(high, low)), side, bool(rng.integers(2))


def cut(
    picture: Picture, person: dict[str, np.ndarray], corner: np.ndarray, side: float, mirrored: bool
) -> tuple[Picture, dict[str, np.ndarray]]:
    """Cut a window out of a photograph, and move what is known of the person with it."""
    size = np.array([picture.width, picture.height])
    (x1, y1), (x2, y2) = np.floor(corner * size).astype(int), np.ceil((corner + side) * size)
    pixels = picture.pixels[y1 : int(y2), x1 : int(x2)]
    moved = {name: (point - corner) / side for name, point in person.items()}
    moved["head"] = person["head"] / side
    if mirrored:
        pixels = pixels[:, ::-1]
        low, high = moved["low"].copy(), moved["high"].copy()
        moved = {name: np.array([1.0 - point[0], point[1]]) for name, point in moved.items()}
        moved["low"], moved["high"] = (
            np.array([1.0 - high[0], low[1]]), np.array([1.0 - low[0], high[1]])
        )  # fmt: skip
    return Picture(np.ascontiguousarray(pixels)), moved


def by_thighs(person: dict[str, np.ndarray]) -> np.ndarray:
    """Crop at the thighs, eyes on the upper third, both hands kept, in the picture's aspect."""
    eyes, bottom = person["eyes"][1], min(person["thighs"][1], 1.0)
    height = min(1.5 * max(bottom - eyes, 0.05), 1.0)
    top = np.clip(bottom - height, 0.0, 1.0)
    side = bottom - top
    left = np.clip(person["shoulders"][0] - side / 2, 0.0, 1.0 - side)
    box = np.array([left, top, left + side, bottom])
    hands = [person[name] for name in ("left_hand", "right_hand")]
    inside = [hand for hand in hands if (hand >= 0).all() and (hand <= 1).all()]
    for hand in inside:
        box = cover(box, np.clip(np.concatenate([hand - 0.02, hand + 0.02]), 0.0, 1.0))
    return np.clip(box, 0.0, 1.0)


def around_body(person: dict[str, np.ndarray]) -> np.ndarray:
    """Leave a head's height around all that is seen of the body, whatever the aspect."""
    room = max(person["head"][1], 0.02)
    box = np.concatenate([person["low"] - room, person["high"] + room])
    box = np.clip(box, 0.0, 1.0)
    return np.array([min(box[0], 0.9), min(box[1], 0.9), max(box[2], 0.1), max(box[3], 0.1)])


def measure(
    table: pd.DataFrame, boxes: np.ndarray, photograph: np.ndarray, repeats: int
) -> dict[str, Any]:
    """Return IoU on held-out projects with all columns, and with a family taken away."""
    names = list(table.columns)
    columns = {"all": names} | {
        f"without {family}": [name for name in names if not name.startswith(parts)]
        for family, parts in FAMILIES.items()
    }
    gains: dict[str, list[np.ndarray]] = {name: [] for name in columns}
    ious: dict[str, list[float]] = {name: [] for name in ("constant", *columns)}
    who: list[np.ndarray] = []
    for repeat in range(repeats):
        project = np.random.default_rng(repeat).integers(0, PROJECTS, photograph.max() + 1)[
            photograph
        ]
        train = np.flatnonzero(project < PROJECTS * 6 // 10)
        train = np.sort(np.random.default_rng(repeat).permutation(train)[:CROPS])
        test = np.flatnonzero(project >= PROJECTS * 6 // 10)
        constant = ConstantBox().fit(table.iloc[train], boxes[train]).predict(table.iloc[test])
        base = iou(constant, boxes[test])
        ious["constant"].append(float(base.mean()))
        who.append(photograph[test])
        for name, kept in columns.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = CropRegressor(n_jobs=1).fit(
                    table.iloc[train][kept], boxes[train], groups=project[train]
                )
            found = iou(model.predict(table.iloc[test][kept]), boxes[test])
            ious[name].append(float(found.mean()))
            gains[name].append(found - base)
    return {name: {"iou": round(float(np.mean(values)), 4)} for name, values in ious.items()} | {
        f"{name}: gain over the constant box": interval(values, who)
        for name, values in gains.items()
    }


def interval(gains: list[np.ndarray], who: list[np.ndarray]) -> list[float]:
    """Return the mean gain and its 95 % interval, photographs drawn anew."""
    frame = pd.DataFrame({"gain": np.concatenate(gains), "who": np.concatenate(who)})
    by_photograph = frame.groupby("who")["gain"].agg(["sum", "size"]).to_numpy(float)
    rng = np.random.default_rng(0)
    drawn = by_photograph[rng.integers(0, len(by_photograph), (2000, len(by_photograph)))]
    means = drawn[..., 0].sum(axis=1) / drawn[..., 1].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return [round(float(value), 4) for value in (frame["gain"].mean(), low, high)]


if __name__ == "__main__":
    main()
