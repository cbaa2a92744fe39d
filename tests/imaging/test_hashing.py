from __future__ import annotations

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageFilter

from prefml.imaging.decode import from_image
from prefml.imaging.hashing import phash


@pytest.fixture
def scene() -> Image.Image:
    noise = np.random.default_rng(4).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((900, 700), Image.Resampling.BICUBIC)


def distance(one: Image.Image, other: Image.Image) -> int:
    first, second = (imagehash.hex_to_hash(phash(from_image(image))) for image in (one, other))
    return first - second


def test_hash_is_sixteen_hex_digits(scene):
    digits = phash(from_image(scene))
    assert len(digits) == 16
    assert set(digits) <= set("0123456789abcdef")


def test_hash_of_the_working_copy_is_the_hash_of_the_picture(scene):
    full = imagehash.phash(scene)
    assert full - imagehash.hex_to_hash(phash(from_image(scene))) <= 2


def test_slight_edits_stay_near(scene):
    assert distance(scene, scene.resize((450, 350))) <= 4
    assert distance(scene, scene.filter(ImageFilter.GaussianBlur(2))) <= 4


def test_other_pictures_are_far(scene):
    assert distance(scene, scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) > 16
