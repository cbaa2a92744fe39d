"""The loop of suggesting, approving in bulk and learning; benchmarks/loop.py is the large one."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow
BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def play():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("_loop").play
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def last_round(play):
    """Return the bias of the reported error after three rounds, and the share covered, by kind."""

    def of(kind):
        found = [play(kind, 4, new=300, first=400, seed=seed, folds=2)[-1] for seed in range(4)]
        bias = np.mean([one["told"][0] - one["true"] for one in found])
        return float(bias), float(np.mean([one["covered"] for one in found]))

    return of


def test_labels_that_nobody_gave_make_the_reported_error_too_small(last_round):
    bias, covered = last_round("passed as labels")
    assert bias < -0.02
    assert covered > 0.2


def test_without_audits_the_hard_sets_that_are_left_make_it_too_large(last_round):
    assert last_round("no audits")[0] > 0.03


def test_audits_weighed_by_their_inverse_tell_the_truth_and_without_weights_do_not(last_round):
    weighted, covered = last_round("audits")
    assert abs(weighted) <= 0.02
    assert covered > 0.2
    assert last_round("audits, not weighted")[0] > weighted + 0.02
