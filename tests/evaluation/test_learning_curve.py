from __future__ import annotations

import numpy as np
import pytest

from prefml.evaluation.crossval import Contender, held_out_scores
from prefml.evaluation.folds import make_folds
from prefml.evaluation.learning_curve import SHARES, curve_point, partial_point


@pytest.fixture
def folds(choice_table):
    t = choice_table
    return make_folds(t.project, t.session_id, t.set_id, t.hashes).folds


class Counting:
    """Ranker by the stage, upside down after learning from few sets."""

    def __init__(self, log):
        self.log = log

    def fit(self, X, y, set_id):
        self.log.append(len(set(set_id)))
        self.enough = len(set(set_id)) > 20
        return self

    def predict(self, X):
        return X["stage"].to_numpy() * (1 if self.enough else -1)


@pytest.mark.parametrize("share", SHARES)
def test_a_part_of_the_sets_is_learned_from_and_all_are_tested(choice_table, folds, share):
    log = []
    contender = Contender("x", lambda seed: Counting(log), "", "x")

    point = partial_point(contender, choice_table, folds, share)

    assert point["share"] == share
    assert log == [max(2, round(share * 30))] * 4
    assert point["sets"] == log[0]
    # The lower stage was chosen in 4 of 40 sets; too few sets make it the choice everywhere.
    assert point["top1"] == pytest.approx(4 / 40)
    assert point["lower_stage_top1"] == 1


def test_a_point_of_all_sets_is_that_of_the_run_it_is_given(choice_table, folds, rankers):
    run = held_out_scores(rankers[1], choice_table, folds, 0)

    point = curve_point(choice_table, 1.0, folds, run)

    low, high = point["top1_ci"]
    assert point["sets"] == np.mean([len(set(choice_table.set_id[fold.train])) for fold in folds])
    assert point["top1"] == pytest.approx(0.9)
    assert low < 0.9 < high
    assert point["lower_stage_top1"] == 0
