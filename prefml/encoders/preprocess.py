"""Preprocess pictures for a network, in the steps of CLIP's reference preprocessing.

The steps repeat `torchvision.transforms` (`Resize`, `CenterCrop`, `ToTensor`, `Normalize`) on a
Pillow picture to the last bit, without needing torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image

from prefml._typing import Floats32
from prefml.encoders.spec import EncoderSpec

__all__ = ["center_crop", "network_input", "resize_shortest", "resize_target", "stretch", "to_chw"]

# Of strips longer than this times their width, only the middle is resized.
LONGEST_RATIO = 32
FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
}


def resize_shortest(image: Image.Image, size: int, interpolation: str) -> Image.Image:
    """Resize so that the shortest side is `size` pixels; the other is rounded down.

    Parameters
    ----------
    image : PIL.Image.Image
        An RGB picture.
    size : int
        Pixels of the shortest side.
    interpolation : str
        A filter named in `EncoderSpec`.

    Returns
    -------
    PIL.Image.Image
    """
    target = _shortest_side_size(image.size, size)
    return image.resize(target, FILTERS[interpolation]) if target != image.size else image


def stretch(image: Image.Image, size: int, interpolation: str) -> Image.Image:
    """Resize to a square without keeping the aspect ratio.

    Parameters
    ----------
    image : PIL.Image.Image
        An RGB picture.
    size : int
        Pixels of each side.
    interpolation : str
        A filter named in `EncoderSpec`.

    Returns
    -------
    PIL.Image.Image
    """
    return image.resize((size, size), FILTERS[interpolation])


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """Crop the central square of a picture that is at least as large.

    Parameters
    ----------
    image : PIL.Image.Image
        An RGB picture.
    size : int
        Pixels of each side.

    Returns
    -------
    PIL.Image.Image
    """
    # Python rounds halves to even; torchvision does the same, so the squares coincide.
    left, top = round((image.width - size) / 2.0), round((image.height - size) / 2.0)
    return image.crop((left, top, left + size, top + size))


def to_chw(image: Image.Image, mean: Sequence[float], std: Sequence[float]) -> Floats32:
    """Scale to 0..1, normalise each channel and put channels first.

    Parameters
    ----------
    image : PIL.Image.Image
        An RGB picture.
    mean, std : sequence of three floats
        Subtracted from, and divided into, the channels.

    Returns
    -------
    ndarray of shape (3, height, width), float32
    """
    tables = _scaled_levels(tuple(mean), tuple(std))
    planes = np.empty((3, image.height, image.width), np.float32)
    channels = cv2.split(np.asarray(image, np.uint8))
    for channel, table, plane in zip(channels, tables, planes, strict=True):
        cv2.LUT(channel, table, plane)
    return planes


@lru_cache(maxsize=8)
def _scaled_levels(mean: tuple[float, ...], std: tuple[float, ...]) -> Floats32:
    """Return the look-up table of each channel: its 256 levels, normalised as torchvision does."""
    scaled = np.tile(np.arange(256, dtype=np.float32) / np.float32(255), (3, 1))
    scaled -= np.array(mean, np.float32)[:, None]
    scaled /= np.array(std, np.float32)[:, None]
    return scaled


def resize_target(spec: EncoderSpec, sides: tuple[int, int]) -> tuple[int, int] | None:
    """Return the size that a picture is resized to before the rest of its preprocessing.

    Parameters
    ----------
    spec : EncoderSpec
        Resize and size.
    sides : tuple of two ints
        Width and height of the picture.

    Returns
    -------
    tuple of two ints or None
        None for a strip, of which only the middle is resized.
    """
    if spec.resize == "stretch":
        return spec.size, spec.size
    return (
        None if max(sides) > LONGEST_RATIO * min(sides) else _shortest_side_size(sides, spec.size)
    )


def network_input(image: Image.Image, spec: EncoderSpec) -> Floats32:
    """Preprocess a picture as the spec describes.

    Parameters
    ----------
    image : PIL.Image.Image
        A picture of any size; other modes are converted to RGB.
    spec : EncoderSpec
        Resize, crop, mean and std.

    Returns
    -------
    ndarray of shape (3, size, size), float32
    """
    picture = image if image.mode == "RGB" else image.convert("RGB")
    return to_chw(_fit_to_square(picture, spec), spec.mean, spec.std)


def _shortest_side_size(sides: tuple[int, int], size: int) -> tuple[int, int]:
    """Return width and height with a shortest side of `size`."""
    width, height = sides
    return int(size * width / min(sides)), int(size * height / min(sides))


def _fit_to_square(picture: Image.Image, spec: EncoderSpec) -> Image.Image:
    if spec.resize == "stretch":
        return stretch(picture, spec.size, spec.interpolation)
    if max(picture.size) > LONGEST_RATIO * min(picture.size):
        return _middle_of_strip(picture, spec.size, spec.interpolation)
    return center_crop(resize_shortest(picture, spec.size, spec.interpolation), spec.size)


def _middle_of_strip(image: Image.Image, size: int, interpolation: str) -> Image.Image:
    """Resize only the part that the crop keeps; the whole of a strip could be gigabytes."""
    kept = []
    for side in image.size:
        resized = int(size * side / min(image.size))
        start = round((resized - size) / 2.0)
        kept.append((start * side / resized, min((start + size) * side / resized, side)))
    (left, right), (top, bottom) = kept
    return image.resize((size, size), FILTERS[interpolation], (left, top, right, bottom))
