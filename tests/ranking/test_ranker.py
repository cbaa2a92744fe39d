import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lightgbm import LGBMRanker, early_stopping, reset_parameter
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_svmlight_file
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prefml.ranking import BlockPCA, SetRanker, metrics
from prefml.sets import content_order, index_sets

FAST = {"n_estimators": 10, "min_child_samples": 5}
RICH = FAST | {
    "compress": {"cue__": 5},
    "linear": (("cue__",),),
    "calibration": "auto",
    "n_bags": 2,
    "n_folds": 2,
}


@pytest.fixture(params=[FAST, RICH], ids=["plain", "rich"])
def ranker(request):
    return SetRanker(random_state=0, **request.param)


def test_it_learns_a_taste(choices, ranker, make):
    X, y, set_id, project = choices
    ranker.fit(X, y, set_id=set_id, groups=project)
    fresh, labels, sets, _ = make(seed=1)
    assert metrics.top1(labels, ranker.predict(fresh), sets) > 0.6
    assert ranker.score(fresh, labels, sets) > 0.6


def test_without_sets_it_refuses(choices):
    X, y, _, _ = choices
    with pytest.raises(ValueError, match="set_id is missing"):
        SetRanker().fit(X, y)


def test_without_sets_it_may_be_allowed(choices):
    X, y, _, _ = choices
    ranker = SetRanker(allow_missing_set_id=True, n_estimators=1)
    with pytest.warns(UserWarning, match="1 of 1 sets"):
        assert ranker.fit(X, y).predict(X).shape == (len(X),)


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1000))
@pytest.mark.parametrize("params", [FAST, RICH], ids=["plain", "rich"])
def test_row_order_and_set_names_do_not_matter(params, make, seed):
    X, y, set_id, project = make(n_sets=40)
    first = SetRanker(random_state=0, **params).fit(X, y, set_id=set_id, groups=project)
    rows = np.random.default_rng(seed).permutation(len(y))
    names = np.array([f"{hash((seed, name)) % 10**9}-{name}" for name in set_id[rows]])
    second = clone(first).fit(X.iloc[rows], y[rows], set_id=names, groups=project[rows])
    assert np.array_equal(first.predict(X), second.predict(X))
    before = first.win_probability(X, set_id)[rows]
    after = second.win_probability(X.iloc[rows], names)
    assert np.allclose(before, after, rtol=1e-12, atol=0)


def test_prediction_is_row_wise(choices, ranker):
    X, y, set_id, project = choices
    scores = ranker.fit(X, y, set_id=set_id, groups=project).predict(X)
    alone = [ranker.predict(X.iloc[[i]])[0] for i in range(5)]
    assert np.allclose(alone, scores[:5], rtol=0, atol=1e-12)


def test_probabilities_sum_to_one_in_each_set_and_follow_the_scores(choices, ranker):
    X, y, set_id, project = choices
    ranker.fit(X, y, set_id=set_id, groups=project)
    probability = ranker.win_probability(X, set_id)
    sets = index_sets(set_id)
    assert np.allclose(sets.reduce(np.add, probability), 1)
    assert metrics.top1(y, probability, set_id) == metrics.top1(y, ranker.predict(X), set_id)


def test_one_picture_wins_for_certain(choices, ranker):
    X, y, set_id, _ = choices
    assert ranker.fit(X, y, set_id=set_id).win_probability(X.iloc[:1], [0]).tolist() == [1.0]


def test_missing_values_are_allowed(choices, ranker):
    X, y, set_id, project = choices
    holes = X.mask(np.random.default_rng(0).random(X.shape) < 0.3)
    holes["cue__5"] = np.nan
    ranker.fit(holes, y, set_id=set_id, groups=project)
    assert np.isfinite(ranker.predict(holes)).all()


@pytest.mark.parametrize("size", [2, 3, 10, 50])
def test_sets_of_any_size_are_learned(ranker, make, size):
    X, y, set_id, project = make(n_sets=24, sizes=(size,))
    ranker.fit(X, y, set_id=set_id, groups=project)
    assert metrics.top1(y, ranker.predict(X), set_id) > 1 / size


def test_singletons_change_nothing_of_the_linear_start(make):
    X, y, set_id, _ = make(n_sets=60)
    more = pd.concat([X, X.iloc[:5]], ignore_index=True)
    alone = np.concatenate([set_id, [f"single{i}" for i in range(5)]])
    ranker = SetRanker(**FAST).fit(more, np.append(y, [1] * 5), set_id=alone)
    assert metrics.top1(y, ranker.predict(X), set_id) > 0.8


