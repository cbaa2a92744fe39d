import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.ranking.tag_model import HeldOutFlags, TagModel, fit_tags, hold_out_flags


def planted(seed=0, n=400, projects=6, told=4.0):
    """Return pictures of which a tenth are tagged, by a first column that tells so far."""
    rng = np.random.default_rng(seed)
    tagged = rng.random(n) < 0.15
    X = rng.normal(size=(n, 4))
    X[:, 0] += told * tagged
    return X, tagged, np.array([f"p{i % projects}" for i in range(n)], object)


def test_tags_that_follow_a_score_are_learned_with_a_precise_limit():
    X, tagged, project = planted()
    held_out = hold_out_flags(X, tagged, project)
    assert held_out.is_precise
    assert held_out.recall > 0.5
    model = fit_tags(X, tagged, project)
    flags = model.flag(X)
    assert tagged[flags].mean() > 0.9
    assert model.limit <= 1


def test_tags_that_follow_nothing_flag_nothing():
    for seed in range(5):
        assert not hold_out_flags(*planted(seed, told=0.0)).is_precise


def test_a_taste_of_one_project_is_not_taken_for_all():
    X, tagged, project = planted(told=0.0)
    own = project == "p0"
    X[own & tagged, 0] += 8
    assert not hold_out_flags(X, tagged, project).is_precise


def test_a_score_that_is_missing_is_never_flagged():
    X, tagged, project = planted()
    model = fit_tags(X, tagged, project)
    X[:, 0] = np.nan
    assert not model.flag(X).any()


def test_missing_beside_the_score_counts_as_usual():
    X, tagged, project = planted()
    model = fit_tags(X, tagged, project)
    usual, missing = X.copy(), X.copy()
    usual[:, 1:], missing[:, 1:] = model.usual[1:], np.nan
    assert np.array_equal(model.predict(usual), model.predict(missing))


@pytest.mark.parametrize("alike", [True, False])
def test_pictures_that_are_all_tagged_alike_teach_nothing(alike):
    X, _, project = planted()
    model = fit_tags(X, np.full(len(X), alike), project)
    assert not model.flag(X).any()


def test_one_project_gives_no_limit():
    X, tagged, _ = planted()
    one = np.full(len(X), "p", object)
    assert fit_tags(X, tagged, one).limit > 1
    assert hold_out_flags(X, tagged, one).flagged == 0


def test_absurd_measurements_do_not_take_over():
    X, tagged, project = planted()
    X[:3, 1] = 1e30
    assert hold_out_flags(X, tagged, project).is_precise


@given(shift=st.floats(-50, 50), times=st.floats(0.1, 50))
@settings(max_examples=15)
def test_units_do_not_matter(shift, times):
    X, tagged, project = planted(n=200)
    here, there = (fit_tags(one, tagged, project).predict(one) for one in (X, X * times + shift))
    assert np.allclose(here, there, atol=1e-3)


def test_the_held_out_counts_tell_precision_and_recall():
    found = HeldOutFlags(flagged=20, right=18, tagged=36)
    assert (found.precision, found.recall, found.is_precise) == (0.9, 0.5, True)
    assert not HeldOutFlags(9, 9, 9).is_precise
    none = HeldOutFlags(0, 0, 0)
    assert np.isnan([none.precision, none.recall]).all()


def test_each_picture_is_judged_by_a_fit_without_its_project():
    X, tagged, project = planted(n=60, projects=3)
    seen = []

    def fit(X, tagged, project):
        seen.append(set(project))
        return TagModel((0.0,) * 4, (1.0,) * 4, (0.0,) * 4, 0.0, 0.5)

    hold_out_flags(X, tagged, project, fit)
    assert sorted(map(sorted, seen)) == [["p0", "p1"], ["p0", "p2"], ["p1", "p2"]]
