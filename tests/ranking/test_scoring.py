"""Score rankers as scikit-learn's searches do: noise must look like noise."""

import numpy as np
import pytest
import sklearn
from packaging.version import Version
from scipy.stats import binom
from sklearn import config_context
from sklearn.metrics import make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from prefml.ranking import PairwiseLogistic, PerProjectRanker, SetRanker, metrics

FAST = {"n_estimators": 10, "min_child_samples": 5}
RICH = FAST | {
    "compress": {"cue__": 5},
    "linear": (("cue__",),),
    "calibration": "auto",
    "n_bags": 2,
    "n_folds": 2,
}
N_SETS = 480
# `score` of a pipeline or a search then gets no metadata, whatever the estimator asks for.
routes_to_inner_scores = pytest.mark.skipif(
    Version(sklearn.__version__) < Version("1.8"), reason="scikit-learn before 1.8 routes no score"
)
GRID = {"num_leaves": [2, 7], "learning_rate": [0.1, 0.3]}


@pytest.fixture(scope="module")
def noise():
    """Return rows, labels, sets of three and eight projects, in which nothing is to be learned."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3 * N_SETS, 4))
    y = (np.arange(3) == rng.integers(3, size=(N_SETS, 1))).astype(int).ravel()
    set_id = np.repeat(np.arange(N_SETS), 3)
    return X, y, set_id, set_id % 8


def looks_like_chance(score):
    low, high = binom.interval(0.999, N_SETS, 1 / 3)
    return low / N_SETS < score < high / N_SETS


@pytest.fixture
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(params=[FAST, RICH], ids=["plain", "rich"])
def ranker(request):
    return SetRanker(random_state=0, **request.param)


def test_cross_validation_routes_sets_and_projects(choices, ranker):
    X, y, set_id, project = choices
    with config_context(enable_metadata_routing=True):
        found = cross_validate(
            ranker, X, y, cv=GroupKFold(4), params={"set_id": set_id, "groups": project}
        )
    assert (found["test_score"] > 0.5).all()


@routes_to_inner_scores
def test_grid_search_is_nested_and_parallel(choices):
    X, y, set_id, project = choices
    with config_context(enable_metadata_routing=True):
        grid = GridSearchCV(SetRanker(**FAST), {"num_leaves": [2, 7]}, cv=GroupKFold(2), n_jobs=2)
        found = cross_validate(
            grid, X, y, cv=GroupKFold(2), params={"set_id": set_id, "groups": project}
        )
    assert (found["test_score"] > 0.5).all()


@pytest.mark.parametrize("model", [SetRanker(**FAST), PairwiseLogistic(), PerProjectRanker()])
def test_a_score_without_sets_is_refused(choices, model):
    X, y, set_id, _ = choices
    model.fit(X, y, set_id=set_id)
    with pytest.raises(ValueError, match=r"set_id is missing.*enable_metadata_routing=True"):
        model.score(X, y)


def test_a_score_of_one_set_may_be_allowed(choices):
    X, y, set_id, _ = choices
    model = PairwiseLogistic(allow_missing_set_id=True).fit(X, y, set_id=set_id)
    # One set of all rows: its highest score is a winner's or is not.
    assert model.score(X, y) in (0, 1)


def test_a_search_without_routing_on_noise_raises(noise):
    X, y, set_id, project = noise
    search = GridSearchCV(SetRanker(**FAST), GRID, cv=GroupKFold(2), error_score="raise")
    with pytest.raises(ValueError, match=r"set_id is missing.*set_config\("):
        search.fit(X, y, set_id=set_id, groups=project)


def test_a_search_without_routing_that_sets_errors_to_nan_says_why_and_scores_nothing(noise):
    X, y, set_id, project = noise
    search = GridSearchCV(SetRanker(**FAST), GRID, cv=GroupKFold(2))
    # Each of eight scores tells why, and the search that none is a number.
    with (
        pytest.warns(UserWarning, match="test scores are non-finite"),
        pytest.warns(UserWarning, match="set_id is missing"),
    ):
        search.fit(X, y, set_id=set_id, groups=project)
    assert np.isnan(search.cv_results_["mean_test_score"]).all()


@routes_to_inner_scores
@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_nested_search_on_noise_is_right_by_chance(noise, n_jobs):
    X, y, set_id, project = noise
    search = GridSearchCV(SetRanker(**FAST), GRID, cv=GroupKFold(2), n_jobs=n_jobs)
    params = {"set_id": set_id, "groups": project}
    outer = cross_val_score(search, X, y, cv=GroupKFold(4), params=params)
    assert len(set(outer)) > 1
    assert looks_like_chance(outer.mean())
    search.fit(X, y, **params)
    # The best of four is a little better than chance.
    assert all(map(looks_like_chance, search.cv_results_["mean_test_score"]))


@routes_to_inner_scores
@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    "model",
    [SetRanker(**FAST), PairwiseLogistic(), PerProjectRanker(SetRanker(**FAST), min_sets=50)],
    ids=lambda one: type(one).__name__,
)
def test_a_pipeline_on_noise_is_right_by_chance(noise, model):
    X, y, set_id, project = noise
    pipeline = make_pipeline(StandardScaler(), MinMaxScaler(), model)
    params = {"set_id": set_id} | (
        {} if isinstance(model, PairwiseLogistic) else {"groups": project}
    )
    cv = list(GroupKFold(4).split(X, groups=project))
    scores = cross_val_score(pipeline, X, y, cv=cv, params=params)
    assert looks_like_chance(scores.mean())


@pytest.mark.usefixtures("routing")
def test_top1_is_a_scorer_that_any_version_hands_the_sets(noise):
    X, y, set_id, project = noise
    scorer = make_scorer(metrics.top1).set_score_request(set_id=True)
    pipeline = make_pipeline(StandardScaler(), SetRanker(**FAST))
    search = GridSearchCV(
        pipeline, {"setranker__num_leaves": [2, 7]}, scoring=scorer, cv=GroupKFold(2)
    )
    params = {"set_id": set_id, "groups": project}
    outer = cross_val_score(search, X, y, scoring=scorer, cv=GroupKFold(4), params=params)
    assert looks_like_chance(outer.mean())


@routes_to_inner_scores
@pytest.mark.usefixtures("routing")
def test_a_search_over_a_pipeline_finds_a_taste_that_is_there(choices):
    X, y, set_id, project = choices
    pipeline = make_pipeline(StandardScaler(), SetRanker(**FAST))
    grid = {f"setranker__{name}": values for name, values in GRID.items()}
    search = GridSearchCV(pipeline, grid, cv=GroupKFold(2), n_jobs=2)
    search.fit(X, y, set_id=set_id, groups=project)
    assert search.best_score_ > 0.6
    assert search.score(X, y, set_id=set_id) > 0.6


@pytest.mark.usefixtures("routing")
def test_a_pipeline_is_scored_with_weights_that_are_asked_for(noise):
    X, y, set_id, _ = noise
    ranker = SetRanker(n_estimators=2).set_score_request(sample_weight=True)
    pipeline = make_pipeline(StandardScaler(), ranker).fit(X, y, set_id=set_id)
    plain = pipeline.score(X, y, set_id=set_id)
    missed = metrics.top1_by_set(y, pipeline.predict(X), set_id)[set_id] == 0
    assert pipeline.score(X, y, set_id=set_id, sample_weight=missed) == 0 < plain < 1
    assert pipeline.score(X, y, set_id=set_id, sample_weight=np.ones(len(y))) == plain


def test_weights_of_no_row_are_refused(choices):
    X, y, set_id, _ = choices
    model = PairwiseLogistic().fit(X, y, set_id=set_id)
    with pytest.raises(ValueError, match=r"zero everywhere|non-zero"):
        model.score(X, y, set_id, sample_weight=np.zeros(len(y)))
