import numpy as np
import pytest

from prefml.ranking import default_ranker
from prefml.ranking.defaults import ALTERNATIVES
from prefml.ranking.evidence import FEW_SETS
from prefml.ranking.metrics import top1


def without_limits(alternative):
    return {name: value for name, value in alternative.items() if not name.endswith("_sets")}


@pytest.fixture(scope="module")
def fitted(make):
    X, y, set_id, project = make(n_sets=FEW_SETS + 20)
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
    assert ranker.chosen_ in [without_limits(one) for one in ALTERNATIVES[1:]]
    assert ranker.calibrator_ is not None
    assert len(ranker.score_.rankers_ or ranker.score_.net_.output_) == 3
    probability = ranker.win_probability(X, set_id)
    assert probability[set_id == set_id[0]].sum() == pytest.approx(1)


def test_the_seed_matters_little(fitted):
    ranker, X, y, set_id, project = fitted
    other = default_ranker(1).fit(X, y, set_id=set_id, groups=project)
    assert not np.array_equal(other.predict(X), ranker.predict(X))
    assert np.corrcoef(other.predict(X), ranker.predict(X))[0, 1] > 0.95


@pytest.mark.parametrize("n_sets", [10, 30, FEW_SETS - 1])
def test_few_choices_of_looks_are_ranked_by_lines_alone(make, n_sets):
    X, y, set_id, project = make(n_sets=n_sets)
    ranker = default_ranker(0).fit(X, y, set_id=set_id, groups=project)
    assert ranker.chosen_ == without_limits(ALTERNATIVES[0])
    fresh, truth, sets, _ = make(n_sets=200, seed=1)
    assert top1(truth, ranker.predict(fresh), sets) > (0.6 if n_sets == 10 else 0.7)


def test_the_model_does_not_jump_where_few_choices_end(make):
    X, y, set_id, project = make(n_sets=FEW_SETS)
    rest = set_id != set_id[0]
    many = default_ranker(0).fit(X, y, set_id=set_id, groups=project)
    few = default_ranker(0).fit(X[rest], y[rest], set_id=set_id[rest], groups=project[rest])
    assert many.chosen_ != few.chosen_
    fresh, truth, sets, _ = make(n_sets=300, seed=1)
    gap = top1(truth, many.predict(fresh), sets) - top1(truth, few.predict(fresh), sets)
    assert abs(gap) < 0.05


@pytest.mark.parametrize("n_sets", [FEW_SETS // 2, FEW_SETS + 40])
def test_a_taste_in_faces_is_learned_where_there_are_faces(make, n_sets):
    def with_faces(**words):
        X, y, set_id, project = make(**words)
        return X.rename(columns={"cue__0": "people__eyes_open"}), y, set_id, project

    X, y, set_id, project = with_faces(n_sets=n_sets)
    ranker = default_ranker(0).fit(X, y, set_id=set_id, groups=project)
    assert "people__" in str(ranker.chosen_["linear"])
    fresh, truth, sets, _ = with_faces(n_sets=200, seed=1)
    assert top1(truth, ranker.predict(fresh), sets) > 0.65


def test_columns_of_people_without_people_change_nothing(make):
    X, y, set_id, project = make(n_sets=60)
    nobody = X.assign(people__face_count=0.0, people__eyes_open=np.nan)
    plain, empty = (
        default_ranker(0).fit(one, y, set_id=set_id, groups=project) for one in (X, nobody)
    )
    assert plain.chosen_ == empty.chosen_
    np.testing.assert_allclose(plain.predict(X), empty.predict(nobody), atol=1e-9)
