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


def with_settings(make, effect, changes=False, **words):
    """Return choices of two variants of which settings tell the winner as often as `effect` says.

    With `changes` they tell it in every other project the wrong way.
    """
    X, y, set_id, project = make(sizes=(2,), noise=2.0, **words)
    rng = np.random.default_rng(words.get("seed", 0) + 100)
    told = np.where(rng.random(len(y) // 2) < 0.5 + effect / 2, 1, -1).repeat(2)
    if changes:
        told = told * np.where(np.isin(project, ["p0", "p2"]), 1, -1)
    X["setting__denoise"] = told * (1 - 2 * y) + rng.normal(size=len(y)) * 0.5
    for name in ("steps", "sampler=Euler a", "sampler=DDIM"):
        X[f"setting__{name}"] = rng.normal(size=len(y))
    return X, y, set_id, project


@pytest.mark.parametrize("n_sets", [FEW_SETS // 2, FEW_SETS + 100])
def test_a_setting_that_holds_on_other_projects_is_used_and_gains_on_new_ones(make, n_sets):
    X, y, set_id, project = with_settings(make, 0.7, n_sets=n_sets, n_projects=6)
    ranker = default_ranker(0).fit(X, y, set_id=set_id, groups=project)
    assert "setting__denoise" in ranker.optional_columns_
    fresh, truth, sets, _ = with_settings(make, 0.7, n_sets=300, seed=1)
    without = fresh.assign(**{name: np.nan for name in fresh if name.startswith("setting")})
    gain = top1(truth, ranker.predict(fresh), sets) - top1(truth, ranker.predict(without), sets)
    assert gain > 0.05
    reasons = [one.name for told in ranker.explain(fresh, sets) for one in told.reasons]
    assert {"lower denoise", "higher denoise"} <= set(reasons)


@pytest.mark.parametrize("world", [{"effect": 0.0}, {"effect": 0.9, "changes": True}])
@pytest.mark.parametrize("n_sets", [FEW_SETS // 2, FEW_SETS + 100])
def test_what_does_not_hold_on_other_projects_leaves_the_model_as_it_is_without(
    make, world, n_sets
):
    X, y, set_id, project = with_settings(make, n_sets=n_sets, n_projects=4, **world)
    plain = X[[name for name in X if not name.startswith("setting")]]
    without, offered = (
        default_ranker(0).fit(one, y, set_id=set_id, groups=project) for one in (plain, X)
    )
    assert offered.optional_columns_ == []
    assert offered.chosen_ == without.chosen_
    np.testing.assert_allclose(offered.predict(X), without.predict(plain), rtol=1e-9)


def test_with_one_project_settings_are_not_used(make):
    X, y, set_id, project = with_settings(make, 0.9, n_sets=80, n_projects=1)
    assert not default_ranker(0).fit(X, y, set_id=set_id, groups=project).optional_columns_


def test_optional_columns_may_be_missing_or_more_and_others_may_not(make):
    X, y, set_id, project = with_settings(make, 0.8, n_sets=80)
    ranker = default_ranker(0).fit(X, y, set_id=set_id, groups=project)
    unknown = ranker.predict(X.assign(**{name: np.nan for name in X if "setting" in name}))
    plain = X[[name for name in X if not name.startswith("setting")]]
    np.testing.assert_array_equal(ranker.predict(plain), unknown)
    np.testing.assert_array_equal(ranker.predict(X.assign(setting__cfg=3.0)), ranker.predict(X))
    for other in (X.assign(cue__more=1.0), X.drop(columns="cue__0")):
        with pytest.raises(ValueError, match="feature names"):
            ranker.predict(other)
