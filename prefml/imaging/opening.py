"""Open picture files by their content, and read what their headers say."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from prefml.exceptions import ImageError
from prefml.imaging.codecs import metadata_precedes_pixels
from prefml.imaging.formats import codec_names
from prefml.imaging.jxl import stored_size
from prefml.imaging.png import with_metadata_first
from prefml.imaging.quiet import TEXT_LIMIT, quiet_pillow
from prefml.imaging.signature import format_of

__all__ = [
    "AXES_SWAPPED",
    "MAX_PIXELS",
    "Header",
    "has_more_frames",
    "header_of",
    "open_head",
    "open_image",
    "orientation_of",
    "read_header",
]

MAX_PIXELS = 150_000_000
# EXIF orientations that are not upright.
_TURNED = range(2, 9)
# Those that turn a picture on its side.
AXES_SWAPPED = frozenset({5, 6, 7, 8})
# Their files hold further views of one picture, such as a gain map, not further pictures.
_ONE_PICTURE = ("JPEG", "MPO")


@dataclass(frozen=True)
class Header:
    """Facts about a picture that are known without unpacking it.

    Attributes
    ----------
    size : tuple of int
        Width and height of the upright picture in pixels.
    more_frames : bool
        Whether the file is an animation or has several pages, of which the first is taken.
    """

    size: tuple[int, int]
    more_frames: bool


def read_header(path: str | Path, max_pixels: int = MAX_PIXELS) -> Header:
    """Read what the header of a picture says.

    Parameters
    ----------
    path : str or Path
        The file.
    max_pixels : int
        Refuse pictures with more pixels than this.

    Returns
    -------
    Header

    Raises
    ------
    ImageError
        As `prefml.imaging.decode.decode`, as far as the header tells.
    """
    with open_head(path, max_pixels) as image:
        return header_of(image)


def header_of(image: Image.Image) -> Header:
    """Return what the header of a picture says.

    Parameters
    ----------
    image : PIL.Image.Image
        From `open_head`.

    Returns
    -------
    Header
    """
    # Asking for further frames moves in the file, so it comes last.
    return Header(_upright_size(image), has_more_frames(image))


@contextmanager
def open_head(path: str | Path, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open a picture for its metadata alone, those of a PNG that follow the pixels among them.

    Parameters
    ----------
    path, max_pixels
        As for `open_image`.

    Yields
    ------
    PIL.Image.Image
        Not to be loaded: a PNG may be without its pixels.

    Raises
    ------
    ImageError
        As `open_image`.
    """
    with open_image(path, max_pixels) as (file, image):
        if image.format == "PNG" and not metadata_precedes_pixels(file):
            with Image.open(with_metadata_first(file), formats=("PNG",)) as again:
                yield again
        else:
            yield image


@contextmanager
def open_image(
    path: str | Path, max_pixels: int = MAX_PIXELS
) -> Iterator[tuple[BinaryIO, Image.Image]]:
    """Open a picture by prefml's own decoders, and turn whatever goes wrong into an `ImageError`.

    Parameters
    ----------
    path : str or Path
        The file, a regular one.
    max_pixels : int
        Refuse pictures with more pixels than this, before they are unpacked.

    Yields
    ------
    file : binary file
        The whole file.
    image : PIL.Image.Image
        The same file, opened and not yet loaded.

    Raises
    ------
    ImageError
        Also for errors inside the block, but not for those of the disk in other files.
    """
    with quiet_pillow():
        try:
            with _open_regular(path) as file:
                _check_size(stored_size(file), path, max_pixels)
                file.seek(0)
                with Image.open(file, formats=codec_names()) as image:
                    _check_size(image.size, path, max_pixels)
                    yield file, image
        except ImageError:
            raise
        except UnidentifiedImageError as error:
            raise _unknown_format(path) from error
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


def _check_size(size: tuple[int, int], path: str | Path, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageError(
            f"{path}: {width}x{height} pixels",
            f"at most {max_pixels} pixels",
            "raise images.max_pixels in prefml.toml",
        )


def _unknown_format(path: str | Path) -> ImageError:
    kind = format_of(Path(path))
    if kind is None or kind.is_read:
        return ImageError(f"{path}: not a picture of a known format", "a readable picture")
    return ImageError(f"{path}: {kind.name}, which is not read here", run=kind.advice)


def _describe_error(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if "MAX_TEXT" in str(error):
        return f"text of more than {TEXT_LIMIT >> 20} MiB; save it again without its metadata"
    return f"{type(error).__name__}: {error}"


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation that still has to be applied to a picture's pixels.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, loaded or not.

    Returns
    -------
    int
        1 where the pixels are upright, or nothing readable says that they are not.
    """
    if image.format == "JXL" and not getattr(image, "jpeg", False):
        # Its decoder has turned it: the EXIF of a JPEG XL does not count (ISO/IEC 18181-2).
        return 1
    try:
        # The base class's method: that of a PNG unpacks all pixels in search of what follows them.
        stated = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except Exception:
        # Damaged EXIF says nothing about the pixels.
        return 1
    # Compared and not converted: a text or bytes turn no picture, as in `ImageOps.exif_transpose`.
    return next((known for known in _TURNED if known == stated), 1)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    tags = getattr(image, "tag_v2", None)
    # Pillow has swapped the sides of a TIFF that is not loaded, and not yet forgotten why.
    stored = (tags[256], tags[257]) if tags and 256 in tags and 257 in tags else image.size
    width, height = int(stored[0]), int(stored[1])
    return (height, width) if orientation_of(image) in AXES_SWAPPED else (width, height)


def has_more_frames(image: Image.Image) -> bool:
    """Tell whether a file is an animation or has several pages.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened, loaded or not.

    Returns
    -------
    bool
    """
    if image.format in _ONE_PICTURE:
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:
        # What is wrong with a second page says nothing about the first.
        return False
