import itertools

import numpy as np
import pytest

from prefml.encoders.gist import DIM, _cell_means, gist

SIDE = 128


def grating(angle, cycles):
    """Stripes whose brightness changes along `angle`, in degrees, `cycles` times a pixel."""
    y, x = np.mgrid[:SIDE, :SIDE]
    along = x * np.cos(np.radians(angle)) + y * np.sin(np.radians(angle))
    return (127 + 100 * np.sin(2 * np.pi * cycles * along)).astype(np.float32)


def energy(picture):
    """Scale by orientation, summed over the grid."""
    return gist(picture[None]).reshape(4, 8, 16).sum(axis=2)


def test_a_picture_gives_512_numbers_none_negative():
    described = gist(np.random.default_rng(0).uniform(0, 255, (3, SIDE, SIDE)).astype(np.float32))
    assert described.shape == (3, DIM) == (3, 512)
    assert described.dtype == np.float32
    assert described.min() >= 0


def test_orientation_of_stripes_is_found():
    found = [int(energy(grating(angle, 0.162))[1].argmax()) for angle in range(0, 180, 45)]
    assert len(set(found)) == 4
    assert {(a - b) % 8 for a, b in itertools.pairwise(found)} in ({2}, {6})


def test_scale_of_stripes_is_found():
    for scale, cycles in enumerate((0.3, 0.162, 0.0877, 0.0474)):
        assert energy(grating(0, cycles)).max(axis=1).argmax() == scale


def test_energy_lies_where_the_texture_is():
    picture = np.full((SIDE, SIDE), 128, np.float32)
    picture[: SIDE // 4, : SIDE // 4] = grating(0, 0.162)[: SIDE // 4, : SIDE // 4]
    cells = gist(picture[None]).reshape(32, 16).sum(axis=0)
    assert cells.argmax() == 0


def test_a_blank_picture_has_no_energy():
    assert gist(np.full((1, SIDE, SIDE), 90, np.float32)).max() < 1e-3


def test_a_picture_is_described_alike_alone_and_among_others():
    pictures = np.random.default_rng(1).uniform(0, 255, (3, SIDE, SIDE)).astype(np.float32)
    np.testing.assert_allclose(gist(pictures[1:2])[0], gist(pictures)[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_means_of_cells_are_numpys_to_the_last_bit(count):
    values = np.random.default_rng(count).random((8, 32, 32, count), dtype=np.float32)
    # As the filters leave them: pictures interleaved, pixel by pixel.
    magnitude = values.transpose(3, 0, 1, 2)
    cells = magnitude.reshape(count, 8, 4, 8, 4, 8)
    assert _cell_means(magnitude).tobytes() == cells.mean(axis=(3, 5)).tobytes()
