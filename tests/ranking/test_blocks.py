import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from prefml.ranking import BlockPCA
from prefml.ranking.blocks import column_names, columns_starting_with, take_columns, to_floats


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=["stage", "cue__a", "cue__b"])
    block = rng.normal(size=(60, 4)) @ rng.normal(size=(4, 10)) + 5.0
    return X.join(pd.DataFrame(block, columns=[f"emb__{i}" for i in range(10)]))


def test_a_block_becomes_its_centred_principal_components(table):
    found = BlockPCA({"emb__": 3}).fit_transform(table)
    block = table.filter(like="emb__").to_numpy()
    expected = PCA(3, svd_solver="full").fit_transform(block)
    assert np.allclose(np.abs(found[:, 3:]), np.abs(expected))
    assert np.array_equal(found[:, :3], table.iloc[:, :3].to_numpy())


def test_names_tell_kept_columns_and_components(table):
    pca = BlockPCA({"emb__": 2}).fit(table)
    names = ["stage", "cue__a", "cue__b", "emb__pc00", "emb__pc01"]
    assert pca.get_feature_names_out().tolist() == names


@pytest.mark.parametrize("size", [10, 64])
def test_a_block_of_no_more_columns_than_components_passes_through(table, size):
    pca = BlockPCA({"emb__": size}).fit(table)
    assert pca.blocks_ == []
    assert np.array_equal(pca.transform(table), table.to_numpy())


def test_missing_values_count_as_the_mean_of_their_column(table):
    holes = table.copy()
    holes.iloc[::7, 5] = np.nan
    pca = BlockPCA({"emb__": 3}).fit(holes)
    filled = holes.fillna({holes.columns[5]: holes.iloc[:, 5].mean()})
    assert np.allclose(pca.transform(holes), pca.transform(filled))
    assert np.isnan(BlockPCA({"emb__": 3}).fit_transform(table.assign(stage=np.nan))[:, 0]).all()


def test_a_row_is_compressed_by_itself(table):
    pca = BlockPCA({"emb__": 3}).fit(table)
    alone = np.vstack([pca.transform(table.iloc[[row]]) for row in range(5)])
    assert np.allclose(alone, pca.transform(table)[:5], rtol=0, atol=1e-12)


def test_few_rows_and_many_columns_are_compressed_by_a_seeded_solver():
    X = np.random.default_rng(0).normal(size=(20, 50))
    one, two = (BlockPCA({"x": 4}, random_state=3).fit_transform(X) for _ in range(2))
    assert np.array_equal(one, two)
    exact = PCA(4, svd_solver="full").fit_transform(X)
    assert np.allclose(one.var(axis=0), exact.var(axis=0), rtol=0.05)


def test_unnamed_columns_are_counted():
    assert column_names(np.zeros((2, 3))) == ["x0", "x1", "x2"]
    assert column_names(pd.DataFrame(np.zeros((2, 2)))) == ["x0", "x1"]
    assert column_names(pd.DataFrame({"a": [1], "b": [2]})) == ["a", "b"]


names = st.lists(st.sampled_from(["cue__a", "cue__b", "emb__0", "emb__1", "stage"]), max_size=8)


@given(names, st.sets(st.sampled_from(["cue__", "emb__", "st", "other"])))
def test_columns_are_found_by_any_of_the_prefixes(names, prefixes):
    found = columns_starting_with(names, sorted(prefixes))
    expected = [i for i, name in enumerate(names) if any(name.startswith(p) for p in prefixes)]
    assert found.tolist() == expected


@given(st.lists(st.integers(0, 5), unique=True).map(sorted))
def test_taken_columns_are_those_of_plain_indexing(columns):
    X = np.arange(18.0).reshape(3, 6)
    columns = np.array(columns, int)
    assert np.array_equal(take_columns(X, columns), X[:, columns])


def test_columns_side_by_side_are_not_copied():
    X = np.zeros((3, 6))
    assert take_columns(X, np.array([2, 3, 4])).base is X
    assert take_columns(X, np.array([2, 4])).base is not X


def test_frames_and_lists_become_the_same_floats():
    frame = pd.DataFrame({"a": [1, 2], "b": [True, False]})
    assert to_floats(frame).tolist() == to_floats([[1, 1], [2, 0]]).tolist()
    assert to_floats(frame).dtype == np.float64
