"""Convert pictures to sRGB by the colour profile inside them, with littleCMS."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from prefml._typing import Pixels

__all__ = ["convert_pixels", "has_foreign_profile", "to_srgb"]

# Levels by which rounding alone may move a colour: all profiles of sRGB itself stay below.
_ROUNDING = 2
_GRID = np.linspace(0, 255, 18).round().astype(np.uint8)
# The modes that littleCMS takes: those of the profile's own channels, and grey.
_PROBES: dict[str, Pixels] = {
    "L": np.arange(256, dtype=np.uint8)[None],
    "RGB": np.stack(np.meshgrid(_GRID, _GRID, _GRID, indexing="ij"), -1).reshape(1, -1, 3),
}


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert the colours of a picture to sRGB, if a profile says that they are others.

    Perceptual intent, as `PIL.ImageCms.profileToProfile` and browsers do. A profile of other
    channels than the picture's, or one that littleCMS cannot read, says nothing about its colours.

    Parameters
    ----------
    image : PIL.Image.Image
        A loaded picture of modes L, LA, RGB, RGBA or CMYK.

    Returns
    -------
    PIL.Image.Image
        The same object where there is nothing to convert, else RGB, or RGBA with its own alpha.
    """
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    mode = image.mode.removesuffix("A")
    transform = _transform_of(image, mode)
    if transform is None:
        return image
    converted = ImageCms.applyTransform(image.convert(mode), transform)
    assert converted is not None
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def convert_pixels(pixels: Pixels, image: Image.Image) -> Pixels:
    """Convert pixels that were decoded elsewhere as `to_srgb` converts those of an image.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, 3), uint8
        Red, green, blue.
    image : PIL.Image.Image
        The same picture, opened, with its profile.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
        The same array where there is nothing to convert.
    """
    transform = _transform_of(image, "RGB")
    if transform is None:
        return pixels
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform), np.uint8)


def has_foreign_profile(image: Image.Image) -> bool:
    """Tell whether decoding converts the colours of a picture.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, loaded or not.

    Returns
    -------
    bool
    """
    return any(_transform_of(image, mode) is not None for mode in ("L", "RGB", "CMYK"))


def _transform_of(image: Image.Image, mode: str) -> ImageCms.ImageCmsTransform | None:
    profile = image.info.get("icc_profile")
    return _transform(profile, mode) if isinstance(profile, bytes) and profile else None


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the transform from a profile to sRGB; None where colours stay as they are."""
    try:
        found = ImageCms.ImageCmsProfile(BytesIO(profile))
        # Pictures are decoded in threads, which share it: it must not remember the last colour.
        transform = ImageCms.buildTransform(
            found, ImageCms.createProfile("sRGB"), mode, "RGB", flags=ImageCms.Flags.NOCACHE
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    probe = _PROBES.get(mode)
    if probe is None:
        return transform
    given = Image.fromarray(probe)
    moved = np.asarray(ImageCms.applyTransform(given, transform), np.int16)
    return transform if np.abs(moved - np.asarray(given.convert("RGB"))).max() > _ROUNDING else None
