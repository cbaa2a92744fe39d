import numpy as np
import pytest

from prefml.ranking import (
    BlockPCA,
    CalibratedRanker,
    HighestStage,
    LinearPairwise,
    PairwiseLogistic,
    PerProjectRanker,
    RandomRanker,
    Ranker,
    RawLambdaRank,
    SetRanker,
)

SMALL = SetRanker(n_estimators=3, calibration="auto")
CALIBRATED = [SMALL, PerProjectRanker(SMALL, min_sets=20)]
RANKERS = [
    *CALIBRATED,
    HighestStage("cue__0"),
    RandomRanker(),
    LinearPairwise(),
    RawLambdaRank(),
    PairwiseLogistic(),
]


def named(model):
    return type(model).__name__


@pytest.mark.parametrize("ranker", RANKERS, ids=named)
def test_every_ranker_is_fitted_and_predicts_as_the_protocol_says(ranker, choices):
    X, y, set_id, _ = choices
    assert isinstance(ranker, Ranker)
    assert ranker.fit(X, y, set_id=set_id) is ranker
    scores = ranker.predict(X)
    assert scores.shape == (len(y),)
    assert scores.dtype == np.float64
    assert ranker.fit(X, y, set_id=set_id).predict(X).tolist() == scores.tolist()


@pytest.mark.parametrize("ranker", CALIBRATED, ids=named)
def test_a_calibrated_ranker_states_probabilities_and_keeps_its_out_of_fold_scores(ranker, choices):
    X, y, set_id, project = choices
    ranker.fit(X, y, set_id=set_id, groups=project, sample_weight=np.ones(len(y)))
    assert isinstance(ranker, CalibratedRanker)
    probability = ranker.win_probability(X, set_id)
    assert probability[set_id == set_id[0]].sum() == pytest.approx(1)
    assert ranker.out_of_fold_.shape == (len(y),)


def test_what_states_no_probability_is_no_calibrated_ranker_and_a_transformer_no_ranker(choices):
    X, y, set_id, _ = choices
    assert not isinstance(HighestStage("cue__0").fit(X, y, set_id), CalibratedRanker)
    assert not isinstance(BlockPCA(), Ranker)
