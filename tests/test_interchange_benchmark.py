"""Round trips through other programs, and damaged files, at a small size."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
COUNT = 24


@pytest.fixture
def bench():
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks are not here")
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("interchange")
    sys.path.remove(str(BENCHMARKS))


def test_decisions_come_back_equal_and_crops_within_a_pixel(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.shutil, "which", lambda program: None)
    found = bench.round_trips(tmp_path / "trips", COUNT)["imported"]
    assert found["equal decisions"] == COUNT
    assert found["crops"] == found["crops expected"] == COUNT // 2
    assert found["largest error of an edge in pixels"] < 1


@pytest.mark.skipif(
    shutil.which("exiftool") is None,
    reason="exiftool is not installed (Debian: libimage-exiftool-perl)",
)
def test_exiftool_reads_and_changes_the_marks_and_keeps_what_others_wrote(bench, tmp_path):
    found = bench.round_trips(tmp_path / "trips", COUNT)
    assert found["read"] == {"sidecars": 2 * COUNT, "equal marks": 2 * COUNT}
    assert found["turned"]["equal decisions"] == COUNT
    assert found["marked"]["other fields"] > COUNT
    assert found["marked"]["other fields changed"] == 0


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("darktable-cli") is None or shutil.which("exiftool") is None,
    reason="darktable-cli and exiftool are not both installed (Debian: darktable)",
)
def test_darktable_reads_the_ratings_and_keeps_what_it_wrote(bench, tmp_path):
    found = bench.darktable(tmp_path / "darktable", 1)
    assert found["ratings that darktable read"] == found["pictures"] == 1
    assert found["other fields"] > 0
    assert found["other fields changed"] == 0


def test_damaged_files_are_refused_or_counted_and_never_changed(bench, tmp_path):
    found = bench.damaged(tmp_path / "damaged", 210)
    assert found["faults"] == []
    assert sum(found["fates"].values()) == 210
    assert {"lrcat refused", "xmp counted", "xmp refused"} <= set(found["fates"])
