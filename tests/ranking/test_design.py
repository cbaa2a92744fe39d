import numpy as np
import pytest

from prefml.ranking.blocks import BlockPCA
from prefml.ranking.design import Design
from prefml.ranking.novelty import NAMES, StepNovelty

COLUMNS = ["stage", "kind", "cue_lower__a", "cue_lower__b", *(f"emb__{i}" for i in range(8))]


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, len(COLUMNS)))
    X[:, 1] = np.repeat([102.0, 203.0], 45)
    X[::3, 1:4] = np.nan
    return X


def test_the_design_is_compressed_blocks_beside_the_novelty_of_steps(rows):
    design = Design({"emb__": 3}, ["cue_lower__"], "kind", 0).fit(rows, COLUMNS)
    found = design.transform(rows)
    blocks = BlockPCA({"emb__": 3}).fit_checked(rows, COLUMNS)
    novelty = StepNovelty().fit(rows[:, 2:4], rows[:, 1])
    expected = [blocks.transform_checked(rows), novelty.transform(rows[:, 2:4], rows[:, 1])]
    assert np.array_equal(found, np.hstack(expected), equal_nan=True)
    assert design.columns_ == [*blocks.feature_names_out_, *NAMES]


def test_without_compression_and_novelty_the_columns_are_as_they_came(rows):
    design = Design(None, None, None, 0).fit(rows, COLUMNS)
    assert np.array_equal(design.transform(rows), rows, equal_nan=True)
    assert design.columns_ == COLUMNS


@pytest.mark.parametrize("by", [None, "no such column"])
def test_without_a_kind_all_steps_are_of_one_kind(rows, by):
    design = Design(None, ["cue_lower__"], by, 0).fit(rows, COLUMNS)
    found = design.transform(rows)[:, -2:]
    kind = np.full(len(rows), np.nan)
    expected = StepNovelty().fit(rows[:, 2:4], kind).transform(rows[:, 2:4], kind)
    assert np.array_equal(found, expected, equal_nan=True)


def test_a_row_has_the_same_design_whatever_stands_beside_it(rows):
    design = Design({"emb__": 3}, ["cue_lower__"], "kind", 0).fit(rows, COLUMNS)
    alone = np.vstack([design.transform(rows[[row]]) for row in range(6)])
    assert np.allclose(alone, design.transform(rows)[:6], rtol=0, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_order_of_the_rows_gives_what_sorted_rows_give_to_the_bit(rows, dtype):
    rows = rows.astype(dtype)
    order = np.random.default_rng(1).permutation(len(rows))
    settings = ({"emb__": 3}, ["cue_lower__"], "kind", 0)
    found = Design(*settings).fit(rows, COLUMNS, order).transform(rows, order)
    expected = Design(*settings).fit(rows[order], COLUMNS).transform(rows[order])
    assert found.dtype == dtype
    assert np.array_equal(found, expected, equal_nan=True)
