"""Count how often anomalies planted in one of two variants are found against the other.

`python benchmarks/anomaly_drift.py [--photographs FOLDER]... [--most N] [--limits] [--out FILE]`.
Each photograph of a person in the folders (LIVE's by default) is the sound variant. Beside it stand
the same rendered otherwise (sharpened, blurred, grainy, enlarged, ...) and with slight warps that
nobody would tag, for false alarms; and hands, wrists and limbs warped one at a time. Every other
photograph served to set the limits of the scores, which `--limits` prints; the rest is measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from _machine import machine
from _planted import arm_of, bend, hand_warps, inside, limb_warps, limbs, moved, stretch, swell
from anomalies import BASE_RATES, LIMBS, SIDE, interval, number_of, options_of, photographs

from prefml.imaging.anomalies import measure_anomalies
from prefml.imaging.decode import decode
from prefml.imaging.drift import SeenPeople, list_drift
from prefml.imaging.people import People, detect_people
from prefml.imaging.picture import Picture, shrink

RUNS = {"anomaly_drift": {"quick": ["--most", "12"], "full": []}}
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "results" / "anomaly_drift.json"
SCORES = ("hand_length", "wrist", "limb")
DRAWS = 2000


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    folders, paths = photographs(options.photographs)
    half = 0 if options.limits else 1
    chosen = [path for path in paths if number_of(path) == half][: options.most]
    if not chosen:
        print("left out, there are no photographs")
        return
    rows = pd.DataFrame(row for path in chosen for row in pairs(path))
    if rows.empty:
        print("left out, nobody was found in the photographs")
        return
    if options.limits:
        sound = rows[rows["of"] == "part"]
        print(sound[list(SCORES)].quantile([0.5, 0.98, 0.985, 0.99, 0.995]))
        return
    found: dict[str, Any] = {
        "machine": machine(), "folders": [folder.name for folder in folders], "seeds": [0],
        "photographs": int(rows["photograph"].nunique()),
        **{score: measure(rows, score) for score in SCORES},
        "families": families(rows), "single": single(rows),
    }  # fmt: skip
    print(json.dumps(found, indent=1))
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")


def rendered(pixels: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the same picture as other programs, or later stages, would write it."""
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    yield "halved", cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    yield "JPEG of quality 30", cv2.imdecode(packed, cv2.IMREAD_COLOR)
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.5)
    yield "sharpened", cv2.addWeighted(pixels, 1.8, soft, -0.8, 0)
    grain = pixels + rng.normal(0, 14, pixels.shape)
    yield "grainy", np.clip(grain, 0, 255).astype(np.uint8)
    yield "darker", (255 * (pixels / 255.0) ** 1.5).astype(np.uint8)
    yield "blurred", cv2.GaussianBlur(pixels, (0, 0), 2)
    size = (width * 3 // 2, height * 3 // 2)
    yield "enlarged", cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    cut = pixels[height // 50 :, width // 50 :]
    yield "cut by 2 %", cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(lab[..., 0])
    yield "more contrast", cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)


def slight(
    points: np.ndarray, arm: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, Any]]:
    """Yield warps of a hand that nobody would tag."""
    wrist, roots = points[0], points[[5, 9, 13, 17]].mean(axis=0)
    reach = float(np.linalg.norm(points[9] - wrist))
    middle = points.mean(axis=0)
    radius = 1.15 * float(np.linalg.norm(points - middle, axis=1).max())
    along = (arm[1] - arm[0]) / max(float(np.linalg.norm(arm[1] - arm[0])), 1e-6)
    yield "fingers, up to a tenth", stretch(roots, points[12], rng.uniform(0.9, 1.1), reach)
    yield "hand, up to an eighth", swell(middle, radius, rng.uniform(0.88, 1.12))
    yield "palm, up to a tenth", stretch(wrist, roots, rng.uniform(0.9, 1.1), reach)
    yield "turned, up to 17 degrees", bend(wrist, along, rng.uniform(-0.3, 0.3), 2.4 * reach)


