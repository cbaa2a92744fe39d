import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prefml.imaging import layout, saliency

from .conftest import picture


def with_spot(x, y, size=0.2, side=200, seed=0):
    """Return a dull, slightly noisy ground with a red, textured spot centred at (x, y)."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(110, 2, (side, side, 3))
    half = size * side / 2
    top, left = round(y * side - half), round(x * side - half)
    spot = (slice(top, round(top + 2 * half)), slice(left, round(left + 2 * half)))
    pixels[spot] = [210, 40, 40]
    pixels[spot] += rng.normal(0, 25, pixels[spot].shape)
    return picture(np.clip(pixels, 0, 255))


@pytest.mark.parametrize("place", [(0.3, 0.3), (0.7, 0.4), (0.5, 0.8)])
@pytest.mark.parametrize(
    ("measure", "prefix"), [(saliency.measure, "saliency"), (layout.measure, "detail")]
)
def test_the_spot_is_found_where_it_is(place, measure, prefix):
    cues = measure(with_spot(*place))
    x, y = place
    corners = [cues[f"{prefix}_object_{corner}"] for corner in ("x1", "y1", "x2", "y2")]
    np.testing.assert_allclose(corners, [x - 0.1, y - 0.1, x + 0.1, y + 0.1], atol=0.05)
    assert (cues[f"{prefix}_x50"], cues[f"{prefix}_y50"]) == pytest.approx(place, abs=0.05)


@pytest.mark.parametrize(
    ("measure", "prefix"), [(saliency.measure, "saliency"), (layout.measure, "detail")]
)
def test_turning_the_picture_round_turns_the_cues_round(measure, prefix):
    spot = with_spot(0.3, 0.6)
    cues, mirrored = measure(spot), measure(picture(spot.pixels[:, ::-1]))
    assert mirrored[f"{prefix}_x"] == pytest.approx(1 - cues[f"{prefix}_x"], abs=1e-3)
    assert mirrored[f"{prefix}_y"] == pytest.approx(cues[f"{prefix}_y"], abs=1e-3)
    assert mirrored[f"{prefix}_grid_26"] == pytest.approx(cues[f"{prefix}_grid_20"], abs=1e-3)


def test_a_uniform_picture_has_its_weight_everywhere():
    flat = picture(np.full((60, 90, 3), 77))
    for cues, prefix in ((saliency.measure(flat), "saliency"), (layout.measure(flat), "detail")):
        assert cues[f"{prefix}_x"] == pytest.approx(0.5)
        assert cues[f"{prefix}_y05"] == pytest.approx(0.05)
        assert cues[f"{prefix}_grid_00"] == pytest.approx(1 / 49)
        assert cues[f"{prefix}_object_x2"] == 1.0


def test_a_small_spot_has_less_mass_than_a_large_one():
    small, large = with_spot(0.5, 0.5, 0.15), with_spot(0.5, 0.5, 0.5)
    assert saliency.measure(small)["saliency_mass"] < saliency.measure(large)["saliency_mass"]
    assert (
        saliency.measure(small)["saliency_spread_x"] < saliency.measure(large)["saliency_spread_x"]
    )


@pytest.mark.parametrize("group", [saliency, layout])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (64, 64)])
def test_every_cue_is_measured_and_finite_at_any_shape(group, shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3))
    cues = group.measure(picture(pixels))
    assert tuple(cues) == group.NAMES
    assert np.isfinite(list(cues.values())).all()


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_maps_are_shares(pixels):
    for weights in (saliency.saliency_map(pixels), layout.detail_map(picture(pixels).laplacian)):
        assert weights.shape == (84, 84)
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1, abs=1e-3)
