"""Sets of real pictures for the rule `similar`: MEF's scenes, bursts of LIVE's photographs."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from prefml.decisions.set_rule import SetRule
from prefml.encoders import open_encoder
from prefml.imaging.decode import from_image
from prefml.imaging.hashing import phash
from prefml.sidecars.derive import prepare
from prefml.suggest.grouping.by_likeness import LEAST_COSINE, link_pictures

SIDE = 700
THRESHOLDS = [round(0.4 + 0.05 * i, 2) for i in range(12)]


def moved(picture, rng, stops):
    """Turn, move and zoom a picture a little, and expose it by some stops in linear light."""
    width, height = picture.size
    turned = picture.rotate(rng.uniform(-2, 2), resample=Image.Resampling.BICUBIC)
    zoom, (dx, dy) = 0.88 * rng.uniform(0.94, 1.0), rng.uniform(-0.03, 0.03, 2)
    half = np.array([width, height]) * zoom / 2
    centre = np.array([width * (0.5 + dx), height * (0.5 + dy)])
    turned = turned.crop((*(centre - half).astype(int), *(centre + half).astype(int)))
    values = np.asarray(turned, np.float32) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear * 2.0**stops, 0, 1)
    coded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return Image.fromarray((coded * 255 + 0.5).astype(np.uint8))


def pictures(data: Path, scenes: int, seed: int):
    """Yield pictures with their set and kind."""
    rng = np.random.default_rng(seed)
    live = sorted(data.glob("live_challenge/images/*/*"))
    for number, place in enumerate(rng.permutation(len(live))[:scenes]):
        picture = small(live[place])
        bracket = number % 2 == 1
        for stops in rng.permutation([-2, -1, 0, 1, 2])[: rng.integers(2, 6)]:
            made = moved(picture, rng, float(stops) if bracket else 0.0)
            yield made, f"live{place}", "bracket" if bracket else "burst"
    for path in sorted(data.glob("mef/images/*/*")):
        yield small(path), path.name.split("_")[0], "mef"


def small(path: Path):
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    return picture


def curve(name: str, data: Path, scenes: int = 100, seed: int = 0) -> dict[str, object]:
    """Return pair scores over the threshold of one encoder."""
    encoder = open_encoder(name)
    vectors, hashes, sets, kinds = [], [], [], []
    for picture, one, kind in pictures(data, scenes, seed):
        ready = from_image(picture)
        vectors.append(encoder.encode([prepare(encoder, ready)])[0])
        hashes.append(int(phash(ready), 16))
        sets.append(one)
        kinds.append(kind)
    vectors, hashes = np.array(vectors, np.float32), np.array(hashes, np.uint64)
    sets, kinds = np.array(sets), np.array(kinds)
    rows = []
    for least in THRESHOLDS:
        row = {"cosine": least}
        for kind in ("burst", "bracket", "mef", "all"):
            some = np.flatnonzero((kinds == kind) | (kind == "all"))
            row[kind] = round(pair_f1(vectors[some], hashes[some], sets[some], least), 4)
        rows.append(row)
        print(Path(name).name, row)
    told = {"encoder": Path(name).name, "default": LEAST_COSINE, "pictures": len(sets)}
    return told | {"scenes": scenes, "seed": seed, "curve": rows}


def pair_f1(vectors, hashes, sets, least: float) -> float:
    rule = SetRule(name="similar", cosine=least)
    groups = link_pictures(vectors, hashes, np.zeros(len(vectors)), rule)
    kept = [group for group in groups if len(group) <= rule.most]
    found = {pair for group in kept for pair in combinations(group, 2)}
    members = [np.flatnonzero(sets == one).tolist() for one in np.unique(sets)]
    true = {pair for group in members for pair in combinations(group, 2)}
    return 2 * len(found & true) / (len(found) + len(true))
