import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.table import Table, count_choices, take
from prefml.sets import index_sets


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=12), st.randoms(use_true_random=False),
    st.booleans(),
)  # fmt: skip
def test_whole_sets_are_taken_with_all_that_belongs_to_them(sizes, random, weighted):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    n = len(codes)
    weight = np.arange(n) + 1.0 if weighted else None
    table = Table(np.arange(n)[:, None] * 1.0, np.arange(n), index_sets(codes), codes % 3, weight)
    kept = [number for number in range(len(sizes)) if random.random() < 0.6]
    rows = np.flatnonzero(np.isin(codes, kept))
    part = take(table, rows)
    assert part.X[:, 0].tolist() == part.grades.tolist() == rows.tolist()
    assert part.sets.sizes.tolist() == [sizes[number] for number in kept]
    assert (part.weight is None) is not weighted
    if weighted:
        assert np.array_equal(part.weight, rows + 1.0)
    same = table.groups[rows][:, None] == table.groups[rows]
    assert np.array_equal(part.groups[:, None] == part.groups, same)
    assert set(part.groups) == set(range(len(set(table.groups[rows]))))


def test_rows_out_of_a_set_make_a_smaller_set():
    table = Table(
        np.zeros((3, 1)), np.array([0, 1, 2]), index_sets([0, 0, 0]), np.zeros(3, int), None
    )
    assert take(table, np.array([0, 2])).sets.sizes.tolist() == [2]


def test_a_table_is_not_changed_in_place():
    table = Table(np.zeros((2, 1)), np.zeros(2, int), index_sets([0, 0]), np.zeros(2, int), None)
    with pytest.raises(AttributeError):
        table.grades = np.ones(2, int)


def test_sets_whose_labels_are_all_equal_are_no_choices():
    codes = np.array([0, 0, 1, 1, 2, 3, 3, 3])
    grades = np.array([0, 1, 1, 1, 1, 0, 0, 2])
    table = Table(np.zeros((8, 1)), grades, index_sets(codes), codes, None)
    assert count_choices(table) == 2
