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


def pattern_of(picture, y, x):
    """Return the number of a pixel's pattern, neighbour by neighbour; 58 if it is not uniform."""
    ring = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
    padded = np.pad(picture, 1, "edge")
    bits = [int(padded[1 + y + dy, 1 + x + dx] >= picture[y, x]) for dy, dx in ring]
    changes = sum(a != b for a, b in zip(bits, bits[1:] + bits[:1], strict=True))
    return UNIFORM.get(sum(bit << at for at, bit in enumerate(bits)), 58) if changes <= 2 else 58


def is_uniform(code):
    bits = [code >> at & 1 for at in range(8)]
    return sum(a != b for a, b in zip(bits, bits[1:] + bits[:1], strict=True)) <= 2


UNIFORM = {code: place for place, code in enumerate(filter(is_uniform, range(256)))}


def test_patterns_are_those_of_a_loop_over_all_pixels():
    picture = np.random.default_rng(3).integers(0, 9, (8, 8), dtype=np.uint8)
    found = binary_patterns(picture[None])[0, :PATTERNS]
    labels = [pattern_of(picture, y, x) for y in range(8) for x in range(8)]
    np.testing.assert_allclose(found, np.sqrt(np.bincount(labels, minlength=PATTERNS) / 64))
