import numpy as np
import pytest

from prefml.ranking import PairwiseLogistic, metrics
from prefml.ranking.cross_fitting import PRIOR_VARIANCES, CrossFittedInit
from prefml.ranking.evidence import FEW_SETS
from prefml.ranking.linear_init import argmin_loss, grouped_folds
from prefml.ranking.table import take

COLUMNS = [np.array([1, 3, 4]), np.arange(6)]


def fit_alone(table, rows, columns, variance):
    """Fit one score on some rows, from scratch."""
    part = take(table, rows)
    return PairwiseLogistic(variance).fit_checked(
        part.X[:, columns], part.grades, part.sets, part.weight
    )


def naive_init(table, folds, rows):
    """Return out-of-fold scores and models of some rows, with a fit for each fold and variance."""
    total, models, part = np.zeros(len(rows)), [], take(table, rows)
    for columns in COLUMNS:
        tried = np.zeros((len(PRIOR_VARIANCES), len(table.X)))
        for number, variance in enumerate(PRIOR_VARIANCES):
            for _, test in folds:
                held_out = np.intersect1d(test, rows)
                if len(held_out):
                    model = fit_alone(table, np.setdiff1d(rows, test), columns, variance)
                    scores = model.contributions(table.X[held_out][:, columns]).sum(axis=1)
                    tried[number, held_out] = scores
        best = argmin_loss(tried[:, rows], part.grades, part.sets, part.weight)
        total += tried[best, rows] / len(COLUMNS)
        models.append(fit_alone(table, rows, columns, PRIOR_VARIANCES[best]))
    return total, models


def check_init(init, total, models):
    assert np.allclose(init.out_of_fold_, total, rtol=1e-5, atol=1e-7)
    for found, expected in zip(init.models_, models, strict=True):
        assert found.prior_variance == expected.prior_variance
        assert np.allclose(found.coef_, expected.coef_, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_shared_fits_give_what_nested_fits_of_their_own_give(make_table, weighted, n_jobs):
    table, folds = make_table(n_sets=60, n_projects=5, weighted=weighted)
    assert len(folds) == 4
    fitted = CrossFittedInit(COLUMNS, table, folds, PRIOR_VARIANCES, n_jobs=n_jobs)
    fitted.prepare()
    check_init(fitted.init_for_all(), *naive_init(table, folds, np.arange(len(table.X))))
    for fold, (train, _) in enumerate(folds):
        init = fitted.init_without(fold, take(table, train))
        check_init(init, *naive_init(table, folds, train))


@pytest.mark.parametrize("variances", [(0.02,), None])
def test_no_label_of_a_fold_reaches_its_own_out_of_fold_scores(make_table, variances):
    table, folds = make_table(n_sets=60, n_projects=5)
    before = CrossFittedInit(COLUMNS[:1], table, folds, variances).init_for_all().out_of_fold_
    test = folds[2][1]
    table.grades[test] = 1 - table.grades[test]
    after = CrossFittedInit(COLUMNS[:1], table, folds, variances).init_for_all().out_of_fold_
    assert np.array_equal(before[test], after[test])
    assert not np.array_equal(before, after)


def test_two_groups_are_split_anew_so_that_scores_are_still_out_of_fold(make_table):
    table, folds = make_table(n_sets=60, sizes=(3,), n_projects=2)
    assert len(folds) == 2
    train = folds[0][0]
    rest = take(table, train)
    init = CrossFittedInit([np.arange(6)], table, folds, (0.02,)).init_without(0, rest)
    expected = np.zeros(len(train))
    for inner, test in grouped_folds(rest.groups, rest.sets, 2):
        model = fit_alone(rest, inner, np.arange(6), 0.02)
        expected[test] = model.contributions(rest.X[test]).sum(axis=1)
    assert np.allclose(init.out_of_fold_, expected, rtol=1e-6)


def test_without_folds_the_scores_of_the_fit_stand_in(make_table):
    table, folds = make_table(n_sets=1, sizes=(5,))
    assert folds == []
    init = CrossFittedInit([np.arange(6)], table, folds, PRIOR_VARIANCES).init_for_all()
    assert np.array_equal(init.out_of_fold_, init.predict(table.X))
    assert init.models_[0].prior_variance == PRIOR_VARIANCES[0]


def test_out_of_fold_scores_find_a_linear_taste(make_table):
    table, folds = make_table()
    init = CrossFittedInit(COLUMNS, table, folds).init_for_all()
    assert metrics.top1(table.grades, init.out_of_fold_, table.sets.codes) > 0.7


def test_few_choices_are_averaged_over_prior_variances_and_many_select_one(make_table):
    for n_sets, few in ((FEW_SETS - 1, True), (FEW_SETS, False)):
        table, folds = make_table(n_sets=n_sets, n_projects=5)
        (model,) = CrossFittedInit(COLUMNS[:1], table, folds).init_for_all().models_
        assert (model.prior_variance not in PRIOR_VARIANCES) == few


def test_few_and_many_choices_agree_where_they_meet(make_table):
    """The model does not jump when one answer more is given."""
    table, folds = make_table(n_sets=FEW_SETS, n_projects=5)
    averaged = CrossFittedInit(COLUMNS, take(table, np.arange(3, len(table.X))), [])
    many = CrossFittedInit(COLUMNS, table, folds).init_for_all()
    few = averaged.init_for_all()
    assert np.corrcoef(few.predict(table.X), many.predict(table.X))[0, 1] > 0.99
