import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from prefml.ranking import metrics

S = [0, 0, 1, 1, 1]
Y = [1, 0, 0, 1, 0]


def test_a_perfect_order_scores_one_everywhere():
    assert metrics.top1(Y, Y, S) == metrics.pair_accuracy(Y, Y, S) == metrics.ndcg(Y, Y, S) == 1


def test_a_reversed_order_scores_zero():
    scores = [-y for y in Y]
    assert metrics.top1(Y, [0, 1, 2, 0, 1], S) == metrics.pair_accuracy(Y, scores, S) == 0


def test_ties_are_split_fairly():
    assert metrics.top1(Y, [0] * 5, S) == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert metrics.pair_accuracy(Y, [0] * 5, S) == 0.5


def test_sets_without_a_choice_are_left_out():
    assert np.isnan(metrics.top1([1, 1, 0], [1, 2, 3], [0, 0, 1]))
    assert metrics.top1([1, 1, 0, 1], [1, 2, 3, 4], [0, 0, 1, 1]) == 1


def test_top1_of_two_winners_counts_either():
    assert metrics.top1([1, 1, 0], [0, 5, 1], [0, 0, 0]) == 1


@pytest.mark.parametrize("k", [None, 1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_ndcg_is_scikit_learns(seed, k):
    rng = np.random.default_rng(seed)
    y, scores = rng.integers(0, 4, 8), rng.integers(0, 5, 8).astype(float)
    y[:2] = 0, 3
    expected = ndcg_score([2.0**y - 1], [scores], k=k)
    assert metrics.ndcg(y, scores, np.zeros(8), k) == pytest.approx(expected)


@given(st.permutations(range(5)))
def test_metrics_ignore_row_order(order):
    scores = np.array([0.3, 0.1, 0.2, 0.9, 0.2])
    rows = [np.asarray(v)[order] for v in (Y, scores, S)]
    assert metrics.top1(*rows) == metrics.top1(Y, scores, S)
    assert metrics.pair_accuracy(*rows) == metrics.pair_accuracy(Y, scores, S)
    assert metrics.ndcg(*rows) == pytest.approx(metrics.ndcg(Y, scores, S))


def test_lower_stage_sets_are_those_whose_winner_has_a_higher_brother():
    stage = [1.0, 2.0, 1.0, 3.0, 2.0]
    assert metrics.lower_stage_sets(Y, stage, S).tolist() == [True, True, False, False, False]
    assert metrics.lower_stage_top1(Y, [1, 0, 1, 0, 0], S, stage) == 1
    assert np.isnan(metrics.lower_stage_top1(Y, Y, S, [np.nan] * 5))


def test_ece_is_zero_when_stated_and_observed_agree():
    sets = np.repeat(np.arange(10), 2)
    y = np.tile([1, 0], 10)
    y[-4:] = [0, 1, 0, 1]
    assert metrics.ece(y, np.tile([0.8, 0.2], 10), sets, bins=1) == pytest.approx(0)
    assert metrics.ece(y, np.tile([0.95, 0.05], 10), sets, bins=1) == pytest.approx(0.15)


def test_a_paired_interval_of_the_same_model_is_zero():
    values = np.array([0.0, 1.0, np.nan, 1.0])
    assert metrics.paired_interval(values, values, [0, 0, 1, 1]) == (0, 0)


def test_no_values_have_no_interval():
    assert np.isnan(metrics.paired_interval([np.nan], [np.nan], [0])).all()
    assert np.isnan(metrics.ece([], [], []))


def test_top1_weighs_each_set_by_the_mean_of_its_rows():
    y, scores, set_id = [1, 0, 1, 0, 1, 1], [2, 1, 1, 2, 0, 0], [0, 0, 1, 1, 2, 2]
    assert metrics.top1(y, scores, set_id) == 0.5
    assert metrics.top1(y, scores, set_id, [3, 3, 1, 1, 9, 9]) == 0.75
    assert metrics.top1(y, scores, set_id, [6, 0, 0, 2, 0, 0]) == 0.75
    assert np.isnan(metrics.top1(y, scores, set_id, [0, 0, 0, 0, 1, 1]))
