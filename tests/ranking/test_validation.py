import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.validation import (
    MAX_GRADE,
    check_column,
    check_of_sets,
    check_sample_weight,
    check_set_id,
    to_grades,
    warn_of_few_choices,
)
from prefml.sets import index_sets


def test_a_missing_set_id_names_what_to_pass():
    with pytest.raises(
        ValueError, match=r"set_id is missing: found 3 rows.*expected set_id="
    ) as no:
        check_set_id(None, 3, allow_missing=False)
    assert "set_config(enable_metadata_routing=True)" in str(no.value)
    assert ".set_fit_request(set_id=True).set_score_request(set_id=True)" in str(no.value)
    assert "allow_missing_set_id=True" in str(no.value)


def test_all_rows_are_one_set_where_that_is_allowed():
    assert check_set_id(None, 3, allow_missing=True).tolist() == [0, 0, 0]
    assert check_set_id(["a", "b", "a"], 3, allow_missing=True).tolist() == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("grades", "found", "meaning"),
    [
        ([1, 0, 1, 0, 1, 1], "2 of 3 sets", "tell nothing about other sets"),
        ([1, 1, 0, 0, 1, 1], "0 of 3 sets", "nothing can be learned"),
    ],
)
def test_fewer_than_three_sets_with_a_choice_are_warned_of(grades, found, meaning):
    with pytest.warns(UserWarning, match=f"{found}.*{meaning}.*expected set_id"):
        warn_of_few_choices(np.array(grades), index_sets([0, 0, 1, 1, 2, 2]))


def test_three_sets_with_a_choice_are_not_warned_of():
    warn_of_few_choices(np.array([1, 0] * 3 + [1]), index_sets([0, 0, 1, 1, 2, 2, 3]))


@pytest.mark.parametrize("values", [[1, 2], [[1], [2], [3]], 7])
def test_another_shape_is_refused_by_its_name(values):
    with pytest.raises(ValueError, match=r"stage has shape .*; X has 3 rows"):
        check_column(values, 3, "stage")


def test_no_weights_stay_none_and_given_ones_become_floats():
    X = np.zeros((2, 1))
    assert check_sample_weight(None, X) is None
    assert check_sample_weight([1, 2], X).dtype == np.float64


@pytest.mark.parametrize("weight", [[1.0], [0.0, 0.0], [1.0, -1.0], [1.0, np.nan]])
def test_weights_that_weigh_nothing_or_less_are_refused(weight):
    with pytest.raises(ValueError, match=r"weight"):
        check_sample_weight(weight, np.zeros((2, 1)))


@given(st.lists(st.integers(0, MAX_GRADE), min_size=1, max_size=20))
def test_whole_grades_stay_as_they_are(labels):
    assert to_grades(labels, index_sets(np.zeros(len(labels)))).tolist() == labels


@given(st.data())
def test_other_labels_become_ranks_in_their_set(data):
    set_id = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=60))
    n = len(set_id)
    labels = data.draw(
        st.lists(st.sampled_from([-1.5, 0.25, 0.5, 7.0, 900.0]), min_size=n, max_size=n)
    )
    if all(label == int(label) and 0 <= label <= MAX_GRADE for label in labels):
        labels[0] = -1.5
    grades = to_grades(labels, index_sets(set_id))
    for name in set(set_id):
        rows = [row for row in range(n) if set_id[row] == name]
        levels = sorted({labels[row] for row in rows})
        assert [grades[row] for row in rows] == [levels.index(labels[row]) for row in rows]


def test_sets_of_many_levels_keep_their_order_within_the_largest_grade():
    labels = np.random.default_rng(0).normal(size=200)
    grades = to_grades(labels, index_sets(np.zeros(200)))
    assert grades.min() == 0
    assert grades.max() == MAX_GRADE
    assert (np.diff(grades[np.argsort(labels)]) >= 0).all()


def test_what_belongs_to_sets_is_the_same_in_all_rows_of_one():
    sets = index_sets([0, 1, 0])
    assert check_of_sets(None, sets, "cluster_id") is None
    assert check_of_sets(["a", "b", "a"], sets, "cluster_id").tolist() == ["a", "b", "a"]
    with pytest.raises(ValueError, match=r"cluster_id is .*'b'.* in row 2"):
        check_of_sets(["a", "b", "b"], sets, "cluster_id")
    with pytest.raises(ValueError, match="cluster_id has shape"):
        check_of_sets(["a"], sets, "cluster_id")
