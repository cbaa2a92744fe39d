"""Decisions on damaged pictures stop no run and falsify no count."""

import importlib
import json
from pathlib import Path

import pytest

from prefml.apply import cropped, execute, steps

from .reports import reasons

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT.parent / "shared" / "cases" / "apply_odd_exif" / "exif_float_for_int.png"


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("damaged_pictures")


def faults(found):
    return {name: found[name] for name in ("stops", "wrong counts", "lost")}


def test_a_hundred_and_fifty_damaged_pictures_are_cropped_or_left_out_by_name(benchmark):
    found = benchmark.attack(150, first=10**6, sets=75)
    assert faults(found) == {"stops": [], "wrong counts": [], "lost": []}
    fates = [fate for damage in found["damages"].values() for fate in damage]
    assert {"cropped", "left out by name"} <= set(fates)
    assert sum(sum(damage.values()) for damage in found["damages"].values()) == 150


def test_the_result_that_is_quoted_tried_twenty_thousand_and_found_nothing():
    found = json.loads((ROOT / "benchmarks/results/damaged_pictures.json").read_text())
    assert found["pictures"] >= 20_000
    assert faults(found) == {"stops": [], "wrong counts": [], "lost": []}
    assert all(damage.get("left out by name") for damage in found["damages"].values())


def test_a_run_that_an_error_stops_is_noticed(benchmark, monkeypatch):
    def stop(*_, **__):
        raise TypeError("odd")

    monkeypatch.setattr(steps, "write_cropped", stop)
    assert "TypeError: odd" in benchmark.attack(8)["stops"][0]


def test_a_crop_that_is_none_is_noticed(benchmark, monkeypatch):
    def write(source, target, box, max_pixels):
        target.write_bytes(b"no picture")

    monkeypatch.setattr(steps, "write_cropped", write)
    assert "a crop that cannot be read" in benchmark.attack(8)["lost"][0]


@pytest.mark.shared
@pytest.mark.skipif(not CASE.is_file(), reason="the cases beside the project are not here")
def test_the_case_beside_the_project_leaves_one_set_out_and_the_other_done(tree):
    odd, sound = tree.picture("new/alpha/odd.png"), tree.picture("new/alpha/sound.png")
    (tree.root / odd).write_bytes(CASE.read_bytes())
    for group, name in (("odd", odd), ("sound", sound)):
        tree.set(group, [name])
        tree.decide(group, "approved", name, crop_coords=[0, 0, 0.5, 0.5])
    report = execute(tree.write())
    assert cropped.crop_obstacle(tree.root / odd, 10**8) is None
    assert set(reasons(report)) == {"odd"}
    assert {path.name for path in (tree.root / "selected").rglob("*.png")} == {"sound.png"}
