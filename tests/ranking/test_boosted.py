import numpy as np
import pytest
from lightgbm import LGBMRanker
from sklearn.utils.validation import check_is_fitted

from prefml.ranking import SetRanker
from prefml.ranking.boosted import ALTERABLE, BoostedScore, different_configs, make_config
from prefml.ranking.cross_fitting import CrossFittedInit

NAMES = [f"cue__{i}" for i in range(6)]


def config(columns=NAMES, **changes):
    small = {"n_estimators": 6, "num_leaves": 4, "min_child_samples": 5, "random_state": 0}
    return make_config(SetRanker(**{**small, **changes}).get_params(deep=False), columns)


@pytest.fixture
def fitted(make_table):
    """Return a score of two bags over a linear init, and its rows."""
    table, folds = make_table()
    init = CrossFittedInit([np.array([0, 1]), np.arange(6)], table, folds).init_for_all()
    made = config(n_bags=2, trees=("cue__1", "cue__3"), subsample=0.5, subsample_freq=1)
    return BoostedScore(made).fit(table, init), table


def test_a_score_is_the_init_plus_the_mean_of_the_bags(fitted):
    score, table = fitted
    bags = [ranker.booster_.predict(table.X[:, [1, 3]]) for ranker in score.rankers_]
    assert len(bags) == 2
    expected = score.linear_.predict(table.X) + np.mean(bags, axis=0)
    assert np.allclose(score.predict(table.X), expected, rtol=0, atol=1e-12)


def test_bags_have_seeds_of_their_own(fitted):
    score, table = fitted
    one, two = (ranker.booster_.predict(table.X[:, [1, 3]]) for ranker in score.rankers_)
    assert not np.array_equal(one, two)


def test_contributions_add_up_to_the_score(fitted):
    score, table = fitted
    found = score.contributions(table.X)
    assert found.shape == (len(table.X), 7)
    assert np.allclose(found.sum(axis=1), score.predict(table.X), rtol=0, atol=1e-9)


def test_nets_count_as_one_of_the_linear_scores(fitted):
    score, table = fitted
    both = BoostedScore(config(net=("cue__2", "cue__4"), linear=(("cue__",), ("",)), n_bags=2))
    both.fit(table, score.linear_)
    bags = [ranker.booster_.predict(table.X) for ranker in both.rankers_]
    linear = [
        model.contributions(table.X[:, columns]).sum(axis=1)
        for columns, model in zip(score.linear_.columns, score.linear_.models_, strict=True)
    ]
    net = both.net_.predict(table.X[:, [2, 4]])
    expected = np.mean([*linear, net], axis=0) + np.mean(bags, axis=0)
    assert len(both.net_.output_) == 2
    assert np.allclose(both.predict(table.X), expected, rtol=0, atol=1e-12)
    found = both.contributions(table.X).sum(axis=1)
    assert np.allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("linear", [True, False])
def test_without_trees_the_score_is_that_of_lines_and_nets_alone(make_table, linear):
    table, folds = make_table()
    init = CrossFittedInit([np.arange(6)], table, folds).init_for_all() if linear else None
    made = config(net=("",), linear=(("",),) if linear else None, n_estimators=0)
    score = BoostedScore(made).fit(table, init)
    assert score.rankers_ == []
    net = score.net_.predict(table.X)
    expected = (init.predict(table.X) + net) / 2 if linear else net
    assert np.allclose(score.predict(table.X), expected, rtol=0, atol=1e-12)
    found = score.contributions(table.X)
    assert (found[:, -1] == 0).all()
    assert np.allclose(found.sum(axis=1), expected, rtol=0, atol=1e-9)


def test_with_nothing_to_go_by_all_rows_score_the_same(make_table):
    table, _ = make_table()
    score = BoostedScore(config(n_estimators=0)).fit(table)
    assert (score.predict(table.X) == 0).all()
    assert (score.contributions(table.X) == 0).all()


def test_columns_that_neither_part_sees_contribute_nothing(make_table):
    table, folds = make_table()
    init = CrossFittedInit([np.array([0])], table, folds).init_for_all()
    score = BoostedScore(config(trees=("cue__1",))).fit(table, init)
    found = score.contributions(table.X)[:, :-1]
    assert (found[:, 2:] == 0).all()
    assert (found[:, :2] != 0).any(axis=0).all()


