import numpy as np
import pytest

from prefml.cropping.bands import EdgeBands, conformal_moves


def covered(lower, upper, truth):
    return np.mean((lower <= truth) & (truth <= upper))


@pytest.mark.parametrize("width", [0.1, 1.0, 3.0])
def test_bands_too_narrow_or_too_wide_are_moved_until_they_cover(width):
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 4000)
    down, up = conformal_moves(np.full(2000, -width), np.full(2000, width), truth[:2000], 0.8)
    assert covered(-width - down, width + up, truth[2000:]) == pytest.approx(0.8, abs=0.03)


def test_the_other_bound_takes_the_misses_that_one_cannot_have():
    truth = np.maximum(np.random.default_rng(0).normal(-0.3, 1, 4000), 0)
    down, up = conformal_moves(np.zeros(2000), np.full(2000, 1.0), truth[:2000], 0.8)
    assert down == 0.0
    assert covered(0.0 - down, 1.0 + up, truth[2000:]) == pytest.approx(0.8, abs=0.03)


def test_bands_cover_what_they_promise_where_the_spread_differs():
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.01, 0.15, 2000)
    boxes = np.clip([0.2, 0.0, 0.8, 0.6] + spread[:, None] * rng.normal(0, 1, (2000, 4)), 0, 1)
    features = spread[:, None]
    bands = EdgeBands(0.8, 0, 1).fit(features[:1500], boxes[:1500], np.arange(1500) % 5)
    found = bands.predict(features[1500:])
    assert found.shape == (500, 4, 2)
    inside = (found[..., 0] <= boxes[1500:]) & (boxes[1500:] <= found[..., 1])
    assert inside.mean() == pytest.approx(0.8, abs=0.03)
    narrow, wide = (found[spread[1500:] < 0.05], found[spread[1500:] > 0.12])
    assert np.ptp(narrow, axis=2).mean() < np.ptp(wide, axis=2).mean() / 2


def test_few_rows_give_the_plain_quantiles():
    boxes = np.random.default_rng(0).uniform(0, 1, (50, 4))
    bands = EdgeBands(0.8, 0, 1).fit(np.zeros((50, 1)), boxes, np.arange(50) % 5)
    np.testing.assert_allclose(
        bands.predict(np.ones((1, 1)))[0, 0], np.quantile(boxes[:, 0], [0.1, 0.9])
    )


def test_bounds_are_in_order_and_inside_the_picture():
    rng = np.random.default_rng(0)
    boxes = rng.choice([0.0, 0.5, 1.0], (300, 4))
    bands = EdgeBands(0.5, 0, 1).fit(rng.normal(size=(300, 2)), boxes, np.arange(300) % 3)
    found = bands.predict(rng.normal(0, 100, (50, 2)))
    assert (found[..., 0] <= found[..., 1]).all()
    assert (found >= 0).all()
    assert (found <= 1).all()
