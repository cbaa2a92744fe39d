import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prefml.encoders.texture import DIM, PATTERNS, binary_patterns

PICTURE = np.random.default_rng(0).integers(20, 100, (2, 32, 32), dtype=np.uint8)


@given(st.integers(0, 150))
def test_brightness_does_not_matter(shift):
    brighter = binary_patterns(PICTURE + np.uint8(shift))
    np.testing.assert_array_equal(binary_patterns(PICTURE), brighter)


def test_squares_add_up_to_one_for_each_size():
    shares = binary_patterns(PICTURE).reshape(2, -1, PATTERNS) ** 2
    np.testing.assert_allclose(shares.sum(axis=2), 1, rtol=1e-5)


def test_noise_and_its_smoothed_copy_have_different_patterns():
    smooth = np.repeat(np.repeat(PICTURE[:, ::4, ::4], 4, axis=1), 4, axis=2)
    assert np.abs(binary_patterns(PICTURE) - binary_patterns(smooth)).max() > 0.2


def test_a_blank_picture_has_one_pattern_at_each_size():
    patterns = binary_patterns(np.full((1, 32, 32), 7, np.uint8))
    assert patterns.shape == (1, DIM)
    assert np.count_nonzero(patterns) == DIM // PATTERNS


def test_a_picture_is_described_alike_alone_and_among_others():
    np.testing.assert_array_equal(binary_patterns(PICTURE)[1:], binary_patterns(PICTURE[1:]))