@pytest.mark.parametrize("value", [0, 1])
def test_labels_that_are_all_equal_teach_nothing(ranker, value):
    X = np.random.default_rng(0).normal(size=(20, 2))
    ranker.set_params(compress=None)
    with pytest.warns(UserWarning, match="0 of 10 sets .* nothing can be learned"):
        ranker.fit(X, np.full(20, value), set_id=np.repeat(range(10), 2))
    assert np.ptp(ranker.predict(X)) == 0


def test_only_singletons_teach_nothing():
    X = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.warns(UserWarning, match="0 of 20 sets .* nothing can be learned"):
        ranker = SetRanker().fit(X, np.arange(20) % 2, set_id=range(20))
    assert np.ptp(ranker.predict(X)) == 0


@pytest.mark.parametrize("n_sets", [1, 2])
def test_one_or_two_sets_are_warned_of(ranker, make, n_sets):
    X, y, set_id, _ = make(n_sets=n_sets, sizes=(30,))
    with pytest.warns(UserWarning, match=f"{n_sets} of {n_sets} sets .* nothing about other sets"):
        ranker.fit(X, y, set_id=set_id)


def test_graded_labels_order_what_is_not_chosen(make):
    X, _, set_id, _ = make(n_sets=100, sizes=(4,))
    worth = 2 * X["cue__0"] - X["cue__1"]
    grade = worth.groupby(set_id).rank().to_numpy() - 1
    scores = SetRanker(**FAST).fit(X, grade, set_id=set_id).predict(X)
    assert metrics.pair_accuracy(grade, scores, set_id) > 0.8


@pytest.mark.parametrize("shift", [-0.5, 100.0, 0.25])
def test_labels_that_are_no_grades_count_by_their_order(make, shift):
    X, _, set_id, _ = make(n_sets=40, sizes=(3,))
    grade = (X["cue__0"] - X["cue__1"]).groupby(set_id).rank().to_numpy() - 1
    plain = SetRanker(**FAST).fit(X, grade, set_id=set_id).predict(X)
    assert np.array_equal(plain, SetRanker(**FAST).fit(X, grade + shift, set_id=set_id).predict(X))


def test_cross_validation_works_without_routing(choices, ranker):
    X, y, set_id, project = choices
    scores = cross_val_predict(
        ranker, X.to_numpy(), y, groups=project, cv=GroupKFold(4), params={"set_id": set_id}
    )
    assert metrics.top1(y, scores, set_id) > 0.5


def test_a_pipeline_routes_sets(choices):
    X, y, set_id, _ = choices
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(
            StandardScaler(), BlockPCA({"cue__": 3}).set_output(transform="pandas"),
            SetRanker(**FAST),
        )  # fmt: skip
        pipeline.set_output(transform="pandas")
        pipeline.fit(X, y, set_id=set_id)
    assert list(pipeline[-1].feature_names_in_) == ["cue__pc00", "cue__pc01", "cue__pc02"]
    assert metrics.top1(y, pipeline.predict(X), set_id) > 0.5


def test_frames_and_arrays_give_the_same(choices):
    X, y, set_id, _ = choices
    framed = SetRanker(**FAST).fit(X, y, set_id=set_id).predict(X)
    bare = SetRanker(**FAST).fit(X.to_numpy(), y, set_id=set_id).predict(X.to_numpy())
    assert np.array_equal(framed, bare)


def test_it_pickles(choices, ranker):
    X, y, set_id, project = choices
    ranker.fit(X, y, set_id=set_id, groups=project)
    again = pickle.loads(pickle.dumps(ranker))
    assert np.array_equal(again.predict(X), ranker.predict(X))


def test_projects_stay_together_in_the_inner_folds(choices):
    X, y, set_id, project = choices
    ranker = SetRanker(**RICH).fit(X, y, set_id=set_id, groups=project)
    assert ranker.out_of_fold_.shape == (len(X),)
    assert metrics.top1(y, ranker.out_of_fold_, set_id) < 1


def test_weights_count(choices):
    X, y, set_id, _ = choices
    flipped = (X["cue__5"].groupby(set_id).transform("max") == X["cue__5"]).to_numpy().astype(int)
    both = pd.concat([X, X], ignore_index=True)
    sets = np.concatenate([set_id, [f"again{s}" for s in set_id]])
    weight = np.repeat([1.0, 1e-3], len(X))
    ranker = SetRanker(linear=(("cue__",),), **FAST)
    ranker.fit(both, np.concatenate([y, flipped]), set_id=sets, sample_weight=weight)
    scores = ranker.predict(X)
    assert metrics.top1(y, scores, set_id) > metrics.top1(flipped, scores, set_id) + 0.3


