"""Decode image files to upright 8-bit sRGB pixels, whatever the file holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from prefml._typing import Pixels
from prefml.imaging.codecs import decode_with_codec
from prefml.imaging.colour import convert_pixels, has_foreign_profile, to_srgb
from prefml.imaging.colour_key import is_misread, with_alpha
from prefml.imaging.formats import codec_names
from prefml.imaging.opening import MAX_PIXELS, open_image, orientation_of, read_header
from prefml.imaging.picture import Picture

__all__ = [
    "DECODING_VERSION",
    "MAX_PIXELS",
    "decode",
    "from_image",
    "is_decoded_anew",
    "upright_size",
]

# To be raised when some files give other pixels than before; `is_decoded_anew` says which.
DECODING_VERSION = 2


def decode(path: str | Path, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decode a picture by its content, whatever its name says.

    The picture is turned upright by its EXIF orientation. Transparent parts are laid on white,
    as a viewer shows them (dropping the alpha channel would reveal whatever colour the hidden
    pixels happen to hold). 16-bit channels are scaled to 8 bit, CMYK is converted (Adobe's
    inverted JPEGs too), of an animation the first frame is taken. Colours are converted to sRGB
    where a profile in the file says that they are others.

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
    with open_image(path, max_pixels) as (file, image):
        # Read before the pixels: a PNG that holds more behind them is not decoded this way.
        pixels = decode_with_codec(file, image)
        if pixels is not None:
            converted = convert_pixels(pixels, image)
            return Picture(_apply_orientation(converted, orientation_of(image)))
        file.seek(0)
        with Image.open(file, formats=codec_names()) as again:
            again.load()
            pixels = np.asarray(_to_rgb(with_alpha(again, file)))
            return Picture(_apply_orientation(pixels, orientation_of(again)))


def is_decoded_anew(path: str | Path, version: int) -> bool:
    """Tell whether a file gives other pixels than an earlier version of decoding gave.

    Parameters
    ----------
    path : str or Path
        The file.
    version : int
        A `DECODING_VERSION`: 1 left colour profiles and transparent colours of 2, 4 or 16 bits
        aside.

    Returns
    -------
    bool

    Raises
    ------
    ImageError
        As `decode`, as far as the header tells.
    """
    if version >= DECODING_VERSION:
        return False
    with open_image(path) as (file, image):
        return has_foreign_profile(image) or is_misread(image, file)


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
    return read_header(path, max_pixels).size


def from_image(image: Image.Image) -> Picture:
    """Convert a loaded PIL image of any mode to a picture.

    Parameters
    ----------
    image : PIL.Image.Image
        A loaded image; it may carry an EXIF orientation, a colour profile, transparency and more
        than 8 bit.

    Returns
    -------
    Picture
    """
    return Picture(_apply_orientation(np.asarray(_to_rgb(image)), orientation_of(image)))


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


def _apply_orientation(pixels: Pixels, orientation: int) -> Pixels:
    swapped, reversed_axes = _ORIENTATIONS.get(orientation, (False, ()))
    turned = pixels.swapaxes(0, 1) if swapped else pixels
    return np.ascontiguousarray(np.flip(turned, reversed_axes) if reversed_axes else turned)


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to sRGB, laid on white where it is transparent."""
    if image.mode == "LAB":
        # Its colours are those of no device: no profile applies to them.
        return image.convert("RGB")
    if image.mode == "F" or image.mode.startswith("I"):
        image = _scale_to_8_bits(image)
    transparent = image.has_transparency_data
    if image.mode in ("1", "L", "LA", "La"):
        image = image.convert("LA" if transparent else "L")
    elif image.mode != "CMYK":
        image = image.convert("RGBA" if transparent else "RGB")
    converted = to_srgb(image)
    return _composite_on_white(converted) if transparent else converted.convert("RGB")


def _composite_on_white(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


# White of channels of more than 8 bits: unit floats, 8-bit and 16-bit values kept as floats.
_WHITE_LEVELS = (1.0, 255.0, 65535.0)


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    """Scale one channel of more than 8 bits to 8, by the white level that its values imply."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    top = float(values.max(initial=0))
    limits = _WHITE_LEVELS if image.mode == "F" else _WHITE_LEVELS[-1:]
    white = next((limit for limit in limits if top <= limit), max(top, 1.0))
    gray = Image.fromarray(np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8))
    gray.info = dict(image.info)
    return gray
