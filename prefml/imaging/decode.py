"""Decode image files to upright 8-bit RGB pixels, whatever the file holds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from prefml._typing import Pixels
from prefml.exceptions import ImageError
from prefml.imaging.codecs import decode_with_codec, metadata_precedes_pixels
from prefml.imaging.picture import Picture
from prefml.imaging.quiet import quiet_pillow

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "decode",
    "from_image",
    "pixel_count",
    "upright_size",
]

MAX_PIXELS = 150_000_000
# Only these decoders are tried, whatever a file is called: Pillow's others include ones that
# start programs (EPS) or are rarely exercised.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "GIF")


def decode(path: str | Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode a picture by its content, whatever its name says.

    The picture is turned upright by its EXIF orientation. Transparent parts are laid on white,
    as a viewer shows them (dropping the alpha channel would reveal whatever colour the hidden
    pixels happen to hold). 16-bit channels are scaled to 8 bit, CMYK is converted (Adobe's
    inverted JPEGs too), of an animation the first frame is taken. Colour profiles are not applied.

    Parameters
    ----------
    path : str or Path
        The file.
    max_pixels : int
        Refuse pictures with more pixels than this, before they are unpacked.

    Returns
    -------
    Picture

    Raises
    ------
    ImageError
        If the file is missing, not a regular file, unreadable, not a picture, broken or truncated,
        or larger than `max_pixels`.
    """
    with _open_image(path, max_pixels) as (file, image):
        # Read before the pixels: a PNG that holds more behind them is not decoded this way.
        pixels = decode_with_codec(file, image)
        if pixels is not None:
            return Picture(_apply_orientation(pixels, _orientation(image)))
        file.seek(0)
        with Image.open(file, formats=FORMATS) as again:
            again.load()
            return from_image(again)


def upright_size(path: str | Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Read the upright size of a picture from its header, without decoding the pixels.

    Parameters
    ----------
    path : str or Path
        The file.
    max_pixels : int
        Refuse pictures with more pixels than this.

    Returns
    -------
    tuple of int
        Width and height in pixels.

    Raises
    ------
    ImageError
        As `decode`, as far as the header tells.
    """
    with _open_image(path, max_pixels) as (file, image):
        if image.format == "PNG" and not metadata_precedes_pixels(file):
            file.seek(0)
            with Image.open(file, formats=FORMATS) as again:
                again.load()
                return _upright_dimensions(again)
        return _upright_dimensions(image)


def pixel_count(path: str | Path, max_pixels: int = MAX_PIXELS) -> int:
    """Read the number of pixels of a picture from its header.

    Parameters
    ----------
    path : str or Path
        The file.
    max_pixels : int
        Refuse pictures with more pixels than this.

    Returns
    -------
    int

    Raises
    ------
    ImageError
        As `decode`, as far as the header tells.
    """
    with _open_image(path, max_pixels) as (_, image):
        return prod(image.size)


def from_image(image: Image.Image) -> Picture:
    """Convert a loaded PIL image of any mode to a picture.

    Parameters
    ----------
    image : PIL.Image.Image
        A loaded image; it may carry an EXIF orientation, transparency and more than 8 bit.

    Returns
    -------
    Picture
    """
    return Picture(_apply_orientation(np.asarray(_to_rgb(image)), _orientation(image)))


@contextmanager
def _open_image(path: str | Path, max_pixels: int) -> Iterator[tuple[BinaryIO, Image.Image]]:
    """Open a picture, and turn whatever goes wrong with it into an `ImageError`."""
    with quiet_pillow():
        try:
            with _open_regular(path) as file, Image.open(file, formats=FORMATS) as image:
                _check_size(image, path, max_pixels)
                yield file, image
        except ImageError:
            raise
        except Exception as error:
            # A damaged file can make a decoder raise nearly anything; none of it is fatal here.
            raise ImageError(f"{path}: {_describe_error(error)}", "a readable picture") from error


@contextmanager
def _open_regular(path: str | Path) -> Iterator[BinaryIO]:
    """Open a regular file; a FIFO or device is refused without waiting for its other end."""
    descriptor = os.open(
        path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{path}: not a regular file", "a picture")
        if status.st_size == 0:
            raise ImageError(f"{path}: empty file", "a picture")
        yield file


def _check_size(image: Image.Image, path: str | Path, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise ImageError(
            f"{path}: {image.width}x{image.height} pixels",
            f"at most {max_pixels} pixels",
            "raise images.max_pixels in prefml.toml",
        )


def _describe_error(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not a picture of a known format"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"


def _orientation(image: Image.Image) -> int:
    try:
        # The base class's method: that of a PNG unpacks all pixels in search of what follows them.
        return int(Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Damaged EXIF says nothing about the pixels.
        return 1


def _upright_dimensions(image: Image.Image) -> tuple[int, int]:
    lying = _orientation(image) in _AXES_SWAPPED
    return (image.height, image.width) if lying else (image.width, image.height)


# EXIF orientation -> whether to swap the axes, then which of them to reverse.
_ORIENTATIONS: dict[int, tuple[bool, tuple[int, ...]]] = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}
_AXES_SWAPPED = {orientation for orientation, (swapped, _) in _ORIENTATIONS.items() if swapped}


def _apply_orientation(pixels: Pixels, orientation: int) -> Pixels:
    swapped, reversed_axes = _ORIENTATIONS.get(orientation, (False, ()))
    turned = pixels.swapaxes(0, 1) if swapped else pixels
    return np.ascontiguousarray(np.flip(turned, reversed_axes) if reversed_axes else turned)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        return _high_bit_depth_to_rgb(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _composite_on_white(image.convert("RGBA"))
    return image.convert("RGB")


def _composite_on_white(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


# White of channels of more than 8 bits: unit floats, 8-bit and 16-bit values kept as floats.
_WHITE_LEVELS = (1.0, 255.0, 65535.0)


def _high_bit_depth_to_rgb(image: Image.Image) -> Image.Image:
    """Scale one channel of more than 8 bits to 8, by the white level that its values imply."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    top = float(values.max(initial=0))
    limits = _WHITE_LEVELS if image.mode == "F" else _WHITE_LEVELS[-1:]
    white = next((limit for limit in limits if top <= limit), max(top, 1.0))
    gray = np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)
    return Image.fromarray(gray).convert("RGB")
