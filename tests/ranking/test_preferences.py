"""What choices go by: found where it is, not where it is not, and not for the stage's sake."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.ranking.preferences import beyond_the_usual, find_preferences, share_below
from prefml.sets import index_sets

SHARP, LIGHT = "cue__detail_high", "cue__light_p50"


def made(seed, n_sets=80, size=3, weight=0.0):
    """Sets whose choice goes by sharpness as far as `weight` says, and by noise."""
    rng = np.random.default_rng(seed)
    set_id = np.repeat(np.arange(n_sets), size)
    stage = np.tile(np.arange(1.0, size + 1), n_sets)
    X = pd.DataFrame({SHARP: rng.normal(size=len(set_id)), LIGHT: rng.normal(size=len(set_id))})
    X["stage"] = stage
    score = weight * X[SHARP].to_numpy() + rng.normal(size=len(set_id))
    y = np.zeros(len(set_id), int)
    y[index_sets(set_id).top_rows(score)] = 1
    return X, y, score, set_id, stage, np.repeat(np.arange(n_sets) % 10, size)


def found_in(X, y, score, set_id, stage, project, **more):
    clusters = np.arange(len(np.unique(set_id)))
    return find_preferences(X, y, score, set_id, stage, project, clusters, **more)


@pytest.mark.parametrize(("weight", "word"), [(3.0, "sharper"), (-3.0, "softer")])
def test_what_choices_go_by_is_found_with_its_direction(weight, word):
    (one,) = found_in(*made(1, weight=weight))
    assert (one.word, one.theme, one.sets) == (word, "sharpness", 80)
    assert one.low > 0.5
    assert one.low < one.share < one.high
    assert one.is_learned


def test_a_model_that_goes_the_other_way_has_not_learned_it():
    X, y, score, *rest = made(1, weight=3.0)
    (one,) = found_in(X, y, -score, *rest)
    assert not one.is_learned


def test_where_nothing_matters_little_is_reported():
    reports = sum(bool(found_in(*made(seed))) for seed in range(100))
    assert reports <= 10


def test_with_fewer_than_twenty_sets_nothing_is_said():
    assert found_in(*made(1, n_sets=19, weight=9.0)) == []
    assert found_in(*made(1, n_sets=20, weight=9.0)) != []


def test_a_stage_that_is_always_chosen_makes_nothing_else_a_preference():
    X, _, _, set_id, stage, project = made(2, n_sets=200)
    X[SHARP] += 4 * stage
    y = (stage == stage.max()).astype(int)
    names = [one.word for one in found_in(X, y, stage, set_id, stage, project)]
    assert names == ["higher stage"]


def test_what_is_usual_of_a_stage_is_that_of_its_project():
    value, stage = np.array([1.0, 3.0, 10.0, 20.0]), np.array([2.0, 2.0, 2.0, np.nan])
    assert beyond_the_usual(value, stage, ["p", "p", "q", "q"]).tolist() == [-1, 1, 0, 0]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.booleans()), min_size=1, max_size=9)
)
def test_the_share_below_is_counted_pair_by_pair_and_turns_around_with_the_measure(rows):
    names, values, unknown = (np.array(part) for part in zip(*rows, strict=True))
    value = np.where(unknown, np.nan, values.astype(float))
    sets = index_sets(names)
    top = np.zeros(len(rows), bool)
    top[sets.order[sets.starts]] = True
    share = share_below(value, top, sets)
    for number, members in enumerate(sets.members()):
        own = value[members[0]]
        others = [v for v in value[members[1:]] if np.isfinite(v)]
        if np.isnan(own) or all(v == own for v in others):
            assert np.isnan(share[number])
        else:
            assert share[number] == np.mean([(own > v) + 0.5 * (own == v) for v in others])
    turned = share_below(-value, top, sets)
    assert np.allclose(share + turned, 1, equal_nan=False) or np.isnan(share).any()
