"""Count how often anomaly scores find planted anomalies, and how often they alarm falsely.

`python benchmarks/anomalies.py [--photographs FOLDER]... [--most N] [--limits] [--out FILE]`. In
every photograph of a person in the folders (LIVE's by default) hands, wrists and limbs are warped,
one at a time. Every other photograph served to set the limits of the scores, which `--limits`
prints; the rest is held out and measured. No warp was used to set anything.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine
from _planted import plant
from sklearn.metrics import roc_auc_score

from prefml.imaging.anomalies import ANOMALIES, hand_anomalies, measure_anomalies
from prefml.imaging.decode import decode
from prefml.imaging.people import People, detect_people
from prefml.imaging.people_looks import measure_looks
from prefml.imaging.picture import Picture, shrink
from prefml.intervals import clopper_pearson_lower, clopper_pearson_upper

RUNS = {"anomalies": {"quick": ["--most", "12"], "full": []}}
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "results" / "anomalies.json"
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "live_challenge" / "images"
SIDE = 800
# Limbs that are warped in one photograph, drawn at random: a body has eight halves of limbs.
LIMBS = 4
BASE_RATES = (0.5, 0.1)


def options_of(description: str) -> argparse.ArgumentParser:
    """Return the options of a benchmark of photographs, but for the file that it writes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--photographs", type=Path, action="append")
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--limits", action="store_true")
    return parser


def photographs(given: list[Path] | None) -> tuple[list[Path], list[Path]]:
    """Return the folders of photographs that are there, and the photographs."""
    folders = [one for one in given or [PHOTOGRAPHS] if one.is_dir()]
    return folders, [path for one in folders for path in sorted(one.glob("**/*.[jp][pn]g"))]


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    folders, paths = photographs(options.photographs)
    if not paths:
        print("left out, there are no photographs")
        return
    if options.limits:
        rows = pd.DataFrame(row for path in paths for row in sound(path, 0))
        for of, own in rows.groupby("of"):
            print(of, len(own))
            print(own.select_dtypes(float).quantile([0.5, 0.98, 0.985, 0.99, 0.995, 1.0]))
        return
    rows = pd.DataFrame(row for path in paths[: options.most] for row in scores(path))
    found: dict[str, Any] = {
        "machine": machine(), "folders": [folder.name for folder in folders],
        "photographs": int(rows["photograph"].nunique()),
    }  # fmt: skip
    for flag in ANOMALIES:
        found[flag] = measure(rows, flag)
        print(flag, json.dumps(found[flag]), flush=True)
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


def number_of(path: Path) -> int:
    """Return which half a photograph is of, the same whatever else is in its folder."""
    return sum(path.stem.encode()) % 2


def look(pixels: np.ndarray) -> tuple[Picture, People]:
    picture = Picture(np.ascontiguousarray(pixels))
    return picture, detect_people(picture)


def sound(path: Path, half: int) -> Iterator[dict[str, Any]]:
    """Yield the scores of each hand of a photograph as it is, and those of its limbs and eyes."""
    if number_of(path) != half:
        return
    picture, people = look(shrink(decode(path).pixels, SIDE))
    if not people.found:
        return
    yield from of_picture(picture, people, path.name)


def of_picture(picture: Picture, people: People, name: str) -> Iterator[dict[str, Any]]:
    aspect = picture.width / picture.height
    eyes = measure_looks(picture, people).get("eyes_unlike", float("nan"))
    for hand in people.hands:
        own = {key: one.score for key, one in hand_anomalies(hand, people, aspect).items()}
        yield {"photograph": name, "flag": "sound", "of": "hand", **own}
    bodies = measure_anomalies(People(people.faces, [], people.bodies, [], None), aspect, eyes)
    own = {key: one.score for key, one in bodies.items()}
    yield {"photograph": name, "flag": "sound", "of": "body", "eyes_unlike": eyes, **own}


def scores(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the scores of a held-out photograph, as it is and with each anomaly planted."""
    rows = list(sound(path, 1))
    yield from rows
    if not rows:
        return
    picture, people = look(shrink(decode(path).pixels, SIDE))
    aspect, rng = picture.width / picture.height, np.random.default_rng(0)
    planted = list(plant(picture.pixels, people))
    limbs = [one for one in planted if one.flag == "limb"]
    drawn = [limbs[i] for i in rng.permutation(len(limbs))[:LIMBS]]
    for one in [other for other in planted if other.flag != "limb"] + drawn:
        _, seen = look(one.pixels)
        row = {"photograph": path.name, "flag": one.flag.replace(" ", "_"), "kind": one.kind}
        if one.flag == "limb":
            own = measure_anomalies(seen, aspect)
            yield row | {"limb": own["limb"].score if "limb" in own else 0.0}
            continue
        hands = sorted(
            seen.hands, key=lambda hand: float(np.linalg.norm(hand.points[0, :2] - one.place))
        )
        found = hand_anomalies(hands[0], seen, aspect) if hands else {}
        yield row | {key: found[key].score for key in found} | {"found": bool(hands)}


def measure(rows: pd.DataFrame, flag: str) -> dict[str, Any]:
    """Return false alarms, recall, and the precision that follows at stated base rates."""
    of = "body" if flag == "limb" else "hand"
    healthy = rows[(rows["flag"] == "sound") & (rows["of"] == of)][flag].dropna().to_numpy()
    kinds = ("hand_length", "wrist") if flag == "suspicion" else (flag,)
    planted = rows[rows["flag"].isin(kinds)]
    # What was not found, or could not be measured, raises no flag.
    score = planted[flag].fillna(-9.0).to_numpy()
    alarms, hits = int((healthy > 1).sum()), int((score > 1).sum())
    found: dict[str, Any] = {
        "sound": len(healthy), "false_alarms": alarms,
        "false_alarm_ci": interval(alarms, len(healthy)),
        "planted": len(score), "recall": round(hits / max(len(score), 1), 4),
        "recall_ci": interval(hits, len(score)),
        "recall_by_kind": {
            str(kind): round(float((own[flag].fillna(-9.0) > 1).mean()), 3)
            for kind, own in planted.groupby("kind")
        },
        "auc": round(
            float(
                roc_auc_score(
                    np.repeat([0, 1], [len(healthy), len(score)]), np.concatenate([healthy, score])
                )
            ), 3,
        ),
    }  # fmt: skip
    share, recall = alarms / max(len(healthy), 1), found["recall"]
    for rate in BASE_RATES:
        flagged = rate * recall + (1 - rate) * share
        found[f"precision_at_{rate}"] = round(rate * recall / flagged, 4) if flagged else None
    return found


def interval(hits: int, trials: int) -> list[float]:
    """Return the 95 % interval of a share."""
    bounds = (clopper_pearson_lower, clopper_pearson_upper)
    return [round(float(bound([hits], [trials], 0.025)[0]), 4) for bound in bounds]


if __name__ == "__main__":
    main()
