"""Encode pixels as PNG and JPEG files, in the usual encodings and in a few unusual ones."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prefml._typing import Pixels

__all__ = ["encode"]

_ORIENTATION = 0x0112
_TURNED_LEFT = 6
_JPEG_QUALITY = 90
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 4]


def encode(pixels: Pixels, extension: str, encoding: str | None = None) -> bytes:
    """Encode a picture.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.
    extension : str
        `.png` or `.jpg`.
    encoding : str, optional
        `palette`, `sixteen_bit` or `alpha` for PNG, `exif_rotated` or `cmyk` for JPEG.

    Returns
    -------
    bytes
        Content of the file.
    """
    if encoding:
        return _UNUSUAL[encoding](pixels)
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    return _with_cv2(pixels, extension, {".png": _PNG, ".jpg": jpeg}[extension])


def _with_cv2(pixels: NDArray[np.uint8 | np.uint16], extension: str, options: list[int]) -> bytes:
    return bytes(cv2.imencode(extension, pixels[..., ::-1], options)[1])


def _with_pillow(image: Image.Image, kind: str, **options: int | Image.Exif) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _exif_rotated(pixels: Pixels) -> bytes:
    turned = Image.fromarray(pixels).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURNED_LEFT
    return _with_pillow(turned, "JPEG", quality=_JPEG_QUALITY, exif=exif)


_UNUSUAL: dict[str, Callable[[Pixels], bytes]] = {
    "palette": lambda pixels: _with_pillow(Image.fromarray(pixels).quantize(256), "PNG"),
    "sixteen_bit": lambda pixels: _with_cv2(pixels.astype(np.uint16) * 257, ".png", _PNG),
    "alpha": lambda pixels: _with_pillow(
        Image.fromarray(pixels).convert("RGBA"), "PNG", compress_level=4
    ),
    "exif_rotated": _exif_rotated,
    "cmyk": lambda pixels: _with_pillow(
        Image.fromarray(pixels).convert("CMYK"), "JPEG", quality=_JPEG_QUALITY
    ),
}
