import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from prefml.imaging import maps

SIDE = maps.MAP_SIDE
numbers = hnp.arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e3, 1e3, width=32))
blocks = hnp.arrays(np.float32, (7, 7), elements=st.floats(0, 100, width=32))


def rectangle(x1, y1, x2, y2):
    """Return a map with its whole weight in one rectangle, given in cells."""
    values = np.zeros((SIDE, SIDE), np.float32)
    values[y1:y2, x1:x2] = 1
    return maps.normalize_weights(values)


def spread_over_cells(values):
    block = SIDE // maps.GRID
    return maps.normalize_weights(np.kron(values, np.ones((block, block), np.float32)))


@given(numbers, st.lists(st.floats(0, 100), min_size=1, max_size=5))
def test_percentiles_are_those_of_numpy(values, percents):
    expected = np.percentile(values.astype(float), percents)
    np.testing.assert_allclose(maps.percentiles(values, percents), expected, rtol=1e-5, atol=1e-3)


@given(blocks)
def test_normalised_weights_sum_to_one(values):
    weights = maps.normalize_weights(values)
    assert weights.sum() == pytest.approx(1, abs=1e-4)
    assert weights.min() >= 0


def test_a_map_of_nothing_becomes_uniform():
    assert np.array_equal(maps.normalize_weights(np.zeros((4, 5), np.float32)),
                          np.full((4, 5), 1 / 20, np.float32))  # fmt: skip


@given(blocks)
def test_shares_of_the_grid_are_those_of_its_cells(values):
    # About where a map counts as one of nothing, the cells and their blocks may lie on two sides.
    assume(not 0 < values.sum() < 1e-3)
    shares = maps.grid_shares(spread_over_cells(values), "x")
    assert tuple(shares) == maps.grid_names("x")
    expected = maps.normalize_weights(values).ravel()
    np.testing.assert_allclose(list(shares.values()), expected, atol=1e-4)


def test_a_rectangle_is_described_by_its_moments_quantiles_and_box():
    found = maps.describe_map(rectangle(21, 42, 63, 84), "x")
    assert tuple(found) == maps.map_names("x")
    assert (found["x_x"], found["x_y"]) == pytest.approx((0.5, 0.75))
    # Uniform over 42 cells of 84: (42^2 - 1) / 12 squared cells.
    assert found["x_spread_x"] == pytest.approx(np.sqrt((42**2 - 1) / 12) / 84, rel=1e-4)
    assert [found[f"x_x{q}"] for q in ("05", "25", "50", "75", "95")] == pytest.approx(
        [0.25 + q / 200 for q in (5, 25, 50, 75, 95)], abs=1e-4
    )
    box = [found[f"x_object_{edge}"] for edge in ("x1", "y1", "x2", "y2")]
    assert box == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert found["x_object_share"] == pytest.approx(1)


def test_the_heaviest_component_is_the_main_object():
    weights = maps.normalize_weights(3 * rectangle(0, 0, 20, 20) + 4 * rectangle(60, 60, 80, 80))
    found = maps.describe_map(weights, "x")
    assert found["x_object_x1"] == pytest.approx(60 / 84)
    assert found["x_object_share"] == pytest.approx(4 / 7, abs=1e-4)


def test_a_uniform_map_has_the_whole_picture_as_its_object():
    found = maps.describe_map(np.full((SIDE, SIDE), 1 / SIDE**2, np.float32), "x")
    assert [found[f"x_object_{edge}"] for edge in ("x1", "y1", "x2", "y2")] == [0, 0, 1, 1]


@given(blocks)
def test_mirroring_a_map_mirrors_its_centroid_and_keeps_its_spread(values):
    weights = spread_over_cells(values)
    one = maps.describe_map(weights, "x")
    other = maps.describe_map(np.ascontiguousarray(weights[:, ::-1]), "x")
    assert other["x_x"] == pytest.approx(1 - one["x_x"], abs=1e-4)
    assert other["x_y"] == pytest.approx(one["x_y"], abs=1e-4)
    assert other["x_spread_x"] == pytest.approx(one["x_spread_x"], abs=1e-3)
