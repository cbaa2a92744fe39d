"""The gate and the loop on planted truth, small; `benchmarks/gate.py` has it large."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def simulation():
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("gate")
    sys.path.remove(str(BENCHMARKS))


def let_in(simulation, spoilt, repeats=6):
    verdicts = [simulation.offered_crops(seed, spoilt)[1] for seed in range(repeats)]
    return np.mean([found["unseen"].accepted for found in verdicts])


def test_a_better_crop_model_gets_in_after_300_approvals(simulation):
    assert let_in(simulation, spoilt=0.0) >= 0.9


def test_a_worse_crop_model_does_not_get_in(simulation):
    assert let_in(simulation, spoilt=0.5) <= 0.1


def test_a_ranker_is_not_kept_out_by_choices_that_just_follow_the_one_in_use(simulation):
    found = [simulation.offered_choices(seed, (0.6, 0.4), follow=0.5)[1] for seed in range(20)]
    assert np.mean([rules["unseen"] for rules in found]) >= 0.9
    assert np.mean([rules["all"] for rules in found]) <= 0.1


def test_learning_from_approvals_neither_freezes_nor_drifts(simulation):
    life = simulation.Life(simulation.Forest, simulation.WEIGHTS["left out"], 0.7, gated=True)
    overlap = np.array([life.run(seed, rounds=6)["overlap"] for seed in range(3)])
    assert np.diff(overlap, axis=1).min() > -0.03
    assert (overlap[:, -1] > overlap[:, 0] + 0.05).all()
    assert overlap[:, -1].mean() > overlap[:, 2].mean()
