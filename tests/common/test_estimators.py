"""All public estimators are scikit-learn's, and models of one kind have the same methods."""

import inspect

import numpy as np
import pandas as pd
import pyarrow
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from prefml.cropping import CropRegressor
from prefml.ranking import (
    BlockPCA,
    HighestStage,
    LinearPairwise,
    PairwiseLogistic,
    PerProjectRanker,
    RandomRanker,
    RawLambdaRank,
    SetRanker,
)

ONE_SET = {"allow_missing_set_id": True}
RANKERS = [
    SetRanker(n_estimators=5, **ONE_SET),
    PerProjectRanker(SetRanker(n_estimators=5), **ONE_SET),
    PairwiseLogistic(**ONE_SET),
    # Arrays have columns x0, x1 and so on.
    HighestStage("x0", **ONE_SET),
    RandomRanker(**ONE_SET),
    LinearPairwise(**ONE_SET),
    RawLambdaRank(**ONE_SET),
]


# The checks know no sets: all rows are one, of which rankers warn.
@pytest.mark.filterwarnings("ignore:1 of 1 sets:UserWarning", "ignore:0 of 1 sets:UserWarning")
@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routing"])
@parametrize_with_checks([*RANKERS, BlockPCA()])
def test_estimator_keeps_to_scikit_learns_conventions(estimator, check, routing):
    with config_context(enable_metadata_routing=routing):
        check(estimator)


def public_methods(kind):
    """Return the methods of a class that are no properties and not scikit-learn's own."""
    return {
        name: value
        for name, value in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and value.__module__.startswith("prefml.")
    }


@pytest.mark.parametrize("name", public_methods(SetRanker))
def test_rankers_per_project_have_every_method_of_the_common_one(name):
    common = inspect.signature(public_methods(SetRanker)[name]).parameters
    own = inspect.signature(public_methods(PerProjectRanker)[name]).parameters
    # Early stopping would need rows of every project.
    assert set(common) - {"eval_set"} <= set(own)
    assert set(own) - set(common) <= {"groups"}


def test_rankers_per_project_have_no_method_that_the_common_one_lacks():
    assert set(public_methods(PerProjectRanker)) == set(public_methods(SetRanker))


@pytest.fixture(scope="module")
def choices():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(180, 3)), columns=["cue__light", "emb__0", "stage"])
    X.iloc[::7, 0] = np.nan
    worth = X["stage"].to_numpy().reshape(-1, 3)
    y = (worth == worth.max(axis=1, keepdims=True)).astype(int).ravel()
    return X, y, np.repeat([f"s{i}" for i in range(60)], 3), np.repeat(["a", "b"], 90)


def polars_frame(frame):
    return pytest.importorskip("polars").DataFrame(frame.to_dict("list")).fill_nan(None)


def arrow_table(frame):
    return pyarrow.Table.from_pandas(frame, preserve_index=False)


LIBRARIES = pytest.mark.parametrize("table", [polars_frame, arrow_table], ids=["polars", "pyarrow"])


@LIBRARIES
@pytest.mark.parametrize(
    "ranker", [*RANKERS[:3], HighestStage(), *RANKERS[4:]], ids=lambda one: type(one).__name__
)
def test_rankers_read_tables_of_other_libraries_as_they_do_frames(choices, ranker, table):
    X, y, set_id, project = choices
    kwargs = {"set_id": set_id}
    if isinstance(ranker, SetRanker | PerProjectRanker):
        kwargs["groups"] = project
    framed, other = clone(ranker).fit(X, y, **kwargs), clone(ranker).fit(table(X), y, **kwargs)
    assert other.feature_names_in_.tolist() == X.columns.tolist()
    for model, rows in ((other, table(X)), (other, X), (framed, table(X))):
        assert np.array_equal(model.predict(rows), framed.predict(X))
        assert model.score(rows, y, set_id) == framed.score(X, y, set_id)
    with pytest.raises(ValueError, match="feature names"):
        other.predict(table(X.rename(columns={"stage": "other"})))


@LIBRARIES
@pytest.mark.parametrize("ranker", RANKERS[:2], ids=lambda one: type(one).__name__)
def test_tables_of_other_libraries_are_explained_by_the_names_of_their_columns(
    choices, ranker, table
):
    X, y, set_id, project = choices
    named = clone(ranker)
    if isinstance(named, PerProjectRanker):
        named.set_params(min_sets=10)
    named.fit(table(X), y, set_id=set_id, groups=project)
    asked = {} if isinstance(named, SetRanker) else {"groups": project}
    assert named.explain(table(X), set_id, **asked) == named.explain(X, set_id, **asked)
    assert next(iter(named.importances(table(X), set_id, **asked))) == "stage"
    chances = named.win_probability(table(X), set_id, **asked)
    assert np.array_equal(chances, named.win_probability(X, set_id, **asked))


def test_columns_of_polars_are_labels_sets_projects_and_weights(choices):
    polars = pytest.importorskip("polars")
    X, y, set_id, project = choices
    weight = np.linspace(1, 2, len(y))
    plain = SetRanker(n_estimators=5).fit(X, y, set_id, project, weight)
    columns = [polars.Series(values) for values in (y, set_id, project, weight)]
    other = SetRanker(n_estimators=5).fit(polars_frame(X), *columns)
    assert np.array_equal(other.predict(X), plain.predict(X))
    assert other.score(X, columns[0], columns[1], columns[3]) == plain.score(X, y, set_id, weight)


@LIBRARIES
def test_blocks_of_other_libraries_are_known_by_their_names(table):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 4)), columns=["a", "e1", "e2", "e3"])
    blocks = BlockPCA({"e": 2}).fit(table(X))
    assert blocks.get_feature_names_out().tolist() == ["a", "epc00", "epc01"]
    assert np.array_equal(blocks.transform(table(X)), blocks.transform(X))


@LIBRARIES
def test_the_crop_model_reads_tables_of_other_libraries_as_it_does_frames(table):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(0.2, 0.8, (60, 2)), columns=["face_x50", "face_y50"])
    start = np.clip(X.to_numpy() - 0.3, 0, 0.4)
    boxes = np.hstack([start, start + 0.6])
    framed = CropRegressor(n_estimators=5).fit(X, boxes)
    other = CropRegressor(n_estimators=5).fit(table(X), boxes)
    assert len(other.inputs_.middles) == 1
    assert other.columns_.tolist() == X.columns.tolist()
    for model, rows in ((other, table(X)), (other, X), (framed, table(X))):
        assert np.array_equal(model.predict(rows), framed.predict(X))
        assert model.score(rows, boxes) == framed.score(X, boxes)
        assert np.array_equal(model.predict_bands(rows), framed.predict_bands(X))
        assert model.propose(rows) == framed.propose(X)


def test_boxes_and_sizes_may_be_frames_of_polars():
    polars = pytest.importorskip("polars")
    X, box = np.zeros((30, 2)), [0.1, 0.0, 0.9, 0.8]
    frame = polars.DataFrame(np.tile(box, (30, 1)), schema=["x1", "y1", "x2", "y2"])
    size = polars.DataFrame(np.full((30, 2), 100), schema=["width", "height"])
    model = CropRegressor(n_estimators=5).fit(X, frame, size=size)
    assert model.predict(X[:1], size=size[:1]).round(3).tolist() == [box]
    assert model.score(X, frame) == pytest.approx(1, abs=1e-3)