def variants(
    pixels: np.ndarray, people: People, rng: np.random.Generator
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield flag, kind and pixels of each variant of a photograph."""
    for kind, other in rendered(pixels, rng):
        yield "rendered", kind, other
    size = np.array(pixels.shape[1::-1], float)
    for hand in people.hands:
        points = hand.points[:, :2] * size
        reach, arm = float(np.linalg.norm(points[9] - points[0])), arm_of(people, points, size)
        if arm is None or reach < 12 or not inside(points, size, reach / 2):
            continue
        for kind, warp in slight(points, arm, rng):
            yield "slight", kind, moved(pixels, warp)
        for flag, kind, warp in hand_warps(points, arm):
            yield flag.replace(" ", "_"), kind, moved(pixels, warp)
    halves = [one for body in people.bodies[:1] for one in limbs(body, size)]
    warps = [(kind, warp) for name, half in halves for kind, warp in limb_warps(name, *half)]
    for i in rng.permutation(len(warps))[:LIMBS]:
        yield "limb", warps[i][0], moved(pixels, warps[i][1])
    for i in rng.permutation(len(halves))[:2]:
        name, (root, end, rest) = halves[i]
        half = 0.45 * float(np.linalg.norm(end - root))
        carried = float(np.linalg.norm(rest - end))
        warp = stretch(root, end, rng.uniform(0.9, 1.1), half, carried)
        yield "slight", f"{name}, up to a tenth", moved(pixels, warp)


def look(pixels: np.ndarray) -> tuple[People, float]:
    picture = Picture(np.ascontiguousarray(pixels))
    return detect_people(picture), picture.width / picture.height


def seen(people: People, aspect: float) -> SeenPeople:
    bodies = [np.column_stack([one.points[:, :2], one.visibility]) for one in people.bodies]
    return SeenPeople.from_lists(bodies, [one.points[:, :2] for one in people.hands], aspect)


def pairs(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the drift of each variant of a photograph, and the scores of the variant by itself."""
    pixels = shrink(decode(path).pixels, SIDE)
    people, aspect = look(pixels)
    if not people.bodies:
        return
    rng = np.random.default_rng(0)
    name = path.name
    yield {"photograph": name, "flag": "sound", "kind": "sound", **alone(people, aspect)}
    for flag, kind, other in variants(pixels, people, rng):
        again, ratio = look(other)
        drift = list_drift(seen(people, aspect), seen(again, ratio))
        row = {"photograph": name, "flag": flag, "kind": kind}
        if flag in ("rendered", "slight"):
            yield from (row | {"of": "part", of: one.score} for of, one in drift)
        worst = {of: max(one.score for name, one in drift if name == of) for of, _ in drift}
        yield row | {"of": "picture"} | worst | alone(again, ratio)
    print(name, flush=True)


def alone(people: People, aspect: float) -> dict[str, float]:
    """Return the size of the largest hand of a picture by itself, also without face or body."""
    no_face = replace(people, faces=replace(people.faces, boxes=people.faces.boxes[:0]))
    parts = {"all": people, "without face": no_face, "without body": replace(people, bodies=[])}
    found = {name: measure_anomalies(one, aspect) for name, one in parts.items()}
    return {
        f"alone {name}": own["hand_length"].score if "hand_length" in own else float("nan")
        for name, own in found.items()
    }


def measure(rows: pd.DataFrame, score: str) -> dict[str, Any]:
    """Return false alarms, recall, and the precision that follows at stated base rates."""
    sound = rows[rows["flag"].isin(["rendered", "slight"]) & (rows["of"] == "part")]
    planted = rows[rows["flag"] == score]
    alarms, hits = share(sound.dropna(subset=[score]), score), share(planted, score)
    kinds = {
        name: {str(kind): round(float((own[score] > 1).mean()), 3)
               for kind, own in part.groupby("kind")}
        for name, part in (("false_alarms_by_kind", sound), ("recall_by_kind", planted))
    }  # fmt: skip
    found = {"false_alarms": alarms, "recall": hits, **kinds}
    for rate in BASE_RATES:
        right, wrong = rate * hits["share"], (1 - rate) * alarms["share"]
        found[f"precision_at_{rate}"] = round(right / (right + wrong), 4) if right else None
    return found


def share(rows: pd.DataFrame, *scores: str) -> dict[str, Any]:
    """Return how many rows score above 1, and the wider of two 95 % intervals.

    The exact one of independent rows, and one that draws photographs anew.
    """
    hit = (rows[list(scores)] > 1).any(axis=1)
    by = hit.groupby(rows["photograph"]).agg(["sum", "size"]).to_numpy(float)
    drawn = np.random.default_rng(0).integers(len(by), size=(DRAWS, len(by)))
    shares = by[drawn, 0].sum(axis=1) / by[drawn, 1].sum(axis=1)
    exact = interval(int(hit.sum()), len(rows))
    low, high = (np.quantile(shares, q) for q in (0.025, 0.975))
    low, high = min(low, exact[0]), max(high, exact[1])
    return {
        "hits": int(hit.sum()), "n": len(rows), "photographs": len(by),
        "share": round(float(hit.mean()), 4), "ci": [round(float(low), 4), round(float(high), 4)],
    }  # fmt: skip


def families(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what is found with every score, and with each left out, of all that was planted."""
    sound = rows[rows["flag"].isin(["rendered", "slight"]) & (rows["of"] == "picture")]
    planted = rows[rows["flag"].isin(SCORES)]
    cases = {"every score": SCORES} | {
        f"without {one}": tuple(name for name in SCORES if name != one) for one in SCORES
    }
    return {
        name: {"recall": share(planted, *kept), "false_alarms": share(sound, *kept),
               "lost": lost(planted, kept)}
        for name, kept in cases.items()
    }  # fmt: skip


def lost(planted: pd.DataFrame, kept: tuple[str, ...]) -> list[float]:
    """Return the recall that is gained over every score, with its paired 95 % interval."""
    gain = (planted[list(kept)] > 1).any(axis=1).astype(int)
    gain -= (planted[list(SCORES)] > 1).any(axis=1).astype(int)
    by = gain.groupby(planted["photograph"]).agg(["sum", "size"]).to_numpy(float)
    drawn = np.random.default_rng(0).integers(len(by), size=(DRAWS, len(by)))
    shares = by[drawn, 0].sum(axis=1) / by[drawn, 1].sum(axis=1)
    bounds = [float(gain.mean()), *np.quantile(shares, [0.025, 0.975])]
    return [round(float(bound), 4) for bound in bounds]


def single(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what the size of a hand finds in a picture by itself, and without face or body."""
    sound = rows[rows["flag"].isin(["sound", "rendered", "slight"]) & (rows["of"] != "part")]
    planted = rows[rows["flag"] == "hand_length"]
    return {
        name: {"recall": share(planted, f"alone {name}"),
               "false_alarms": share(sound, f"alone {name}")}
        for name in ("all", "without face", "without body")
    }  # fmt: skip


if __name__ == "__main__":
    main()
