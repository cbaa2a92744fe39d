"""Trees grown on two workers make a ranker like the one grown here."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from prefml.cli import main
from prefml.cluster import connected, tree_backend_on
from prefml.cluster.trees import split_by_sets
from prefml.exceptions import ClusterError
from prefml.models.store import load_model
from prefml.ranking import SetRanker
from prefml.ranking.metrics import top1
from prefml.ranking.tree_backend import TreeData

from .conftest import start_workers

pytest.importorskip("distributed", reason="needs the extra `scale`")

SETS = 400


def choices(seed, n_sets=SETS):
    """Return sets of three whose choice depends on a sum, a product and chance."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(3 * n_sets, 6))
    worth = X[:, 0] + X[:, 1] * X[:, 2] + 0.3 * random.normal(size=len(X))
    set_id = np.repeat(np.arange(n_sets), 3)
    best = worth.reshape(-1, 3).argmax(axis=1)
    return X, (np.arange(3) == best[:, None]).astype(int).ravel(), set_id


def fitted(**options):
    X, y, set_id = choices(0)
    ranker = SetRanker(n_estimators=40, num_leaves=7, random_state=0, **options)
    return ranker.fit(X, y, set_id=set_id, sample_weight=np.linspace(1, 2, len(X)))


FULL = {
    "linear": (("",),), "n_bags": 2, "n_folds": 3, "calibration": "auto",
    "subsample": 0.7, "subsample_freq": 1, "colsample_bytree": 0.5,
}  # fmt: skip


@pytest.mark.parametrize("options", [{}, FULL], ids=["bare", "with linear start and calibration"])
def test_it_is_right_as_often_as_one_grown_here(cluster, options):
    with connected(cluster) as client, tree_backend_on(client):
        spread = fitted(**options)
    X, y, set_id = choices(1, 1000)
    right = round(1000 * top1(y, spread.predict(X), set_id))
    low, high = binomtest(right, 1000).proportion_ci(0.95)
    assert low <= top1(y, fitted(**options).predict(X), set_id) <= high
    assert np.allclose(np.add.reduceat(spread.win_probability(X, set_id), range(0, 3000, 3)), 1)


def test_nothing_of_the_cluster_is_left_in_the_ranker(cluster):
    with connected(cluster) as client, tree_backend_on(client):
        spread = fitted().score_.rankers_[0]
    assert type(spread) is type(fitted().score_.rankers_[0])
    assert not {"client", "machines", "local_listen_port"} & set(spread.get_params())


def test_outside_the_block_trees_are_grown_here(cluster):
    before = fitted().predict(choices(1)[0])
    with connected(cluster) as client, tree_backend_on(client):
        pass
    assert np.array_equal(fitted().predict(choices(1)[0]), before)


def test_early_stopping_is_refused(cluster):
    X, y, set_id = choices(0, 20)
    with (
        connected(cluster) as client,
        tree_backend_on(client),
        pytest.raises(ClusterError, match="eval"),
    ):
        SetRanker().fit(X, y, set_id=set_id, eval_set=(X, y, set_id))


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=40), n_parts=st.integers(1, 12))
def test_whole_sets_stay_together_on_a_worker(sizes, n_parts):
    n = sum(sizes)
    rows = TreeData(
        np.arange(n)[:, None] * 1.0, np.arange(n), np.array(sizes), None, np.arange(n) / 2
    )
    parts = split_by_sets(rows, n_parts)
    assert 1 <= len(parts) <= n_parts
    assert [size for part in parts for size in part.sizes] == sizes
    assert all(len(part.X) == len(part.grades) == part.sizes.sum() > 0 for part in parts)
    assert np.array_equal(np.concatenate([part.X for part in parts]), rows.X)
    assert np.array_equal(np.concatenate([part.init_score for part in parts]), rows.init_score)
    assert max(len(part.X) for part in parts) <= n / n_parts + 2 * max(sizes)


@pytest.mark.slow
def test_the_command_writes_a_model_that_loads_like_any_other(cluster, trained, tmp_path, capsys):
    folder = tmp_path / "copy"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("artifacts"))
    words = ["--workspace", str(folder), "train", "ranker", "--json", "--scheduler", cluster]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)["ranker"]
    here = json.loads((trained / "artifacts" / "ranker.manifest.json").read_text())
    n_sets = here["counts"]["sets"]
    right = round(n_sets * report["fold_scores"]["top1"])
    low, high = binomtest(right, n_sets).proportion_ci(0.95)
    assert low <= here["fold_scores"]["top1"] <= high
    model = load_model(folder / "artifacts" / "ranker.joblib")
    row = pd.DataFrame(0.0, index=[0], columns=model.feature_names_in_)
    assert model.predict(row).shape == (1,)


def kill_one_that_trains(client, process):
    """Kill a worker once LightGBM is at work on both."""
    while sum(key.startswith("_train_part") for key in busy_with(client)) < 2:
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)


def busy_with(client):
    return [str(key) for keys in client.processing().values() for key in keys]


@pytest.mark.slow
def test_a_worker_killed_while_trees_grow_is_a_clear_error():
    X, y, set_id = choices(0, 1000)
    with start_workers() as running, connected(running.scheduler_address) as client:
        process = next(iter(client.run(os.getpid).values()))
        killer = threading.Thread(target=kill_one_that_trains, args=(client, process))
        killer.start()
        with tree_backend_on(client), pytest.raises(ClusterError, match="stay until the end"):
            SetRanker(n_estimators=20_000).fit(X, y, set_id=set_id)
        killer.join()