def test_a_monotone_column_never_lowers_the_score(choices):
    X, y, set_id, _ = choices
    ranker = SetRanker(monotone={"cue__0": 1}, **FAST).fit(X, y, set_id=set_id)
    grid = pd.DataFrame(np.zeros((50, X.shape[1])), columns=X.columns)
    grid["cue__0"] = np.linspace(-3, 3, 50)
    assert (np.diff(ranker.predict(grid)) >= 0).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [("calibration", "magic"), ("item_order", "random"), ("n_bags", 0), ("n_folds", 1)],
)
def test_a_wrong_parameter_is_named(choices, name, value):
    X, y, set_id, _ = choices
    with pytest.raises(ValueError, match=name):
        SetRanker(**{name: value}).fit(X, y, set_id=set_id)


@pytest.mark.parametrize("name", ["groups", "sample_weight", "set_id"])
def test_a_wrong_length_is_named(choices, name):
    X, y, set_id, _ = choices
    with pytest.raises(ValueError, match=name):
        SetRanker().fit(X, y, **({"set_id": set_id} | {name: np.ones(3)}))


DRAWS = FAST | {"subsample": 0.5, "subsample_freq": 1, "colsample_bytree": 0.5, "n_bags": 2}


def scores_of_two_fits(choices, random_state):
    X, y, set_id, _ = choices
    ranker = SetRanker(random_state=random_state, **DRAWS)
    return [ranker.fit(X, y, set_id=set_id).predict(X) for _ in range(2)]


def test_an_integer_seeds_every_fit_alike(choices):
    one, other = scores_of_two_fits(choices, 7)
    assert np.array_equal(one, other)
    assert np.array_equal(one, scores_of_two_fits(choices, np.int64(7))[0])


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(7)], ids=["None", "instance"])
def test_without_an_integer_two_fits_differ(choices, random_state):
    one, other = scores_of_two_fits(choices, random_state)
    assert not np.array_equal(one, other)


def test_instances_of_equal_state_give_equal_fits_and_clones_keep_their_own(choices):
    X, y, set_id, _ = choices
    first = SetRanker(random_state=np.random.RandomState(7), **DRAWS)
    copy = clone(first)
    assert copy.random_state is not first.random_state
    scores = [one.fit(X, y, set_id=set_id).predict(X) for one in (first, copy)]
    assert np.array_equal(*scores)
    assert np.array_equal(scores[0], scores_of_two_fits(choices, np.random.RandomState(7))[0])
    assert first.get_params()["random_state"] is first.random_state


def test_numpys_global_seed_governs_none(choices):
    runs = []
    for _ in range(2):
        np.random.seed(3)
        runs.append(scores_of_two_fits(choices, None))
    assert np.array_equal(*runs)


BOTH = ({"linear": (("cue__",),), "n_estimators": 5}, {"linear": None, "n_estimators": 60})


def test_an_alternative_changes_only_the_init_and_the_trees(choices):
    X, y, set_id, _ = choices
    with pytest.raises(ValueError, match="alternatives change \\['calibration'\\]"):
        SetRanker(alternatives=({"calibration": None},)).fit(X, y, set_id=set_id)


def test_an_alternative_is_tried_with_as_many_sets_as_it_states(make):
    bounded = ({"n_estimators": 3, "max_sets": 20}, {"n_estimators": 4, "min_sets": 21})
    for n_sets, trees in ((20, 3), (21, 4)):
        X, y, set_id, _ = make(n_sets=n_sets)
        # Sets without a choice do not count.
        twice, idle = np.tile(X, (2, 1)), np.zeros(len(y), int)
        sets = np.concatenate([set_id, [f"idle{one}" for one in set_id]])
        ranker = SetRanker(alternatives=bounded)
        ranker.fit(twice, np.concatenate([y, idle]), set_id=sets)
        assert ranker.chosen_ == {"n_estimators": trees}
    assert SetRanker(alternatives=bounded[1:]).fit(X[:9], y[:9], set_id=set_id[:9]).chosen_ == {}


def test_a_single_set_keeps_the_first_alternative_and_is_not_calibrated(make):
    X, y, set_id, _ = make(n_sets=1, sizes=(5,))
    ranker = SetRanker(alternatives=BOTH, calibration="auto")
    with pytest.warns(UserWarning, match="1 of 1 sets"):
        ranker.fit(X, y, set_id=set_id)
    assert ranker.chosen_ == BOTH[0]
    assert ranker.calibrator_ is None
    assert clone(ranker).alternatives == BOTH


