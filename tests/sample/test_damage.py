import cv2
import numpy as np
import pytest

from prefml.sample.damage import apply_damage
from prefml.sample.plan import DAMAGES, FACE_DAMAGES

SUBJECT = (0.3, 0.3, 0.7, 0.7)


@pytest.fixture(scope="module")
def pixels():
    """Return a colourful picture of smooth blobs with an edge."""
    coarse = np.random.default_rng(0).integers(40, 216, (10, 12, 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)
    picture[80:160, 100:220] //= 2
    return picture


def damaged(pixels, kind, severity, seed=0):
    return apply_damage(pixels, kind, severity, SUBJECT, np.random.default_rng(seed))


def difference(one, other):
    return np.abs(one.astype(int) - other.astype(int))


@pytest.mark.parametrize("kind", [*DAMAGES, *FACE_DAMAGES])
def test_a_damaged_picture_is_another_of_the_same_shape(pixels, kind):
    before = pixels.copy()
    found = damaged(pixels, kind, 0.5)
    assert (found.shape, found.dtype) == (pixels.shape, np.uint8)
    assert difference(found, pixels).mean() > 0.5
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("kind", [*DAMAGES, *FACE_DAMAGES])
def test_more_severe_damage_changes_more(pixels, kind):
    mild, severe = (
        np.mean([difference(damaged(pixels, kind, severity, seed), pixels) for seed in range(8)])
        for severity in (0.05, 1.0)
    )
    assert severe > 1.5 * mild


@pytest.mark.parametrize("kind", [*DAMAGES, *FACE_DAMAGES])
def test_the_same_seed_gives_the_same_damage(pixels, kind):
    assert np.array_equal(damaged(pixels, kind, 0.7, 3), damaged(pixels, kind, 0.7, 3))


def test_smearing_is_strongest_on_the_subject_and_leaves_the_corners(pixels):
    small = apply_damage(pixels, "smearing", 0.5, (0.4, 0.4, 0.6, 0.6), np.random.default_rng(0))
    changed = difference(small, pixels)
    assert changed[90:150, 120:200].mean() > 0.5
    assert changed[:20, :20].max() == changed[-20:, -20:].max() == 0


def test_wrong_colours_keep_the_brightness(pixels):
    found = damaged(pixels, "wrong_colour", 1.0)
    value = [picture.max(axis=2).astype(int) for picture in (found, pixels)]
    assert np.abs(value[0] - value[1]).max() <= 3
    assert difference(found, pixels).mean() > 10


def test_a_duplicated_patch_occurs_again_elsewhere(pixels):
    found = damaged(pixels, "duplicated_patch", 0.5)
    height, width = round(0.225 * 240), round(0.225 * 320)
    patch = pixels[120 - height // 2 :, 160 - width // 2 :][:height, :width]
    match = cv2.matchTemplate(found, patch, cv2.TM_SQDIFF)
    assert (match < 1).sum() >= 2


@pytest.mark.parametrize("kind", FACE_DAMAGES)
def test_damage_of_a_face_ends_with_it(pixels, kind):
    changed = difference(damaged(pixels, kind, 1.0), pixels)
    assert changed[100:140, 130:190].mean() > 1
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    far = np.hypot((x / width - 0.5) / 0.4, (y / height - 0.5) / 0.4) > 0.65
    assert changed[far].max() == 0
