import numpy as np
import pytest

from prefml.encoders.colour import lab_moments, opponent_histogram


def plain(*rgb):
    return np.full((1, 16, 16, 3), rgb, np.uint8)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.2)),
        ((0, 0, 255), (32.3, 79.19, -107.86)),
    ],
)
def test_mean_lab_of_plain_colours_is_that_of_the_textbook(rgb, lab):
    means = lab_moments(plain(*rgb))[0, :48].reshape(16, 3) * (100, 64, 64)
    np.testing.assert_allclose(means, np.tile(lab, (16, 1)), atol=0.5)


def test_a_plain_picture_has_no_spread():
    assert np.abs(lab_moments(plain(10, 200, 30))[0, 48:]).max() < 1e-5


def test_moments_keep_their_place():
    picture = plain(0, 0, 0)
    picture[0, :4, 12:] = 255
    light = lab_moments(picture)[0, :48].reshape(4, 4, 3)[..., 0]
    assert light[0, 3] == pytest.approx(1, abs=1e-3)
    assert light.sum() == pytest.approx(1, abs=1e-3)


def test_squares_of_the_histogram_add_up_to_one_for_each_part():
    picture = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    shares = opponent_histogram(picture) ** 2
    np.testing.assert_allclose(shares[:, :64].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(shares[:, 64:].sum(axis=1), 1, rtol=1e-5)


def test_histogram_does_not_care_where_a_colour_is():
    picture = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        opponent_histogram(picture), opponent_histogram(picture[:, ::-1, ::-1])
    )


@pytest.mark.parametrize("rgb", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 255, 0)])
def test_extreme_colours_fall_into_one_bin_of_each_part(rgb):
    assert np.count_nonzero(opponent_histogram(plain(*rgb))) == 2