@pytest.fixture(scope="module")
def letor(shared):
    def load(kind):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matrix, y = load_svmlight_file(
                str(shared / f"data/letor_sample/rank.{kind}"), n_features=301
            )
        sizes = np.loadtxt(shared / f"data/letor_sample/rank.{kind}.query", dtype=int)
        return matrix.toarray(), y, sizes, np.repeat(np.arange(len(sizes)), sizes)

    return load("train"), load("test")


@pytest.mark.shared
def test_letor_sample_as_bare_lightgbm_to_the_last_digit(letor):
    (X, y, sizes, sets), (Xt, _, _, _) = letor
    bare = LGBMRanker(n_estimators=50, verbose=-1, n_jobs=1).fit(X, y, group=sizes)
    ours = SetRanker(n_estimators=50, item_order="given").fit(X, y, set_id=sets)
    assert np.array_equal(ours.predict(Xt), bare.predict(Xt))


@pytest.mark.shared
def test_letor_sample_by_content_as_bare_lightgbm_on_the_rows_so_ordered(letor):
    (X, y, _, sets), (Xt, _, _, _) = letor
    order, sizes = content_order(np.column_stack([X, y]), index_sets(sets))
    bare = LGBMRanker(n_estimators=50, verbose=-1, n_jobs=1).fit(X[order], y[order], group=sizes)
    ours = SetRanker(n_estimators=50).fit(X, y, set_id=sets)
    assert np.array_equal(ours.predict(Xt), bare.predict(Xt))


@pytest.mark.shared
def test_letor_sample_with_the_documented_settings_gives_the_documented_ndcg(letor):
    (X, y, _, sets), (Xt, yt, _, test_sets) = letor
    ranker = SetRanker(
        n_estimators=50,
        item_order="given",
        callbacks=[
            early_stopping(10, verbose=False),
            reset_parameter(learning_rate=lambda step: max(0.01, 0.1 - 0.01 * step)),
        ],
        lgbm_params={"eval_at": (1, 3)},
    ).fit(X, y, set_id=sets, eval_set=(Xt, yt, test_sets))
    # LightGBM lets the order of the file settle ties; `ndcg` shares them.
    scores = ranker.predict(Xt) - 1e-9 * np.arange(len(yt))
    assert round(metrics.ndcg(yt, scores, test_sets, 1), 3) == 0.613
    assert round(metrics.ndcg(yt, scores, test_sets, 3), 3) == 0.607


def test_callbacks_are_run_and_keep_nothing_of_a_fit(choices):
    X, y, set_id, _ = choices
    slow = [reset_parameter(learning_rate=lambda tree: 0.5 * 0.1**tree)]
    once, again = (
        SetRanker(callbacks=slow, **FAST).fit(X, y, set_id=set_id).predict(X) for _ in range(2)
    )
    assert np.array_equal(once, again)
    assert not np.allclose(once, SetRanker(**FAST).fit(X, y, set_id=set_id).predict(X))


def test_rows_in_the_order_of_their_content_may_be_taken_as_given(choices):
    X, y, set_id, _ = choices
    order, _ = content_order(np.column_stack([X, y]), index_sets(set_id))
    X, y, set_id = X.iloc[order], y[order], set_id[order]
    given = SetRanker(item_order="given", **FAST).fit(X, y, set_id=set_id)
    assert np.array_equal(given.predict(X), SetRanker(**FAST).fit(X, y, set_id=set_id).predict(X))


@pytest.mark.parametrize("linear", [None, (("cue__",),)])
def test_trees_stop_growing_where_other_sets_gain_no_more(make, linear):
    X, y, set_id, _ = make(noise=3.0)
    other, labels, sets, _ = make(seed=1, noise=3.0)
    settings = {"n_estimators": 200, "min_child_samples": 5, "linear": linear}
    stopping = SetRanker(callbacks=[early_stopping(5, verbose=False)], **settings)
    stopping.fit(X, y, set_id=set_id, eval_set=(other, labels, sets))
    (trees,) = stopping.score_.rankers_
    assert 1 <= trees.best_iteration_ < 100
    shorter = SetRanker(**{**settings, "n_estimators": trees.best_iteration_})
    shorter.fit(X, y, set_id=set_id)
    np.testing.assert_allclose(stopping.predict(other), shorter.predict(other))
