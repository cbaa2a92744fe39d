import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.features.relative import (
    embedding_distances,
    relative_cues,
    relative_embedding,
    stage_columns,
)
from prefml.sets import index_sets

ids = st.lists(st.integers(0, 4), min_size=1, max_size=20)


@given(ids, st.integers(0, 99))
def test_differences_to_the_mean_add_up_to_nothing(set_id, seed):
    values = np.random.default_rng(seed).normal(size=(len(set_id), 2))
    found = relative_cues(values, ["a", "b"], np.zeros(len(set_id)), index_sets(set_id))
    for code in set(set_id):
        assert np.isclose(found["cue_mean__a"][np.array(set_id) == code].sum(), 0)


@given(ids, st.integers(0, 99))
def test_columns_depend_on_the_own_set_only(set_id, seed):
    values = np.random.default_rng(seed).normal(size=(len(set_id), 3))
    stage = np.arange(len(set_id), dtype=float)
    rows = np.array(set_id) == set_id[0]

    def table(chosen):
        own = index_sets(np.array(set_id)[chosen])
        parts = relative_cues(values[chosen], list("abc"), stage[chosen], own)
        parts |= relative_embedding(values[chosen], own)
        parts |= stage_columns(stage[chosen], own) | embedding_distances(
            values[chosen], stage[chosen], own
        )
        return np.column_stack(list(parts.values()))

    everything = np.ones(len(set_id), bool)
    assert np.allclose(table(everything)[rows], table(rows), equal_nan=True)


def test_a_missing_cue_is_left_out_of_the_mean():
    found = relative_cues(
        np.array([[1.0], [np.nan], [3.0]]), ["a"], np.zeros(3), index_sets([0] * 3)
    )
    assert found["cue_mean__a"].tolist()[::2] == [-1.0, 1.0]
    assert np.isnan(found["cue_mean__a"][1])


def test_the_step_from_the_next_lower_stage_is_measured():
    cues, stage = np.array([[1.0], [7.0], [3.0]]), np.array([1.0, 3.0, 1.5])
    rows = index_sets([0, 0, 0])
    assert relative_cues(cues, ["a"], stage, rows)["cue_lower__a"].tolist()[1:] == [4.0, 2.0]
    assert stage_columns(stage, rows)["stage_step"].tolist()[1:] == [153.0, 101.5]


def test_stages_are_told_by_value_rank_and_distance_to_the_top():
    found = stage_columns(np.array([1.0, 3.0, 2.0, np.nan]), index_sets([0, 0, 0, 1]))
    assert found["stage_rank"].tolist()[:3] == [0, 2, 1]
    assert found["stage_below_top"].tolist()[:3] == [-2, 0, -1]
    assert found["set_size"].tolist() == [3, 3, 3, 1]
    assert np.isnan(found["stage_below_top"][3])


def test_drift_is_measured_from_the_next_lower_stage():
    vectors = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0], [9.0, 9.0]])
    found = embedding_distances(vectors, np.array([1.0, 3.0, 2.0, 1.0]), index_sets([0, 0, 0, 1]))
    assert found["near__lower_stage"][1:3].tolist() == [0.0, 5.0]
    assert found["near__above"][[0, 2]].tolist() == [5.0, 0.0]
    assert np.isnan(found["near__lower_stage"][[0, 3]]).all()
    assert np.isnan(found["near__centroid"][3])
    assert found["near__centroid"][0] == pytest.approx(5.0)


def test_equal_stages_are_no_source_of_each_other():
    found = embedding_distances(np.eye(2), np.array([2.0, 2.0]), index_sets([0, 0]))
    assert np.isnan(found["near__lower_stage"]).all()


def test_no_rows_make_empty_columns():
    rows = index_sets(np.array([]))
    assert stage_columns(np.array([]), rows)["stage_rank"].shape == (0,)
    assert relative_embedding(np.empty((0, 2)), rows)["emb_mean__0000"].shape == (0,)
