"""The loop in small: a made-up person reviews, both models learn, the gate keeps bad ones out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LEARN = Path(__file__).resolve().parents[1] / "benchmarks" / "learn.py"
FEW = ["--seeds", "1", "--rounds", "2", "--sets", "20", "--share", "0.12"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learn")
    out, picture = folder / "learn.json", folder / "learn.png"
    command = [sys.executable, str(LEARN), *FEW, "--out", str(out), "--picture", str(picture)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert picture.stat().st_size > 0
    return json.loads(out.read_text())


def test_agreement_on_sets_that_are_never_reviewed_rises(learned):
    agreement = learned["summary"]["never_reviewed_agreement"]["median"]
    assert agreement[-1] > agreement[0]


def test_crops_of_sets_that_are_never_reviewed_come_closer(learned):
    overlap = learned["summary"]["never_reviewed_crop_iou"]["median"]
    assert overlap[-1] > overlap[0]


def test_every_answer_counts_in_the_status(learned):
    (life,) = learned["lives"]
    assert life["status"]["reviewed"] == 40
    assert [r["review"]["submitted"] for r in life["rounds"][:-1]] == [20, 40]


@pytest.mark.parametrize("spoilt", ["winners and losers swapped", "crops turned upside down"])
def test_a_corrupted_model_is_refused_and_the_one_in_use_stays(learned, spoilt):
    (row,) = [row for row in learned["gate"] if row["spoilt"] == spoilt]
    assert row["refused"]
    assert row["in_use_unchanged"]
    assert "worse on recent decisions" in row["reason"]
