import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.sets import content_order, index_sets, winning_pairs

ids = st.lists(st.integers(0, 5), min_size=1, max_size=30)


@given(ids)
def test_every_row_is_in_exactly_one_set(set_id):
    rows = np.concatenate(index_sets(set_id).members())
    assert sorted(rows.tolist()) == list(range(len(set_id)))


@given(ids)
def test_the_mean_of_a_constant_is_the_constant(set_id):
    assert np.allclose(index_sets(set_id).mean(np.ones((len(set_id), 2))), 1)


@given(ids, st.data())
def test_reductions_are_those_of_pandas_and_keep_their_type(set_id, data):
    sets, n = index_sets(set_id), len(set_id)
    values = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n)))
    groups = pd.Series(values).groupby(set_id, sort=False)
    assert sets.reduce(np.maximum, values).tolist() == groups.max().tolist()
    assert sets.reduce(np.maximum, values).dtype == values.dtype
    assert sets.reduce_to_rows(np.add, values).tolist() == groups.transform("sum").tolist()
    assert np.allclose(sets.mean(values.astype(float)), groups.mean())
    holes = np.where(values > 0, np.nan, values)
    known = pd.Series(holes).groupby(set_id, sort=False).transform("mean")
    assert np.allclose(sets.mean_of_known(holes), known, equal_nan=True)


@given(ids, st.data())
def test_pairs_are_those_of_a_plain_double_loop(set_id, data):
    y = data.draw(st.lists(st.integers(0, 2), min_size=len(set_id), max_size=len(set_id)))
    better, worse = winning_pairs(y, index_sets(set_id))
    n = range(len(y))
    expected = {(i, j) for i in n for j in n if set_id[i] == set_id[j] and y[i] > y[j]}
    assert set(zip(better.tolist(), worse.tolist(), strict=True)) == expected
    assert len(better) == len(expected)


@given(ids, st.randoms(use_true_random=False))
def test_content_order_ignores_row_order_and_set_names(set_id, random):
    values = np.array([[random.randint(0, 3)] for _ in set_id], float)
    shuffled = list(range(len(set_id)))
    random.shuffle(shuffled)
    first, sizes = content_order(values, index_sets(set_id))
    renamed = [f"name{-set_id[i]}" for i in shuffled]
    second, sizes_again = content_order(values[shuffled], index_sets(renamed))
    assert np.array_equal(values[first], values[shuffled][second])
    assert np.array_equal(sizes, sizes_again)


@given(st.integers(0, 2**32 - 1))
def test_columns_compared_a_few_at_a_time_give_the_order_of_whole_rows(seed):
    rng = np.random.default_rng(seed)
    rows = rng.choice(
        [0.0, -0.0, 1.5, -3.0, np.nan], size=(40, 37), p=[0.9, 0.04, 0.02, 0.02, 0.02]
    )
    label = rng.integers(0, 2, 40)
    whole = np.where(np.isnan(rows), np.nan, rows + 0.0)
    keys = [
        row.tobytes() + float(one).hex().encode() for row, one in zip(whole, label, strict=True)
    ]
    order, _ = content_order(rows, index_sets(np.zeros(40)), label)
    assert [keys[i] for i in order] == sorted(keys)


def test_content_order_keeps_sets_together():
    order, sizes = content_order(np.arange(6.0)[:, None], index_sets([0, 1, 0, 1, 0, 1]))
    assert sizes.tolist() == [3, 3]
    assert {frozenset(part.tolist()) for part in np.split(order, 2)} == {
        frozenset({0, 2, 4}), frozenset({1, 3, 5}),
    }  # fmt: skip


@pytest.mark.parametrize("bad", [[1.0, np.nan], ["a", None]])
def test_a_missing_set_is_refused(bad):
    with pytest.raises(ValueError, match="missing in row 1"):
        index_sets(np.array(bad, dtype=object))


def test_a_wrong_length_is_refused():
    with pytest.raises(ValueError, match="shape"):
        index_sets([1, 2, 3], 4)


def test_no_rows_make_no_sets():
    assert len(index_sets([])) == 0
    assert [len(part) for part in winning_pairs([], index_sets([]))] == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-3, 3)), min_size=1, max_size=30))
def test_the_top_row_of_a_set_is_the_first_of_its_highest(rows):
    names, values = (np.array(column) for column in zip(*rows, strict=True))
    sets = index_sets(names)
    expected = [max(part, key=lambda row: (values[row], -row)) for part in sets.members()]
    assert sets.top_rows(values.astype(float)).tolist() == expected


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.integers(0, 99))
def test_centered_values_sum_to_zero_in_each_set_and_their_spread_is_pandas(keys, seed):
    values = np.random.default_rng(seed).normal(size=len(keys))
    sets = index_sets(keys)
    np.testing.assert_allclose(sets.reduce(np.add, sets.center(values)), 0, atol=1e-12)
    inside = pd.Series(values).groupby(keys).transform(lambda one: one - one.mean())
    assert sets.spread(values) == pytest.approx(np.sqrt((inside**2).mean()))


def test_the_spread_of_no_rows_is_zero():
    assert index_sets([]).spread(np.empty(0)) == 0.0
