"""Small sets with a taste that is known."""

import numpy as np
import pandas as pd
import pytest

from prefml.ranking.linear_init import grouped_folds
from prefml.ranking.table import Table
from prefml.sets import index_sets


def make_choices(n_sets=120, n_projects=4, seed=0, sizes=(2, 3, 4), dims=6, noise=0.5):
    """Return a frame, labels, sets and projects; the taste is 2 * x0 - x1 with some noise."""
    rng = np.random.default_rng(seed)
    counts = rng.choice(sizes, n_sets)
    set_id = np.repeat([f"set{i:04d}" for i in range(n_sets)], counts)
    project = np.repeat([f"p{i % n_projects}" for i in range(n_sets)], counts)
    X = rng.normal(size=(len(set_id), dims))
    worth = 2 * X[:, 0] - X[:, 1] + noise * rng.normal(size=len(set_id))
    best = pd.Series(worth).groupby(set_id).transform("max").to_numpy()
    frame = pd.DataFrame(X, columns=[f"cue__{i}" for i in range(dims)])
    return frame, (worth == best).astype(int), set_id, project


@pytest.fixture
def choices():
    return make_choices()


@pytest.fixture(scope="session")
def make():
    return make_choices


@pytest.fixture(scope="session")
def make_table():
    """Return a maker of training rows in groups, with their folds."""

    def made(n_folds=4, weighted=False, **words):
        X, y, set_id, project = make_choices(**words)
        sets = index_sets(set_id)
        groups = index_sets(project).codes
        weight = np.random.default_rng(1).uniform(0.3, 2, len(y)) if weighted else None
        table = Table(X.to_numpy(), y, sets, groups, weight)
        return table, grouped_folds(groups, sets, n_folds)

    return made
