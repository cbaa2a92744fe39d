from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from prefml.evaluation.crossval import Contender, held_out_boxes, held_out_scores, subsample_fold
from prefml.evaluation.folds import Fold, make_folds


class Remembering:
    """Ranker that scores a row by whether its label was seen in fitting."""

    def __init__(self, log=None):
        self.log = [] if log is None else log

    def fit(self, X, y, set_id):
        self.seen = set(X.index)
        self.log.append(list(X.columns))
        return self

    def predict(self, X):
        return np.array([row in self.seen for row in X.index], float)


def folds_of(table):
    return make_folds(table.project, table.session_id, table.set_id, table.hashes).folds


def test_a_row_is_scored_by_a_model_that_did_not_see_it(choice_table):
    contender = Contender("x", lambda seed: Remembering(), "", "x")

    found = held_out_scores(contender, choice_table, folds_of(choice_table), 0)

    assert not found.scores.any()


def test_a_model_sees_only_the_columns_of_its_prefix(choice_table):
    log = []
    contender = Contender("x", lambda seed: Remembering(log), "emb__", "x")

    held_out_scores(contender, choice_table, folds_of(choice_table), 0)

    assert log == [["emb__0000"]] * 4


def test_a_model_is_given_the_extras_its_fit_asks_for(choice_table, rankers):
    models = []

    def make(seed):
        models.append(rankers[0].make(seed))
        return models[-1]

    folds = folds_of(choice_table)
    held_out_scores(Contender("x", make, "", "x"), choice_table, folds, 0)

    for fold, model in zip(folds, models, strict=True):
        assert list(model.seen_["groups"]) == list(choice_table.project[fold.train])
        assert len(model.seen_["weight"]) == len(fold.train)


def test_stated_probabilities_sum_to_one_in_each_set(choice_table, rankers):
    found = held_out_scores(rankers[0], choice_table, folds_of(choice_table), 0)

    assert found.probability.reshape(-1, 2).sum(axis=1) == pytest.approx(1)


def test_a_model_without_probabilities_states_none(choice_table):
    contender = Contender("x", lambda seed: Remembering(), "", "x")

    assert held_out_scores(contender, choice_table, folds_of(choice_table), 0).probability is None


def test_importances_are_averaged_over_folds(choice_table, rankers):
    found = held_out_scores(rankers[0], choice_table, folds_of(choice_table), 0)

    assert found.importances == {"sharpness": 0.75, "content": 0.25}


def test_every_row_gets_a_box(crop_table, croppers):
    folds = make_folds(crop_table.project, crop_table.session_id, np.arange(len(crop_table))).folds

    found = held_out_boxes(croppers[0], crop_table, folds, 0)

    assert (found.boxes == [0.2, 0.2, 0.7, 0.7]).all()
    assert found.band_coverage is None


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_thinning_keeps_whole_sets(choice_table, share):
    fold = folds_of(choice_table)[0]

    fewer = subsample_fold(fold, choice_table.set_id, share, seed=0)

    names, counts = np.unique(choice_table.set_id[fewer.train], return_counts=True)
    assert (counts == 2).all()
    assert len(names) == max(2, round(share * len(fold.train) / 2))


def test_a_smaller_share_is_part_of_a_larger_one(choice_table):
    fold = folds_of(choice_table)[0]

    small, large = (
        subsample_fold(fold, choice_table.set_id, share, seed=0) for share in (0.2, 0.6)
    )

    assert set(small.train) < set(large.train)


def test_thinning_leaves_the_tested_rows_alone(choice_table):
    fold = Fold(np.arange(20), np.arange(20, 80), 3)

    fewer = subsample_fold(fold, choice_table.set_id, 0.5, seed=0)

    assert list(fewer.test) == list(fold.test)
    assert fewer.purged == 3


class Explaining(Remembering):
    def explain(self, X, set_id):
        reasons = [
            SimpleNamespace(name=name, contribution=size)
            for name, size in (("sharper", 0.4), ("darker", -0.3), ("stage", 0.2), ("colour", 0.1))
        ]
        return [SimpleNamespace(set_id=name, reasons=reasons) for name in set(set_id)]


def test_the_two_strongest_reasons_for_each_set_are_kept(choice_table):
    contender = Contender("x", lambda seed: Explaining(), "", "x")

    found = held_out_scores(contender, choice_table, folds_of(choice_table), 0)

    assert found.reasons == dict.fromkeys(choice_table.set_id, "sharper, stage")


class Banded:
    """Cropper with bands that hold the first two edges of every box, and no other."""

    def fit(self, X, boxes, size):
        return self

    def predict(self, X, size):
        return np.tile([0.0, 0.0, 1.0, 1.0], (len(X), 1))

    def predict_bands(self, X):
        bands = np.zeros((len(X), 4, 2))
        bands[:, :2, 1] = 1
        bands[:, 2:] = [2, 3]
        return bands


def test_band_coverage_is_the_share_of_edges_inside(crop_table):
    folds = make_folds(crop_table.project, crop_table.session_id, np.arange(len(crop_table))).folds
    contender = Contender("x", lambda seed: Banded(), "", "x")

    assert held_out_boxes(contender, crop_table, folds, 0).band_coverage == 0.5
