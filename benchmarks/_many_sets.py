"""Many pictures for `benchmarks/sets.py`: what each rule is given, and a workspace of them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from prefml.decisions.set_rule import SetRule
from prefml.decisions.stages import STAGES
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping import Sources, form_groups
from prefml.suggest.grouping.clock import SECOND
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.preview import preview_sets
from prefml.workspace import Workspace

# Of so many runs the quickest is told.
REPEATS = 3
EACH = 4
START = datetime(2025, 1, 1)


@dataclass(frozen=True)
class Case:
    """Pictures, a rule, and what the rule may ask for, in memory."""

    rule: SetRule
    images: list[ImageFile]
    sources: Sources


class _Sidecars:
    """Vectors and hashes in memory, looked up by name."""

    def __init__(self, vectors, hashes, images):
        self.embeddings = vectors
        self.hashes = np.array([f"{value:016x}" for value in hashes])
        self.rows = {image.key: i for i, image in enumerate(images)}

    def positions(self, project, filename):
        keys = zip(project, filename, strict=True)
        return np.array([self.rows.get(key, -1) for key in keys])


def _image(name: str, number: int, folders: int = 50) -> ImageFile:
    return ImageFile("p", name, f"new/p/d{number // EACH % folders:02}/{name}", 1, 1)


def _case(
    rule: str, names: list[str], facts=None, vectors=None, rows=(), folders=50, **settings
) -> Case:
    images = [_image(name, number, folders) for number, name in enumerate(names)]
    known = {} if facts is None else {i.path: f for i, f in zip(images, facts, strict=True)}
    hashes = np.random.default_rng(1).integers(0, 2**64, len(names), dtype=np.uint64)
    sidecars = None if vectors is None else _Sidecars(vectors, hashes, images)
    sources = Sources(
        lambda some: {i.path: known[i.path] for i in some if i.path in known},
        lambda projects: sidecars,
        lambda name: list(rows),
    )
    return Case(SetRule(name=rule, **settings), images, sources)


def seed_names(count: int) -> list[str]:
    """Return names as A1111 writes them, of batches of four."""
    seeds = ((i // EACH * 7919) % 2**32 + i % EACH for i in range(count))
    return [f"{i:05}-{seed}.png" for i, seed in enumerate(seeds)]


def _generated(count: int) -> list[PictureFacts]:
    return [
        PictureFacts("a1111", f"{i // EACH:016x}", i // EACH * 7919 + i % EACH)
        for i in range(count)
    ]


def _taken(seconds: list[float]) -> list[PictureFacts]:
    return [PictureFacts(taken=round(at * SECOND), camera="Maker One") for at in seconds]


def _stage_names(count: int) -> list[str]:
    words = list(STAGES)[:EACH]
    times = (START + timedelta(seconds=60 * i) for i in range(count))
    return [f"{at:%Y%m%d_%H%M%S}_{words[i % len(words)]}.png" for i, at in enumerate(times)]


def _families(count: int, step: float) -> np.ndarray:
    """Return vectors of sets of four; or with steps between neighbours of one chain."""
    rng = np.random.default_rng(0)
    if step:
        walk = np.cumsum(step * rng.normal(size=(count, 512)), axis=0)
        return (walk + rng.normal(size=512)).astype(np.float32)
    centres = np.repeat(rng.normal(size=(count // EACH + 1, 512)), EACH, axis=0)[:count]
    return (centres + 0.1 * rng.normal(size=centres.shape)).astype(np.float32)


def cases(count: int) -> dict[str, Callable[[], Case]]:
    """Return what is grouped, by its name: sets of four, then chains without an end."""
    cameras = [f"IMG_{i:05}.JPG" for i in range(count)]
    bursts = [i // EACH * 60 + i % EACH * 0.25 for i in range(count)]
    rows = [(str(i // EACH), name) for i, name in enumerate(cameras)]
    return {
        "name": lambda: _case("name", seed_names(count)),
        "metadata": lambda: _case("metadata", seed_names(count), _generated(count)),
        "burst": lambda: _case("burst", cameras, _taken(bursts)),
        "stages": lambda: _case("stages", _stage_names(count)),
        "folder": lambda: _case("folder", seed_names(count)),
        "table": lambda: _case("table", cameras, rows=rows, table="sets.csv"),
        "similar": lambda: _case("similar", cameras, vectors=_families(count, 0)),
        "similar, window by EXIF": lambda: _case(
            "similar", cameras, _taken(bursts), _families(count, 0), window=10.0
        ),
        "auto": lambda: _case("auto", seed_names(count), _generated(count)),
        "burst, one chain": lambda: _case(
            "burst", cameras, _taken([i / 2 for i in range(count)]), folders=1
        ),
        "name, one chain of seeds": lambda: _case(
            "name", [f"{i:05}-{i + 1}.png" for i in range(count)]
        ),
        "similar, one chain": lambda: _case("similar", cameras, vectors=_families(count, 0.02)),
    }


def group_many(count: int) -> dict[str, object]:
    """Group many pictures by each rule, with what they need in memory; then shuffled."""
    rng = random.Random(0)
    found: dict[str, object] = {"pictures": count}
    for name, make in cases(count).items():
        case = make()
        seconds, cpu = [], []
        for _ in range(REPEATS):
            begun = time.perf_counter(), time.process_time()
            made = form_groups(case.images, case.rule, case.sources)
            seconds.append(time.perf_counter() - begun[0])
            cpu.append(time.process_time() - begun[1])
        shuffled = rng.sample(case.images, len(case.images))
        again = form_groups(shuffled, case.rule, case.sources)
        sizes = Counter(len(one.images) for one in made.sets)
        found[name] = {
            "seconds": round(min(seconds), 3),
            "cpu_seconds": round(min(cpu), 3),
            "sets": len(made.sets),
            "largest": max(sizes, default=0),
            "most": case.rule.most,
            "same_when_shuffled": made == again,
        }
        print(f"{name:26} {found[name]}")
    return found


def look_at_many(root: Path, count: int) -> dict[str, object]:
    """Show the sets of a workspace of many pictures, as `prefml sets` does, facts kept before."""
    plain = Image.new("RGB", (8, 8))
    for number, name in enumerate(seed_names(count)):
        info = PngInfo()
        seed = Path(name).stem.partition("-")[2]
        info.add_text("parameters", f"prompt {number // EACH}\nSteps: 20, Seed: {seed}, Size: 8x8")
        path = root / _image(name, number).path
        path.parent.mkdir(parents=True, exist_ok=True)
        plain.save(path, pnginfo=info)
    workspace, found = Workspace.open(root), {"pictures": count}
    for rule in ("name", "metadata", "auto"):
        seconds = []
        for _ in range(REPEATS + 1):
            begun = time.perf_counter()
            made = preview_sets(workspace, (), SetRule(name=rule))
            seconds.append(time.perf_counter() - begun)
        # The first run of a rule that asks for facts opens the files.
        cached = round(min(seconds[1:]), 3)
        found[rule] = {"first": round(seconds[0], 3), "seconds": cached, "sets": len(made.sets)}
        print(f"workspace, {rule:15} {found[rule]}")
    return found