def test_trees_are_boosted_from_the_out_of_fold_scores_and_not_from_the_fit(make_table):
    table, folds = make_table()
    init = CrossFittedInit([np.arange(6)], table, folds).init_for_all()
    made = config()
    bare = LGBMRanker(**made.settings)
    bare.fit(table.X, table.grades, group=table.sets.sizes, init_score=init.out_of_fold_)
    found = BoostedScore(made).fit(table, init).predict(table.X)
    expected = init.predict(table.X) + bare.booster_.predict(table.X)
    assert np.allclose(found, expected, rtol=0, atol=1e-12)


def test_without_an_init_the_score_is_lightgbms_own(make_table):
    table, _ = make_table()
    made = config()
    bare = LGBMRanker(**made.settings).fit(table.X, table.grades, group=table.sets.sizes)
    assert np.array_equal(BoostedScore(made).fit(table).predict(table.X), bare.predict(table.X))


def test_early_stopping_counts_the_init_of_the_validation_rows(make_table, monkeypatch):
    from prefml.ranking import boosted

    table, folds = make_table()
    init = CrossFittedInit([np.arange(6)], table, folds).init_for_all()
    given = []
    monkeypatch.setattr(boosted, "fit_trees", lambda settings, rows, options: given.append(options))
    BoostedScore(config(lgbm_params={"eval_at": (1,)})).fit(table, init, table)
    assert given[0]["eval_at"] == (1,)
    assert np.array_equal(given[0]["eval_init_score"][0], init.predict(table.X))


def test_prefixes_choose_columns_and_signs():
    made = config(
        ["stage", "cue__a", "cue__b", "emb__0"],
        trees=("cue__", "stage"), linear=(("emb__",), ("cue__",), ("none__",)),
        monotone={"cue__a": 1, "stage": -1},
    )  # fmt: skip
    assert made.trees.tolist() == [0, 1, 2]
    assert [columns.tolist() for columns in made.linear] == [[3], [1, 2]]
    assert made.settings["monotone_constraints"] == [-1, 1, 0]


def test_further_parameters_have_the_last_word():
    made = config(lgbm_params={"num_leaves": 9, "max_bin": 63}, num_leaves=5)
    assert made.settings["num_leaves"] == 9
    assert made.settings["max_bin"] == 63


@pytest.mark.parametrize("name", sorted(ALTERABLE))
def test_what_an_alternative_may_change_changes_the_config(name):
    other = {
        "objective": "rank_xendcg", "lgbm_params": {"max_bin": 7}, "monotone": {"cue__0": 1},
        "linear": (("cue__",),), "trees": ("cue__0",), "reg_lambda": 3.0, "subsample": 0.5,
        "colsample_bytree": 0.5, "learning_rate": 0.3, "net": ("cue__0",),
    }.get(name, 3)  # fmt: skip
    plain, changed = config(), config(**{name: other})
    parts = ("settings", "n_bags")
    same = all(getattr(plain, part) == getattr(changed, part) for part in parts)
    same &= len(plain.linear) == len(changed.linear) and len(plain.net) == len(changed.net)
    assert not (same and np.array_equal(plain.trees, changed.trees))


def test_callbacks_are_copied_for_every_fit(make_table):
    class Counter:
        """Count its calls."""

        def __init__(self):
            self.calls = 0

        def __call__(self, env):
            self.calls += 1

    table, _ = make_table(n_sets=20)
    counter = Counter()
    score = BoostedScore(config(callbacks=[counter], n_bags=2)).fit(table)
    assert counter.calls == 0
    check_is_fitted(score.rankers_[1])


def test_configs_that_differ_by_empty_columns_alone_are_one():
    rows = np.random.default_rng(0).normal(size=(20, 6))
    rows[:, 4], rows[:, 5] = np.nan, 3.0
    few, more = (("cue__0", "cue__1"),), (("cue__0", "cue__1", "cue__4", "cue__5"),)
    made = [
        config(linear=few, trees=("cue__0",)), config(linear=more, trees=("cue__0", "cue__5")),
        config(linear=few, trees=("cue__0", "cue__2")), config(linear=few, n_estimators=7),
    ]  # fmt: skip
    assert different_configs(made, rows) == [0, 2, 3]
    rows[3, 4] = 1.0
    assert different_configs(made, rows) == [0, 2, 3]
    rows[5, 4] = 2.0
    assert different_configs(made, rows) == [0, 1, 2, 3]
