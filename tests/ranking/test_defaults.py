import numpy as np
import pytest

from prefml.ranking import default_ranker
from prefml.ranking.defaults import ALTERNATIVES


@pytest.fixture(scope="module")
def fitted(make):
    X, y, set_id, project = make(n_sets=80)
    embedding = np.random.default_rng(0).normal(size=(len(y), 70))
    X[[f"emb__{i}" for i in range(70)]] = embedding
    X["cue_mean__0"], X["near__centroid"], X["other"] = X["cue__0"], 0.5, X["cue__1"]
    X["stage"], X["stage_step"] = 1.0, np.nan
    return default_ranker(0).fit(X, y, set_id=set_id, groups=project), X, y, set_id, project


def test_embeddings_are_compressed_and_steps_have_no_kind_of_their_own(fitted):
    ranker, *_ = fitted
    names = [name for name in ranker.columns_ if name.startswith("emb__")]
    assert names == [f"emb__pc{i:02d}" for i in range(64)]


def test_trees_see_no_raw_embedding_and_no_column_they_were_not_told_of(fitted):
    ranker, *_ = fitted
    seen = {ranker.columns_[i] for i in ranker.score_.config.trees}
    assert {"cue__0", "cue_mean__0", "near__centroid", "stage"} <= seen
    assert not any(name == "other" or name.startswith("emb__") for name in seen)


def test_one_of_the_alternatives_is_selected_and_probabilities_are_calibrated(fitted):
    ranker, X, _, set_id, _ = fitted
    assert ranker.chosen_ in ALTERNATIVES
    assert ranker.calibrator_ is not None
    assert len(ranker.score_.rankers_) == 3
    probability = ranker.win_probability(X, set_id)
    assert probability[set_id == set_id[0]].sum() == pytest.approx(1)


def test_the_seed_matters_little(fitted):
    ranker, X, y, set_id, project = fitted
    other = default_ranker(1).fit(X, y, set_id=set_id, groups=project)
    assert not np.array_equal(other.predict(X), ranker.predict(X))
    assert np.corrcoef(other.predict(X), ranker.predict(X))[0, 1] > 0.95
