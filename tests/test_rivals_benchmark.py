"""The benchmark of rivals on made-up choices; `benchmarks/rivals.py` has it on real ones."""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def scripts_can_be_imported():
    if not BENCHMARKS.is_dir():
        pytest.skip("the benchmarks are not here")
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def rivals():
    return importlib.import_module("_rivals")


@pytest.fixture
def tuning():
    return importlib.import_module("_rival_tuning")


@pytest.fixture
def script():
    return importlib.import_module("rivals")


@pytest.fixture
def rows(rivals):
    """Return sets of three in four projects, of which the first column decides."""
    rng = np.random.default_rng(0)
    n = 120
    X = rng.normal(size=(3 * n, 6)).astype(np.float32)
    X[:, 1] = np.tile([1.0, 2.0, np.nan], n)
    y = (X[:, 0].reshape(n, 3) == X[:, 0].reshape(n, 3).max(axis=1, keepdims=True)).ravel()
    set_id = np.repeat([f"s{i:03d}" for i in range(n)], 3).astype(object)
    hashes = np.array([f"{value:016x}" for value in rng.integers(2**62, size=3 * n)], object)
    columns = ["cue__0", "stage", "cue__1", "emb__0000", "emb__0001", "emb_mean__0000"]
    project = np.repeat([f"p{i % 4}" for i in range(n)], 3).astype(object)
    return rivals.Rows(X, columns, y.astype(int), set_id, project, hashes,
                       np.repeat(np.arange(n), 3), np.ones(3 * n))  # fmt: skip


def share_right(rows, scores):
    from prefml.ranking.metrics import top1

    return top1(rows.y, scores, rows.set_id)


FITTED = ["prefml", "lightgbm", "xgboost", "catboost", "logistic", "extra_trees", "net"]


@pytest.mark.parametrize("name", FITTED)
def test_every_rival_learns_what_is_plain_to_see(rivals, rows, name):
    rival = rivals.RIVALS[name]
    if rival.missing:
        pytest.skip(f"{rival.needs} is not installed")
    model = rival.make(rival.candidates[0], 0)
    model.fit(rows)
    assert share_right(rows, model.scores(rows)) > 0.6


def test_chance_and_the_highest_stage_know_nothing(rivals, rows):
    for name in ("chance", "highest_stage"):
        model = rivals.RIVALS[name].make({}, 0)
        model.fit(rows)
        assert share_right(rows, model.scores(rows)) == pytest.approx(1 / 3, abs=0.1)


class Counter:
    """A rival that counts its fits, and whose scores say how good its candidate is."""

    fits = 0

    def __init__(self, candidate, seed):
        self.noise = candidate["noise"]

    def fit(self, rows):
        type(self).fits += 1

    def scores(self, rows, trees=None):
        return rows.X[:, 0] + self.noise * np.random.default_rng(0).normal(size=len(rows.X))


@pytest.fixture
def counted(rivals):
    Counter.fits = 0
    return rivals.Rival("counted", Counter, tuple({"noise": noise} for noise in (9.0, 0.0, 3.0)))


def test_the_candidate_with_the_least_loss_in_nested_folds_is_taken(tuning, rows, counted):
    found = tuning.tune(counted, rows, 0, budget=60.0)
    assert found["candidate"] == {"noise": 0.0}
    assert found["tried"] == 3
    assert Counter.fits == 3 * tuning.INNER_FOLDS


def test_without_a_budget_nothing_is_tried_and_the_first_is_used(tuning, rows, counted):
    found = tuning.tune(counted, rows, 0, budget=0.0)
    assert found["candidate"] == {"noise": 9.0}
    assert (found["tried"], Counter.fits) == (0, 0)


def test_near_duplicates_are_purged_in_nested_folds(tuning, rows):
    same = rows.hashes.copy()
    same[[0, 3]] = "0" * 16
    twins = set(rows.set_id[[0, 3]])
    assert len({rows.project[0], rows.project[3]}) == 2
    for fold in tuning.inner_folds(replace(rows, hashes=same)):
        held = twins & set(rows.set_id[fold.test])
        if held and held != twins:
            assert not twins & set(rows.set_id[fold.train])


def test_a_rival_that_is_not_installed_is_named(rivals):
    assert rivals.Rival("gone", Counter, needs="a_module_that_is_not_here").missing
    assert not rivals.RIVALS["prefml"].missing


def test_a_tie_is_called_a_tie(script):
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(20), 10)
    ours = {0: rng.integers(2, size=200).astype(float)}
    assert script.lead(ours, ours, clusters)["verdict"] == "tie"
    assert script.lead(ours, {0: np.zeros(200)}, clusters)["verdict"] == "ahead"
    assert script.lead(ours, {0: np.ones(200)}, clusters)["verdict"] == "behind"
    assert script.lead(ours, {1: np.ones(200)}, clusters)["verdict"] is None


def test_the_table_names_what_is_missing_and_marks_ties(tmp_path):
    made = importlib.import_module("_rival_tables")
    row = {
        "seeds": 1, "top1": 0.6, "pair_accuracy": 0.7, "prefml_ahead_by": [0.0, 0.0],
        "verdict": "tie", "fit_cpu_seconds": 4.0, "predict_ms_per_1000": 12.0, "peak_gb": 0.4,
    }  # fmt: skip
    models = {"prefml": row, "ridge": row | {"prefml_ahead_by": [-0.01, 0.02]}}
    part = {"sets": 884, "projects": 8, "clusters": 8, "cluster_kind": "project", "models": models}
    text = made.rivals(json.loads(json.dumps({"missing": ["catboost"], "data": {"live": part}})))
    assert "0.600 / 0.700; -0.010 to +0.020, tie" in text
    assert "Not installed, and so not measured: CatBoost" in text
    assert "intervals over 8 projects" in text
