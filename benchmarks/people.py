"""Measure what looking for people costs, and how often drawn people are found.

`python benchmarks/people.py [--drawings] [--photographs FOLDER] [--most N] [--out FILE]`. Processor
time of one thread, step by step and together, the median over photographs of FOLDER (LIVE's by
default) in which somebody or nobody is found. With `--drawings`: photographs of people turned into
drawings and paintings, of which it is counted how often a face and a body are still found, and
figures drawn of plain shapes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _drawn import STYLES, figure
from _machine import machine

from prefml.imaging import people_cues, ssd
from prefml.imaging.decode import decode
from prefml.imaging.faces import find_faces
from prefml.imaging.landmarks import body_landmarks, face_landmarks, hand_landmarks
from prefml.imaging.people import detect_people
from prefml.imaging.picture import Picture
from prefml.imaging.segmentation import person_mask

RUNS = {
    "people": {"quick": ["--most", "5"], "full": ["--most", "60"]},
    "people_drawn": {
        "quick": ["--drawings", "--most", "5"], "full": ["--drawings", "--most", "60"],
    },
}  # fmt: skip
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "results" / "people.json"
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "live_challenge" / "images"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photographs", type=Path, default=PHOTOGRAPHS)
    parser.add_argument("--most", type=int, default=60)
    parser.add_argument("--drawings", action="store_true")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    if not options.photographs.is_dir():
        print(f"left out, there is no {options.photographs}")
        return
    cv2.setNumThreads(1)
    groups = sort_out(options.photographs, options.most)
    found: dict[str, Any] = {"machine": machine()}
    if options.drawings:
        found["styles"] = draw(groups["somebody"])
        found["figures"] = count([figure(np.random.default_rng(i)) for i in range(60)])
        found["nobody, stylised"] = count(
            [STYLES["stylised, soft colours and edges"](one.pixels) for one in groups["nobody"]]
        )
    else:
        found |= {
            name: {"photographs": len(pictures)} | measure(pictures)
            for name, pictures in groups.items()
        }
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def sort_out(folder: Path, most: int) -> dict[str, list[Picture]]:
    """Return the first photographs of either kind."""
    groups: dict[str, list[Picture]] = {"nobody": [], "somebody": []}
    for path in sorted(folder.glob("*/*.jpg")):
        picture = decode(path)
        group = groups["somebody" if detect_people(picture).found else "nobody"]
        if len(group) < most:
            group.append(picture)
        if all(len(group) == most for group in groups.values()):
            break
    return groups


def draw(pictures: list[Picture]) -> dict[str, dict[str, int]]:
    """Count faces and bodies in drawings of photographs in which there are some."""
    found = {}
    for name, style in STYLES.items():
        people = [detect_people(one) for one in pictures]
        drawn = [
            detect_people(Picture(np.ascontiguousarray(style(one.pixels)))) for one in pictures
        ]
        pairs = list(zip(people, drawn, strict=True))
        faces = [len(after.faces.boxes) > 0 for before, after in pairs if len(before.faces.boxes)]
        bodies = [bool(after.bodies) for before, after in pairs if before.bodies]
        found[name] = {
            "with a face": len(faces), "face found": sum(faces),
            "with a body": len(bodies), "body found": sum(bodies),
        }  # fmt: skip
        print(name, found[name], flush=True)
    return found


def count(pages: list[np.ndarray]) -> dict[str, int]:
    """Count pages in which a face, and a body, is found."""
    people = [detect_people(Picture(np.ascontiguousarray(page))) for page in pages]
    return {
        "pictures": len(pages),
        "face found": sum(len(one.faces.boxes) > 0 for one in people),
        "body found": sum(bool(one.bodies) for one in people),
    }


def measure(pictures: list[Picture]) -> dict[str, float]:
    """Return milliseconds of processor time of each step, the median."""
    times: dict[str, list[float]] = {}
    for picture in pictures:
        faces = ssd.detect(picture, ssd.FACE_FULL_RANGE)
        bodies, palms = ssd.detect(picture, ssd.BODY), ssd.detect(picture, ssd.PALM)
        steps: dict[str, Callable[[], Any]] = {
            "faces": partial(find_faces, picture),
            "body": partial(ssd.detect, picture, ssd.BODY),
            "palms": partial(ssd.detect, picture, ssd.PALM),
            "mask": partial(person_mask, picture),
        }
        several = {
            "landmarks of a face": (face_landmarks, faces),
            "landmarks of a body": (body_landmarks, bodies),
            "landmarks of a hand": (hand_landmarks, palms),
        }
        for name, (place, found) in several.items():
            if len(found.confidence):
                steps[name] = partial(place, picture, found.take(np.arange(1)))
        for name, step in steps.items():
            step()
            times.setdefault(name, []).append(clocked(step))
        fresh = Picture(picture.pixels)
        everything = partial(people_cues.measure, fresh)
        times.setdefault("all cues of people", []).append(clocked(everything))
    return {name: round(float(np.median(values)), 1) for name, values in times.items()}


def clocked(step: Callable[[], Any]) -> float:
    """Return the processor time of a step in milliseconds."""
    began = time.thread_time()
    step()
    return (time.thread_time() - began) * 1e3


if __name__ == "__main__":
    main()
