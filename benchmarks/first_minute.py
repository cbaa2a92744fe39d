"""How soon can a new user answer, and when is all embedded? `prefml start` in headless Chromium.

    python benchmarks/first_minute.py [--sets 125] [--variants 4] [--side 1024] [--out FILE]

Pictures of their own pixels are written once; then, from the command on an empty place: until the
first set can be answered (its pictures are decoded in the page), until its answer is saved and the
next set is there, until all pictures are embedded, and from the tenth answer until there is a
model. Sets are answered at a person's pace meanwhile, and every step from key to painted set is
timed. One run after another, each in a workspace of its own; the medians and the worst are kept.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from _machine import machine
from _pictures import grainy
from playwright.sync_api import Page, sync_playwright
from review import CHROMIUM, FIRST, FLAGS, STEP, summary

from prefml.encoders.parity import sample_pictures

START = [sys.executable, "-c", "from prefml.cli import run; run()", "start", "--no-browser",
         "--port", "0", "--json"]  # fmt: skip
RUNS = {
    "first_minute": {
        "quick": ["--sets", "12", "--side", "256", "--repeats", "1", "--pause", "0.5"],
        "full": [],
        "needs": ["chromium"],
    }
}
FIRST_MODEL = 10
STAGES = ("stage1_generated", "stage1.5_face_swapped", "stage2_upscaled", "stage3_enhanced")


def write_shoot(folder: Path, sets: int, variants: int, side: int) -> None:
    """Write sets of stages, of two projects."""
    sources = sample_pictures()
    for number in range(sets):
        place = folder / ("harbour", "valley")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        for variant in range(variants):
            image = grainy(sources[number % len(sources)], (side, side), 10 * number + variant)
            clock = 1000 * (number // 60) + number % 60
            name = f"20250705_{10_00_00 + 100 * clock + variant}_{STAGES[variant]}.png"
            image.save(place / name, compress_level=1)


@contextmanager
def started(folder: Path, root: Path) -> Iterator[str]:
    words = [*START, str(folder), "--workspace", str(root)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()


def report(url: str) -> dict[str, Any]:
    with urlopen(f"{url}api/automation/first_day") as answer:
        return dict(json.load(answer))


def one_run(page: Page, folder: Path, root: Path, pause: float) -> dict[str, Any]:
    begun = time.perf_counter()
    with started(folder, root) as url:
        seconds = {"page_s": time.perf_counter() - begun}
        page.goto(url)
        page.evaluate(FIRST)
        seconds["first_set_s"] = time.perf_counter() - begun
        steps, tenth = [page.evaluate(STEP, "1")], 0.0
        seconds["first_answer_s"] = time.perf_counter() - begun
        while "model_s" not in seconds:
            time.sleep(pause)
            told = report(url)
            if told["phase"] != "embedding":
                seconds.setdefault("embedded_s", time.perf_counter() - begun)
            if told["can_suggest"]:
                seconds["model_s"] = time.perf_counter() - tenth
            elif len(steps) < FIRST_MODEL:
                steps.append(page.evaluate(STEP, "1"))
                tenth = time.perf_counter()
    return {name: round(value, 2) for name, value in seconds.items()} | {"steps_ms": steps}


def measure(folder: Path, options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        runs = []
        for number in range(options.repeats):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            runs.append(one_run(page, folder, scratch / f"ws{number}", options.pause))
            page.close()
        browser.close()
    steps = [step for one in runs for step in one.pop("steps_ms")]
    return {
        "median": {name: statistics.median(one[name] for one in runs) for name in runs[0]},
        "worst": {name: max(one[name] for one in runs) for name in runs[0]},
        "answer_and_next_set": summary(steps),
        "runs": runs,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=125)
    parser.add_argument("--variants", type=int, default=4)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between answers")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/first_minute.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "shoot"
        write_shoot(folder, options.sets, options.variants, options.side)
        found = measure(folder, options, Path(name))
    document = {
        "machine": machine(),
        "pictures": options.sets * options.variants,
        "sets": options.sets,
        "side": options.side,
        **found,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document))


if __name__ == "__main__":
    main()
