"""Read the transparent colour of a PNG, which Pillow compares with samples of another depth."""

from __future__ import annotations

from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["BIT_DEPTH_OFFSET", "bit_depth", "is_misread", "with_alpha"]

# Byte of a PNG that holds the bits of a sample.
BIT_DEPTH_OFFSET = 24


def is_misread(image: Image.Image, file: BinaryIO) -> bool:
    """Tell whether a picture has a transparent colour that Pillow does not find in its pixels.

    The colour stands in the file as a sample of its depth, while Pillow has stretched the pixels
    from 2 or 4 bits to 8, or cut them from 16 to 8.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, loaded or not.
    file : binary file
        The same file; its position is changed.

    Returns
    -------
    bool
    """
    if image.format != "PNG" or image.mode not in ("L", "RGB", "I;16"):
        return False
    return image.info.get("transparency") is not None and bit_depth(file) != 8


def with_alpha(image: Image.Image, file: BinaryIO) -> Image.Image:
    """Return a picture with an alpha channel in place of a transparent colour that is misread.

    Parameters
    ----------
    image : PIL.Image.Image
        The picture, loaded.
    file : binary file
        The same file; its position is changed.

    Returns
    -------
    PIL.Image.Image
        Of mode LA or RGBA; the same object where `is_misread` does not hold.

    Raises
    ------
    ValueError
        If the samples of 16 bits cannot be read.
    """
    if not is_misread(image, file):
        return image
    key, depth = image.info["transparency"], bit_depth(file)
    if image.mode == "RGB":
        visible = _alpha_of_16_bits(file)
    else:
        step = 1 if depth == 16 else 255 // ((1 << depth) - 1)
        visible = np.asarray(image) != key * step
    levels = np.asarray(image)
    if depth == 16 and image.mode != "RGB":
        levels = np.rint(levels / 257).astype(np.uint8)
    opened = Image.fromarray(levels)
    opened.info = {name: value for name, value in image.info.items() if name != "transparency"}
    opened.putalpha(Image.fromarray(visible.astype(np.uint8) * 255))
    return opened


def bit_depth(file: BinaryIO) -> int:
    """Return the bits of a sample of a PNG.

    Parameters
    ----------
    file : binary file
        The file; its position is changed.

    Returns
    -------
    int
        1, 2, 4, 8 or 16.
    """
    file.seek(BIT_DEPTH_OFFSET)
    return file.read(1)[0]


def _alpha_of_16_bits(file: BinaryIO) -> NDArray[np.bool_]:
    """Return what the transparent colour leaves visible, compared with all 16 bits of a sample."""
    file.seek(0)
    samples = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None or samples.ndim != 3 or samples.shape[2] != 4:
        raise ValueError("a transparent colour of 16 bits that cannot be read")
    return np.asarray(samples[:, :, 3] > 0)
