from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
import sklearn.datasets

from prefml.imaging.picture import Picture
from prefml.imaging.segmentation import person_mask

PORTRAIT = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
# The mask of `mediapipe.solutions.selfie_segmentation` 0.10.21 for it, averaged to 8 x 8.
ORIGINAL = [
    [0.000, 0.000, 0.060, 0.530, 0.547, 0.108, 0.000, 0.000],
    [0.000, 0.000, 0.562, 1.000, 1.000, 0.756, 0.000, 0.000],
    [0.000, 0.000, 0.651, 1.000, 1.000, 0.842, 0.000, 0.000],
    [0.000, 0.000, 0.340, 0.991, 1.000, 0.661, 0.000, 0.000],
    [0.000, 0.122, 0.415, 0.963, 1.000, 0.644, 0.173, 0.004],
    [0.408, 0.998, 1.000, 1.000, 1.000, 1.000, 1.000, 0.767],
    [0.651, 1.000, 1.000, 1.000, 1.000, 1.000, 1.000, 1.000],
    [0.837, 1.000, 1.000, 1.000, 1.000, 1.000, 1.000, 1.000],
]


def read(path):
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


def coarse(mask):
    return mask.reshape(8, 32, 8, 32).mean(axis=(1, 3))


def test_a_person_is_where_mediapipe_sees_one():
    np.testing.assert_allclose(coarse(person_mask(Picture(read(PORTRAIT)))), ORIGINAL, atol=2e-3)


def test_the_grid_is_stretched_over_the_picture():
    wide = np.ascontiguousarray(np.repeat(read(PORTRAIT), 2, axis=1))
    np.testing.assert_allclose(coarse(person_mask(Picture(wide))), ORIGINAL, atol=0.03)


def test_little_of_a_place_without_people_is_a_person():
    place = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
    assert person_mask(Picture(read(place))).mean() < 0.05


@pytest.mark.parametrize("size", [(1, 1), (512, 1), (1, 512), (2, 40_000)])
def test_a_picture_of_any_shape_has_shares(size):
    mask = person_mask(Picture(np.full((*size, 3), 90, np.uint8)))
    assert mask.shape == (256, 256)
    assert (mask >= 0).all()
    assert (mask <= 1).all()
