"""The benchmark of the first answers asks as it says."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def bench():
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("first_day")
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def start(bench):
    """A start on made-up sets of two pictures, in four projects."""
    rng = np.random.default_rng(0)
    sets = 80
    set_id = np.repeat([f"s{n:02}" for n in range(sets)], 2).astype(object)
    X = pd.DataFrame({"cue__a": rng.normal(size=2 * sets), "emb__0000": rng.normal(size=2 * sets)})
    table = SimpleNamespace(
        X=X, y=np.tile([0, 1], sets), set_id=set_id, stage=np.full(2 * sets, np.nan),
        project=np.repeat([f"p{n % 4}" for n in range(sets)], 2).astype(object),
    )  # fmt: skip
    return bench.make_start(table, 3)


def test_whole_projects_are_held_out(start):
    asked = {one for one in start.pool.project}
    held = set(start.table.project[start.test])
    assert len(held) == 1
    assert asked.isdisjoint(held)


@pytest.mark.parametrize("method", ["random", "coverage", "uncertainty", "prefml start"])
def test_every_method_asks_about_each_set_once(bench, start, method, monkeypatch):
    pairs = tuple(np.full((1, 2), 0.5) for _ in start.ids)
    monkeypatch.setattr(bench, "members", lambda start, asked, copies: pairs)
    asked = bench.ask(start, method, 40)
    assert len(asked) == len(set(asked)) == 40


def test_the_description_of_a_set_is_that_of_its_pictures(bench, start):
    at = len(start.ids) // 2
    cue = start.table.X["cue__a"].to_numpy()[start.table.set_id == start.ids[at]]
    found = start.pool.vectors[at]
    assert found[1] == -found[0]
    assert np.sign(found[1]) == (1 if cue[0] != cue[1] else 0)


def test_differences_are_paired_by_start(bench):
    def one(random, other):
        orders = {"random": {"10": random}, "coverage": {"10": other}}
        return {"orders": orders, "rankers": {}, "simple": {"chance": 0.5}, "held_out": 100}

    found = bench.summary([one(0.4, 0.5), one(0.8, 0.9)], [10])
    assert found["orders_less_random"]["coverage"]["10"] == {"mean": 0.1, "ci": [0.1, 0.1]}
    assert found["better_than_chance"]["10"] == 0.5
