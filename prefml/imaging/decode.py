"""One decode of a picture: upright, eight-bit RGB, with the small copies that are measured."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from prefml.exceptions import ImageError
from prefml.imaging.plain import describes_itself_first, plain_pixels
from prefml.imaging.quiet import quiet_pillow

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "WORKING_SIDE",
    "Picture",
    "decode",
    "from_image",
    "pixel_count",
    "shrink",
    "upright_size",
]

WORKING_SIDE = 512
# No copy that is measured has to be smaller.
_SMALLEST_SIDE = 84
# To be raised when the working copy of a picture or its halves change, and with them all cues.
WORKING_VERSION = 3
MAX_PIXELS = 150_000_000
# Only these decoders are tried, whatever a file is called: Pillow's others include ones that
# start programs (EPS) or are rarely exercised.
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "TIFF", "GIF")


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        Red, green, blue; upright, full size.
    """

    pixels: NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Width of the upright picture in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height of the upright picture in pixels."""
        return int(self.pixels.shape[0])

    @cached_property
    def image(self) -> Image.Image:
        """The full size as Pillow's, mode RGB."""
        return Image.fromarray(self.pixels)

    def reduced(self, shortest: int) -> Image.Image:
        """Return a smaller copy that is large enough to be resized well.

        Averaging two by two pixels is far cheaper than a wide filter over the full size. What the
        averages blurred is restored, so that a bicubic filter gives nearly what it would have
        given.

        Parameters
        ----------
        shortest : int
            Pixels of the shortest side that the copy will be resized to.

        Returns
        -------
        PIL.Image.Image
            At least twice as large as asked; the picture itself where no half is.
        """
        enough = [level for level in self._halves if min(level.shape[:2]) >= 2 * shortest]
        return Image.fromarray(_restored(enough)) if len(enough) > 1 else self.image

    @cached_property
    def working(self) -> NDArray[np.uint8]:
        """Area-averaged copy, uint8 of shape (h, w, 3), longest side at most 512 pixels."""
        enough = [level for level in self._halves if max(level.shape[:2]) >= WORKING_SIDE]
        return shrink(enough[-1] if enough else self.pixels, WORKING_SIDE)

    @cached_property
    def _halves(self) -> list[NDArray[np.uint8]]:
        """The picture halved again and again, while both sides are even and it is large."""
        levels = [self.pixels]
        while min(levels[-1].shape[:2]) >= WORKING_SIDE and not any(
            side % 2 for side in levels[-1].shape[:2]
        ):
            levels.append(shrink(levels[-1], max(levels[-1].shape[:2]) // 2))
        return levels

    @cached_property
    def gray(self) -> NDArray[np.uint8]:
        """Luma of the working copy, uint8 of shape (h, w) (ITU-R BT.601)."""
        luma: NDArray[np.uint8] = cv2.cvtColor(self.working, cv2.COLOR_RGB2GRAY)
        return luma

    @cached_property
    def slopes(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Sobel derivatives of `gray`, across and down, int16 of shape (h, w)."""
        across, down = cv2.spatialGradient(self.gray)
        return np.asarray(across, np.int16), np.asarray(down, np.int16)

    @cached_property
    def ripple(self) -> NDArray[np.int16]:
        """Second differences of `gray` across and down, int16: what noise leaves of a picture."""
        second = np.array([1.0, -2.0, 1.0])
        return np.asarray(cv2.sepFilter2D(self.gray, cv2.CV_16S, second, second), np.int16)

    def small(self, side: int) -> NDArray[np.uint8]:
        """Return the smallest of the working copy and its halves that is still large enough.

        Parameters
        ----------
        side : int
            Pixels that its longest side must have.

        Returns
        -------
        ndarray of shape (h, w, 3), uint8
            The working copy itself where no half is large enough.
        """
        enough = [level for level in self._small if max(level.shape[:2]) >= side]
        return enough[-1] if enough else self.working

    @cached_property
    def _small(self) -> tuple[NDArray[np.uint8], ...]:
        """The working copy, halved again and again."""
        levels = [self.working]
        while min(levels[-1].shape[:2]) >= 2 and max(levels[-1].shape[:2]) >= 2 * _SMALLEST_SIDE:
            height, width = levels[-1].shape[:2]
            half = cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            levels.append(np.asarray(half, np.uint8))
        return tuple(levels)


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
    with _opened(path, max_pixels) as (file, image):
        # Read before the pixels: a PNG that holds more behind them is not decoded this way.
        pixels = plain_pixels(file, image)
        if pixels is not None:
            return Picture(_upright(pixels, _orientation(image)))
        file.seek(0)
        with Image.open(file, formats=FORMATS) as again:
            again.load()
            return from_image(again)


def upright_size(path: str | Path, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """Read from a picture's header how large it is when turned upright, without unpacking it.

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
    with _opened(path, max_pixels) as (file, image):
        if image.format == "PNG" and not describes_itself_first(file):
            file.seek(0)
            with Image.open(file, formats=FORMATS) as again:
                again.load()
                return _turned(again)
        return _turned(image)


def pixel_count(path: str | Path, max_pixels: int = MAX_PIXELS) -> int:
    """Read from a picture's header how many pixels it has.

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
    with _opened(path, max_pixels) as (_, image):
        return prod(image.size)


def from_image(image: Image.Image) -> Picture:
    """Make a picture from a loaded PIL image of any mode.

    Parameters
    ----------
    image : PIL.Image.Image
        A loaded image; it may carry an EXIF orientation, transparency and more than 8 bit.

    Returns
    -------
    Picture
    """
    return Picture(_upright(np.asarray(_to_rgb(image)), _orientation(image)))


def shrink(pixels: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Area-average pixels until the longest side is at most `longest`; never enlarge.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, 3) or (h, w)
        The picture.
    longest : int
        The limit in pixels.

    Returns
    -------
    ndarray
        The same array if it is small enough.
    """
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: NDArray[np.uint8] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def _restored(levels: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Undo what averaging took from the last level: to second order, the variance of a box.

    A box of n pixels has a variance of (n^2 - 1) / 12; in pixels n times as large, of
    (1 - n^-2) / 12. The kernel (-e, 1 + 2 e, -e) has one of -2 e.
    """
    edge = (1 - 4.0 ** (1 - len(levels))) / 24
    kernel = np.array([-edge, 1 + 2 * edge, -edge])
    return np.asarray(cv2.sepFilter2D(levels[-1], -1, kernel, kernel), np.uint8)


@contextmanager
def _opened(path: str | Path, max_pixels: int) -> Iterator[tuple[BinaryIO, Image.Image]]:
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
            raise ImageError(f"{path}: {_reason(error)}", "a readable picture") from error


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


def _reason(error: Exception) -> str:
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


def _turned(image: Image.Image) -> tuple[int, int]:
    lying = _orientation(image) in _LYING
    return (image.height, image.width) if lying else (image.width, image.height)


# EXIF orientation -> whether to swap the axes, then which of them to reverse.
_TURNS: dict[int, tuple[bool, tuple[int, ...]]] = {
    2: (False, (1,)),
    3: (False, (0, 1)),
    4: (False, (0,)),
    5: (True, ()),
    6: (True, (1,)),
    7: (True, (0, 1)),
    8: (True, (0,)),
}
_LYING = {orientation for orientation, (swapped, _) in _TURNS.items() if swapped}


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    swapped, reversed_axes = _TURNS.get(orientation, (False, ()))
    turned = pixels.swapaxes(0, 1) if swapped else pixels
    return np.ascontiguousarray(np.flip(turned, reversed_axes) if reversed_axes else turned)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode == "F" or image.mode.startswith("I"):
        return _deep_to_rgb(image)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


# White of deep channels: unit floats, 8-bit and 16-bit values kept as floats.
_FLOAT_RANGES = (1.0, 255.0, 65535.0)


def _deep_to_rgb(image: Image.Image) -> Image.Image:
    """Scale one deep channel to 8 bit by the range that its values show."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0, neginf=0)
    top = float(values.max(initial=0))
    limits = _FLOAT_RANGES if image.mode == "F" else _FLOAT_RANGES[-1:]
    white = next((limit for limit in limits if top <= limit), max(top, 1.0))
    gray = np.clip(np.rint(values * (255.0 / white)), 0, 255).astype(np.uint8)
    return Image.fromarray(gray).convert("RGB")
