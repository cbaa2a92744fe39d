"""Predictions for many stored sets at once."""

from types import SimpleNamespace

import numpy as np
import pytest

from prefml.exceptions import ModelFileError
from prefml.prediction import Predictor
from prefml.prediction.pools import win_probabilities
from prefml.workspace import Workspace


def test_they_are_those_of_each_set_by_itself(trained):
    predictor = Predictor.open(Workspace.open(trained))
    index = predictor.sidecars.index
    names = {
        project: rows["filename"].tolist()
        for project, rows in index.groupby("project")
        if len(rows) >= 5
    }
    sets = [(project, found[at : at + n]) for project, found in names.items()
            for at, n in ((0, 2), (2, 3))]  # fmt: skip
    found = win_probabilities(predictor, sets)
    for (project, members), won in zip(sets, found, strict=True):
        alone = predictor.rank(predictor.from_sidecars(project, members)).probabilities
        np.testing.assert_allclose(won, alone, rtol=1e-6)


def test_a_set_with_a_picture_that_is_not_stored_has_none(trained):
    predictor = Predictor.open(Workspace.open(trained))
    project, name = predictor.sidecars.index[["project", "filename"]].iloc[0]
    assert win_probabilities(predictor, [(project, [name, "gone.png"])]) == [None]


def test_without_a_ranker_it_says_what_to_run():
    with pytest.raises(ModelFileError, match="prefml train"):
        win_probabilities(SimpleNamespace(ranker=None), [])
