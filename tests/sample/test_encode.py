import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from prefml.sample.encode import encode
from prefml.sample.render import render


@pytest.mark.parametrize(
    ("encoding", "extension", "tolerance"),
    [
        (None, ".png", 0),
        ("sixteen_bit", ".png", 0),
        ("alpha", ".png", 0),
        ("palette", ".png", 12),
        (None, ".jpg", 12),
        ("exif_rotated", ".jpg", 12),
        ("cmyk", ".jpg", 25),
    ],
)
def test_an_encoded_picture_shows_the_same_picture(plans, encoding, extension, tolerance):
    pixels = render(plans[0])[0]

    opened = ImageOps.exif_transpose(Image.open(io.BytesIO(encode(pixels, extension, encoding))))
    again = np.asarray(opened.convert("RGB")).astype(int)

    assert again.shape == pixels.shape
    assert np.abs(again - pixels).mean() <= tolerance
