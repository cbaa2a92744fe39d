import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from prefml.ranking import (
    HighestStage,
    LinearPairwise,
    RandomRanker,
    RawLambdaRank,
    metrics,
)


def test_the_highest_stage_wins_and_no_stage_loses():
    X = pd.DataFrame({"stage": [1.0, 3.0, np.nan]})
    assert HighestStage().fit(X).predict(X).tolist() == [1, 3, -1]


def test_without_a_stage_column_it_says_so(choices):
    X, y, set_id, _ = choices
    with pytest.raises(ValueError, match="no column 'stage'"):
        HighestStage().fit(X, y, set_id=set_id)


def test_chance_is_chance_and_repeats_itself(make):
    X, y, set_id, _ = make(n_sets=2000, sizes=(2,))
    scores = RandomRanker().fit(X, y).predict(X)
    assert metrics.top1(y, scores, set_id) == pytest.approx(0.5, abs=0.05)
    assert np.array_equal(scores, RandomRanker().fit(X).predict(X))


def test_chance_depends_on_the_row_alone_and_on_the_seed(choices):
    X, *_ = choices
    scores = RandomRanker().fit(X).predict(X)
    assert np.array_equal(RandomRanker().fit(X).predict(X.iloc[::-1]), scores[::-1])
    others = [RandomRanker(1), RandomRanker(None), RandomRanker(np.random.RandomState(0))]
    for other in others:
        assert np.abs(np.corrcoef(other.fit(X).predict(X), scores)[0, 1]) < 0.3
    assert (scores >= 0).all()
    assert (scores < 1).all()


@pytest.mark.parametrize("model", [LinearPairwise(), RawLambdaRank(), HighestStage("cue__0")])
def test_baselines_are_scored_inside_sets_only(choices, model):
    X, y, set_id, _ = choices
    model.fit(X, y, set_id=set_id)
    assert model.score(X, y, set_id) == metrics.top1(y, model.predict(X), set_id)
    with pytest.raises(ValueError, match="set_id is missing"):
        model.score(X, y)


@pytest.mark.parametrize("model", [LinearPairwise(), RawLambdaRank()])
def test_baselines_that_learn_need_sets_unless_one_is_allowed(choices, model):
    X, y, _, _ = choices
    with pytest.raises(ValueError, match="set_id is missing"):
        model.fit(X, y)
    with pytest.warns(UserWarning, match="1 of 1 sets"):
        clone(model).set_params(allow_missing_set_id=True).fit(X, y)


@pytest.mark.parametrize("model", [LinearPairwise(), RawLambdaRank(random_state=0)])
def test_raw_embeddings_are_all_they_see(choices, model):
    X, y, set_id, _ = choices
    X = X.rename(columns=lambda name: name.replace("cue__", "emb__")).assign(cue__y=y)
    model.fit(X, y, set_id=set_id)
    assert metrics.top1(y, model.predict(X), set_id) > 0.6
    assert np.array_equal(model.predict(X), model.predict(X.assign(cue__y=0)))


@pytest.mark.parametrize("model", [LinearPairwise(), RawLambdaRank()])
def test_arrays_have_only_raw_columns(choices, model):
    X, y, set_id, _ = choices
    assert model.fit(X.to_numpy(), y, set_id=set_id).predict(X.to_numpy()).shape == (len(y),)


def test_the_stage_of_an_array_is_a_column_by_its_number():
    X = np.array([[0.5, 1.0], [0.2, np.nan]])
    assert HighestStage("x1").fit(X).predict(X).tolist() == [1, -1]
