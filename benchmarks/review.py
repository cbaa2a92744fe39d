"""How long a person waits in the review: 10,000 sets of 2048x2048 pictures, in headless Chromium.

    python benchmarks/review.py [--sets 10000] [--steps 60] [--walk 2000] [--before COMMIT]

A few different pictures are written once and hard-linked under 30,000 names: the server and the
page see 30,000 files, each with its own reduced copy, none of which exists at the start. A step is
timed in the page, from the key until the new set's pictures are decoded and a frame was painted.
"At a person's pace" leaves a pause between keys; "without pause" presses the next key at once. The
memory of the renderer is read after a walk through many sets. The scripted day is worked on this
page, and with the keys of its time on the page of an earlier commit.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from PIL import Image
from playwright.sync_api import Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
REVIEW = [sys.executable, "-c", "from prefml.cli import run; run()", "review", "--no-browser"]
ROOT = Path(__file__).resolve().parents[1]
DISTINCT = 12
RUNS = {
    "review": {
        "quick": [
            "--sets",
            "300",
            "--side",
            "1024",
            "--steps",
            "10",
            "--pause",
            "0.2",
            "--walk",
            "100",
        ],
        "full": [],
        "needs": ["chromium"],
    }
}

# Resolves with the milliseconds from the key to the painted set.
STEP = """async key => {
  const group = () => document.querySelector('[data-testid="group"]').dataset.groupId;
  const before = group(), start = performance.now();
  document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  while (group() === before) await new Promise(done => setTimeout(done, 0));
  await Promise.all([...document.querySelectorAll('.image img')].map(image => image.decode()));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)));
  return performance.now() - start;
}"""
FIRST = """async () => {
  const found = () => [...document.querySelectorAll('.image img')];
  while (!found().length) await new Promise(done => setTimeout(done, 0));
  await found()[0].decode();
  return performance.now();
}"""
FULL = """async () => {
  const start = performance.now();
  document.dispatchEvent(new KeyboardEvent('keydown', { key: 'f', bubbles: true }));
  const all = () => [...document.querySelectorAll('#zoom img')];
  while (!all().length || !all().every(image => image.src.includes('/full')))
    await new Promise(done => setTimeout(done, 0));
  await Promise.all(all().map(image => image.decode()));
  return performance.now() - start;
}"""
# From an event to the frame in which what it changed is painted.
WATCH = """() => {
  window.lags = [];
  const watch = event => requestAnimationFrame(() => setTimeout(() => {
    window.lags.push(performance.now() - event.timeStamp);
  }, 0));
  for (const kind of ['pointermove', 'keydown']) window.addEventListener(kind, watch);
}"""
LONG_TASKS = """() => {
  window.tasks = [0];
  new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(e => e.duration)))
    .observe({ entryTypes: ['longtask'] });
}"""
DECIDED = """async () => {
  const { approved, overridden, rejected } =
    await (await fetch('/api/automation/progress')).json();
  return approved + overridden + rejected;
}"""
# Of five sets one is chosen otherwise, and of one the crop is moved and made smaller.
DAY = (["a"], ["a"], ["2"], ["a"], ["Shift+ArrowDown", "-", "Enter"])
# The same on the page as it was before crops were edited from anywhere.
EARLIER, EARLIER_DAY = "97165e6", (["a"], ["a"], ["2"], ["a"], ["x", "ArrowDown", "-", "Enter"])
# Seconds of a key and of a decision, by the keystroke-level model (Card, Moran and Newell, 1980).
KEY_SECONDS, DECISION_SECONDS = 0.2, 1.35
POST = """async ([id, token]) => {
  const start = performance.now();
  await fetch('/api/automation/decide', { method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token },
    body: JSON.stringify({ group_id: id, action: 'approved' }) }).then(answer => answer.json());
  return performance.now() - start;
}"""


def draw(seed: int, side: int) -> Image.Image:
    """Draw soft fields with grain: as hard to unpack as a photograph."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), dtype=np.int16)
    return Image.fromarray(np.clip(soft + rng.normal(0, 6, soft.shape), 0, 255).astype(np.uint8))


