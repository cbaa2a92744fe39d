from dataclasses import replace

import numpy as np
import pytest

from prefml.ranking.pairwise_net import PairwiseNet, fit_nets
from prefml.ranking.scaler import WithinSetScaler
from prefml.sets import index_sets, winning_pairs

ALL = np.arange(6)


def right_pairs(net, table, columns=ALL):
    better, worse = winning_pairs(table.grades, table.sets)
    scores = net.predict(table.X[:, columns])
    return float((scores[better] > scores[worse]).mean())


def test_nets_learn_a_taste_and_tell_it_in_rows_they_have_not_seen(make_table):
    train, fresh = make_table(n_sets=300)[0], make_table(n_sets=100, seed=1)[0]
    assert right_pairs(fit_nets(train, ALL, 2, 0), fresh) > 0.75


def test_nets_learn_a_taste_that_no_linear_score_can(make_table):
    table, _ = make_table(n_sets=400)
    # The more extreme in one column, the better: on average neither more nor less.
    worth = np.abs(table.X[:, 0])
    best = worth == table.sets.reduce(np.maximum, worth)[table.sets.codes]
    odd = replace(table, grades=best.astype(table.grades.dtype))
    assert right_pairs(fit_nets(odd, ALL, 1, 0), odd) > 0.8


def test_contributions_add_up_to_the_score_and_missing_values_to_nothing(make_table):
    table, _ = make_table()
    net = fit_nets(table, ALL, 2, 0)
    X = np.where(np.random.default_rng(0).random(table.X.shape) < 0.2, np.nan, table.X)
    found = net.contributions(X)
    assert np.allclose(found.sum(axis=1), net.predict(X), rtol=0, atol=1e-9)
    assert (found[np.isnan(X)] == 0).all()


def test_a_row_has_the_same_score_whatever_stands_beside_it(make_table):
    table, _ = make_table()
    net = fit_nets(table, ALL, 1, 0)
    alone = np.concatenate([net.predict(table.X[[row]]) for row in range(5)])
    assert np.allclose(alone, net.predict(table.X)[:5], rtol=0, atol=1e-12)


def test_a_seed_gives_the_same_nets_and_another_others(make_table):
    table, _ = make_table()
    one, same, other = (fit_nets(table, ALL, 2, seed).predict(table.X) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_score_is_the_mean_over_nets(make_table):
    table, _ = make_table()
    net = fit_nets(table, ALL, 3, 0)
    each = [
        PairwiseNet(net.scaler_, net.hidden_[[n]], net.output_[[n]]).predict(table.X)
        for n in range(3)
    ]
    assert len({tuple(one) for one in each}) == 3
    assert np.allclose(net.predict(table.X), np.mean(each, axis=0), rtol=0, atol=1e-12)


def test_a_set_of_no_weight_teaches_nothing(make_table):
    table, _ = make_table()
    weight = np.where(table.sets.codes < len(table.sets) // 2, 1.0, 0.0)
    turned = np.where(weight > 0, table.grades, 1 - table.grades)
    one, other = (
        fit_nets(replace(table, weight=weight, grades=grades), ALL, 1, 0)
        for grades in (table.grades, turned)
    )
    half = table.X[weight > 0]
    assert np.corrcoef(one.predict(half), other.predict(half))[0, 1] > 0.9


@pytest.mark.parametrize("grade", [0, 1])
def test_without_a_choice_every_score_is_zero(grade):
    from prefml.ranking.table import Table

    sets = index_sets(np.repeat([0, 1], 2))
    rows = np.arange(24.0).reshape(4, 6)
    table = Table(rows, np.full(4, grade), sets, sets.codes, None)
    assert (fit_nets(table, ALL, 2, 0).predict(rows) == 0).all()


def test_a_column_that_never_differs_inside_a_set_counts_for_nothing(make_table):
    table, _ = make_table()
    X = table.X.copy()
    X[:, 2] = table.sets.codes
    net = fit_nets(replace(table, X=X), ALL, 1, 0)
    assert (net.contributions(X)[:, 2] == 0).all()
    assert isinstance(net.scaler_, WithinSetScaler)
