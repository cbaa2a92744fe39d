"""Descriptions of sets that could be asked about."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prefml.ranking.pool import describe_sets, scale_pictures


@given(st.integers(0, 999), st.integers(1, 20))
def test_two_pictures_of_a_set_differ_by_one(seed, n):
    rng = np.random.default_rng(seed)
    set_id = rng.permutation(np.repeat(np.arange(n), 3))
    found = scale_pictures(rng.normal(size=(3 * n, 4)) * [1, 10, 100, 0], set_id)
    assert [one.shape for one in found] == [(3, 4)] * n
    apart = [((one[:, None] - one) ** 2).sum(axis=2).sum() / 9 for one in found]
    np.testing.assert_allclose(np.mean(apart), 1, rtol=0.2)
    assert all(np.all(one[:, 3] == 0) for one in found)


def test_pictures_stand_in_the_order_of_their_rows_and_units_do_not_count():
    columns = np.array([[1.0, 5], [2, 5], [4, 6], [8, 9], [9, 9]])
    set_id = np.array([7, 3, 7, 3, 3])
    found = scale_pictures(columns, set_id)
    assert [len(one) for one in found] == [3, 2]
    assert np.all(np.diff(found[0][:, 0]) > 0)
    for one, other in zip(found, scale_pictures(columns * [3, 0.1] + 7, set_id), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_what_is_not_known_stands_in_the_middle_and_one_odd_number_decides_no_set():
    columns = np.array([[0.0], [np.nan], [1], [1e6]] + [[0.0], [1.0]] * 200)
    found = scale_pictures(columns, np.repeat(np.arange(202), 2))
    assert all(np.isfinite(one).all() for one in found)
    assert np.abs(found[1]).max() <= 4 * np.median([np.abs(one).max() for one in found[2:]]) * 1e6


def test_without_pictures_there_is_nothing_to_scale():
    assert scale_pictures(np.zeros((2, 3)), np.array([0, 0]))[0].tolist() == [[0] * 3] * 2


def test_a_set_is_described_by_how_its_pictures_differ():
    columns = np.array([[0.0, 5.0], [2.0, 5.0], [7.0, 5.0], [7.0, np.nan]])
    found = describe_sets(columns, np.array([3, 3, 8, 8]))
    unit = np.array([0.0, 2.0, 7.0, 7.0]).std()
    np.testing.assert_allclose(found, [[-1 / unit, 0, 1 / unit, 0], [0, 0, 0, 0]], atol=1e-12)


@given(st.integers(0, 999))
def test_neither_unit_nor_order_of_the_pictures_changes_a_description(seed):
    rng = np.random.default_rng(seed)
    columns, set_id = rng.normal(size=(12, 3)), np.repeat(np.arange(4), 3)
    shuffled = rng.permutation(12)
    again = describe_sets(columns[shuffled] * 1000 + 7, set_id[shuffled])
    np.testing.assert_allclose(describe_sets(columns, set_id), again, atol=1e-8)