def write_workspace(root: Path, sets: int, images: int, side: int) -> None:
    originals = []
    for seed in range(DISTINCT):
        path = root / "originals" / f"{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(seed, side).save(path, compress_level=1)
        originals.append(path)
    (root / "images" / "p").mkdir(parents=True)
    (root / "sandbox").mkdir()
    with (root / "sandbox" / "automation_decisions.jsonl").open("w") as stream:
        for number in range(sets):
            row = one_set(root, number, images, originals)
            stream.write(json.dumps(row) + "\n")


def one_set(root: Path, number: int, images: int, originals: list[Path]) -> dict[str, Any]:
    names = [f"images/p/{number:06d}_{n}.png" for n in range(images)]
    for n, name in enumerate(names):
        os.link(originals[(number * images + n) % DISTINCT], root / name)
    first = {"chosen": 0, "reason": "sharper", "confidence": 0.9}
    second = {"needs_crop": True, "crop_coords": [0.1, 0, 0.9, 0.8], "confidence": 0.7}
    return {
        "group_id": f"g{number:06d}", "project_id": "p", "images": names,
        "step1_selection": first, "step2_crop": second, "reasons": ["sharper"],
    }  # fmt: skip


@contextmanager
def server(root: Path, checkout: Path = ROOT) -> Iterator[tuple[str, float]]:
    start = time.perf_counter()
    words = [*REVIEW, "--port", "0", "--workspace", str(root)]
    env = {**os.environ, "PYTHONPATH": str(checkout)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        try:
            yield found[0], time.perf_counter() - start
        finally:
            process.kill()


def times(page: Page, key: str, steps: int, pause: float) -> list[float]:
    found = []
    for _ in range(steps):
        time.sleep(pause)
        found.append(page.evaluate(STEP, key))
    return found


def summary(milliseconds: list[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "worst_ms": round(ordered[-1], 1),
        "n": len(ordered),
    }


def bare_decisions(page: Page, steps: int) -> list[float]:
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    return [page.evaluate(POST, [f"g{n:06d}", token]) for n in range(5000, 5000 + steps)]


def crop_lags(page: Page, steps: int) -> dict[str, Any]:
    """Drag and push a crop box; from here on, long tasks are watched."""
    page.evaluate(LONG_TASKS)
    page.keyboard.press("x")
    box = page.locator('[data-testid="crop-box"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(WATCH)
    for step in range(1, steps + 1):
        page.mouse.move(x + step % 20, y + step % 30)
    dragged = _watched(page)
    page.mouse.up()
    for step in range(steps):
        page.keyboard.press("ArrowLeft" if step % 2 else "ArrowRight")
    pushed = _watched(page)
    page.keyboard.press("Escape")
    return {"crop_drag_to_paint": summary(dragged), "crop_key_to_paint": summary(pushed)}


def compare_lags(page: Page, steps: int) -> dict[str, Any]:
    """Move the loupe, then flip at full size; `crop_lags` has begun to watch."""
    page.keyboard.press("l")
    box = page.locator(".image").first.bounding_box()
    assert box is not None
    _watched(page)
    for step in range(steps):
        page.mouse.move(box["x"] + 50 + step % 90, box["y"] + 60 + step % 70)
    looked = _watched(page)
    page.keyboard.press("l")
    page.keyboard.press("Space")
    page.wait_for_timeout(2000)
    _watched(page)
    for _ in range(steps):
        page.keyboard.press("Space")
        page.wait_for_timeout(50)
    flipped = _watched(page)
    page.keyboard.press("Escape")
    return {
        "loupe_to_paint": summary(looked),
        "flip_to_paint": summary(flipped),
        "longest_task_ms": round(max(page.evaluate("window.tasks")), 1),
    }


def walk(page: Page, sets: int) -> dict[str, Any]:
    """Go through sets, and read what the renderer holds then."""
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.evaluate(FIRST)
    for _ in range(sets):
        page.evaluate(STEP, "ArrowDown")
    return {"sets": sets, "renderer_mb": round(renderer_mb(page), 1)}


def renderer_mb(page: Page) -> float:
    """Return the resident memory of the largest renderer."""
    assert page.context.browser is not None
    session = page.context.browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    pids = [one["id"] for one in found if one["type"] == "renderer"]
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return max(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in texts) / 1024


def earlier_day(root: Path, commit: str, sets: int) -> dict[str, Any]:
    """Work the same day on the page of an earlier commit."""
    with tempfile.TemporaryDirectory() as folder:
        clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), folder]
        subprocess.run(clone, check=True)
        subprocess.run(["git", "checkout", "--quiet", commit], cwd=folder, check=True)
        with server(root, Path(folder)) as (url, _), sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(url)
            page.evaluate(FIRST)
            found = {"commit": commit, **day(page, sets, EARLIER_DAY)}
            browser.close()
    return found


def day(page: Page, sets: int, keystrokes: tuple[list[str], ...] = DAY) -> dict[str, Any]:
    """Decide sets as on a day with a fifth of overrides and a fifth of crop edits."""
    before, keys, edits = page.evaluate(DECIDED), 0, []
    for number in range(sets):
        pressed = keystrokes[number % len(keystrokes)]
        for key in pressed:
            page.keyboard.press(key)
            page.locator('body[data-busy="false"]').wait_for(state="attached")
        keys += len(pressed)
        edits += [len(pressed)] * (len(pressed) > 1)
    decisions = page.evaluate(DECIDED) - before
    seconds = keys * KEY_SECONDS + decisions * DECISION_SECONDS
    return {
        "decisions": decisions,
        "keys_a_decision": round(keys / decisions, 2),
        "keys_a_crop_edit": max(edits),
        "decisions_an_hour": round(3600 * decisions / seconds),
    }


def _watched(page: Page) -> list[float]:
    page.wait_for_timeout(200)
    lags: list[float] = page.evaluate("window.lags.splice(0)")
    return lags


def measure(root: Path, steps: int, pause: float, walked: int) -> dict[str, Any]:
    with server(root) as (url, started), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        first = page.evaluate(FIRST)
        results = {
            "server_start_s": round(started, 2),
            "first_picture_ms": round(first, 1),
            "next_set": summary(times(page, "ArrowDown", steps, pause)),
            "decide_and_next_set": summary(times(page, "a", steps, pause)),
            "back_one_set": summary(times(page, "ArrowUp", 4, pause)),
            "next_set_without_pause": summary(times(page, "ArrowDown", steps, 0)),
            "decision_on_disk": summary(bare_decisions(page, steps)),
            **crop_lags(page, steps),
            **compare_lags(page, steps),
            "day": day(page, 5 * max(1, steps // 5)),
            "full_size_ms": round(page.evaluate(FULL), 1),
            "walk": walk(page, walked),
        }
        page.goto("about:blank")
        page.goto(url)
        results["first_picture_again_ms"] = round(page.evaluate(FIRST), 1)
        browser.close()
    return results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=10_000)
    parser.add_argument("--images", type=int, default=3, help="pictures in a set")
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--steps", type=int, default=60, help="keys for each figure")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between a person's keys")
    parser.add_argument("--walk", type=int, default=2000, help="sets before memory is read")
    parser.add_argument("--before", default=EARLIER, help="commit of an earlier page; empty: none")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/review.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_workspace(root, options.sets, options.images, options.side)
        # First: what an earlier page writes, this one reads.
        earlier = {}
        if options.before:
            sets = 5 * max(1, options.steps // 5)
            earlier["day_before"] = earlier_day(root, options.before, sets)
        results = measure(root, options.steps, options.pause, options.walk) | earlier
    names = ("sets", "images", "side", "steps", "pause", "walk", "before")
    settings = {name: getattr(options, name) for name in names}
    document = {"settings": settings, "results": results, "machine": machine()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
