import json

import numpy as np
import pytest

from prefml.ranking import SetRanker
from prefml.ranking.export import from_plain, to_plain

FAST = {"n_estimators": 5, "min_child_samples": 5, "random_state": 0}
# Matrix products of arrays that lie otherwise in memory differ in the last digits.
CLOSE = {"rtol": 0, "atol": 1e-12}
RICH = FAST | {
    "compress": {"cue__": 4}, "novelty": ("cue__0", "cue__1"), "novelty_by": "cue__5",
    "linear": (("cue__",), ("novelty__",)), "n_bags": 2, "n_folds": 3, "calibration": "auto",
}  # fmt: skip


NETS = RICH | {"net": ("cue__",), "n_estimators": 0}


@pytest.fixture(params=[FAST, RICH, NETS], ids=["plain", "rich", "nets"])
def fitted(request, choices):
    X, y, set_id, project = choices
    X = X.assign(constant=1.0).mask(np.random.default_rng(0).random((len(X), 7)) < 0.05)
    return SetRanker(**request.param).fit(X, y, set_id=set_id, groups=project), X, set_id


def through_json(ranker):
    document, texts = to_plain(ranker)
    return from_plain(json.loads(json.dumps(document, allow_nan=False)), texts)


def test_a_ranker_read_back_predicts_and_explains_the_same(fitted):
    ranker, X, set_id = fitted
    again = through_json(ranker)
    assert np.allclose(again.predict(X), ranker.predict(X), **CLOSE)
    before, after = (one.win_probability(X, set_id) for one in (ranker, again))
    assert np.allclose(after, before, **CLOSE)
    for one, other in zip(again.explain(X, set_id), ranker.explain(X, set_id), strict=True):
        assert (one.winner, one.runner_up) == (other.winner, other.runner_up)
        assert one.difference == pytest.approx(other.difference, abs=1e-12)
    assert again.out_of_fold_ is None


def test_writing_what_was_read_gives_the_same_document(fitted):
    ranker, *_ = fitted
    document, texts = to_plain(ranker)
    again, texts_again = to_plain(through_json(ranker))
    assert json.dumps(again) == json.dumps(document)
    assert list(texts_again) == list(texts)


def test_a_column_that_counts_for_nothing_has_no_scale_in_json(choices):
    X, y, set_id, _ = choices
    X = X.assign(constant=1.0)
    ranker = SetRanker(linear=(("cue__", "constant"),), **FAST).fit(X, y, set_id=set_id)
    document, _ = to_plain(ranker)
    assert document["linear"][0]["scale"][-1] is None
    assert np.isinf(through_json(ranker).score_.linear_.models_[0].scaler_.scale_[-1])


def test_a_document_of_before_there_were_nets_is_read(make):
    X, y, set_id, _ = make()
    ranker = SetRanker(**RICH).fit(X, y, set_id=set_id)
    document, texts = to_plain(ranker)
    assert document.pop("net") is None
    assert np.allclose(from_plain(document, texts).predict(X), ranker.predict(X), **CLOSE)


def test_only_the_trees_up_to_the_best_are_written(make):
    from lightgbm import early_stopping

    X, y, set_id, _ = make(noise=3.0)
    other = make(seed=1, noise=3.0)[:3]
    ranker = SetRanker(n_estimators=100, callbacks=[early_stopping(3, verbose=False)])
    ranker.fit(X, y, set_id=set_id, eval_set=other)
    best = ranker.score_.rankers_[0].best_iteration_
    assert 0 < best < 100
    assert through_json(ranker).score_.rankers_[0].booster_.num_trees() == best


def test_parameters_of_another_version_are_left_out(fitted):
    ranker, X, _ = fitted
    document, texts = to_plain(ranker)
    document["parameters"] = document["parameters"] | {"of_the_future": 1}
    assert np.allclose(from_plain(document, texts).predict(X), ranker.predict(X), **CLOSE)


def test_steps_clipped_elsewhere_are_refused(make):
    X, y, set_id, _ = make()
    ranker = SetRanker(**RICH).fit(X, y, set_id=set_id)
    document, texts = to_plain(ranker)
    document["novelty"]["learned"]["clip"] = 3.0
    with pytest.raises(ValueError, match=r"clipped at 3\.0, expected 5\.0"):
        from_plain(document, texts)


@pytest.mark.parametrize("part", ["blocks", "trees", "linear", "calibration", "design_columns"])
def test_a_document_without_a_part_is_refused(fitted, part):
    document, texts = to_plain(fitted[0])
    del document[part]
    with pytest.raises(KeyError, match=part):
        from_plain(document, texts)
