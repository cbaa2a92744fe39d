"""Write a cropped copy of a picture that keeps what the original says about itself."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps

from prefml.apply.metadata import kept_metadata
from prefml.apply.samples import samples_obstacle
from prefml.boxes import to_pixels
from prefml.exceptions import ImageError
from prefml.files import DISK_ERRORS
from prefml.imaging.opening import AXES_SWAPPED, open_image, orientation_of

__all__ = ["crop_obstacle", "crop_pixels", "write_cropped"]


def crop_pixels(box: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Round a crop box to whole pixels.

    A box of the picture's own aspect keeps it to the pixel; one of another aspect keeps its own.

    Parameters
    ----------
    box : sequence of 4 floats
        x1, y1, x2, y2 in fractions of the upright picture.
    size : tuple of int
        Width and height of the upright picture in pixels.

    Returns
    -------
    tuple of int
        Left, top, right, bottom.
    """
    width, height = size
    across, down = (box[2] - box[0]) * width, (box[3] - box[1]) * height
    kept = abs(across - down * width / height) <= max(1.0, width / height) + 0.5
    return to_pixels(box, size, None if kept else across / down)


def write_cropped(
    source: Path, target: Path, box: Sequence[float], max_pixels: int
) -> tuple[int, int]:
    """Write the part of a picture inside a box, in the format of the picture.

    Kept: PNG text and colour chunks, EXIF, IPTC, XMP, the colour profile, resolution, the JPEG's
    own quantisation tables (so that its quality stays), lossless WebP as such, bit depth, palette,
    alpha and the colours under it. A picture with an EXIF orientation is turned upright and its
    orientation entry removed, as are entries on the size of the whole and small copies of it.

    Parameters
    ----------
    source : Path
        The original, which is only read.
    target : Path
        Where to write.
    box : sequence of 4 floats
        x1, y1, x2, y2 in fractions of the upright picture.
    max_pixels : int
        Refuse pictures with more pixels.

    Returns
    -------
    tuple of int
        Width and height of what was written.

    Raises
    ------
    ImageError
        If the picture cannot be read, is larger than allowed, or cannot be written without loss
        of depth or frames.
    """
    with _disk_errors_apart(), open_image(source, max_pixels) as (file, image):
        if obstacle := samples_obstacle(image, file):
            raise ImageError(f"{source} {obstacle}", "a picture that can be cropped")
        image.load()
        upright = ImageOps.exif_transpose(image)
        part = upright.crop(crop_pixels(box, upright.size))
        orientation = orientation_of(image)
        kind = "JPEG" if image.format == "MPO" else str(image.format)
        options = kept_metadata(image, upright.info, source, orientation != 1, part.size)
        part.save(target, format=kind, **options)
        if "jfif_unit" in image.info:
            _keep_density(target, image, orientation in AXES_SWAPPED)
    return part.size


def crop_obstacle(source: Path, max_pixels: int) -> str | None:
    """Say what keeps a picture from being cropped without loss, from its header alone.

    Parameters
    ----------
    source : Path
        The original.
    max_pixels : int
        Refuse pictures with more pixels.

    Returns
    -------
    str or None
        None if nothing does.
    """
    try:
        with open_image(source, max_pixels) as (file, image):
            return samples_obstacle(image, file)
    except ImageError as error:
        return f"cannot be cropped: {str(error).removeprefix(f'{source}: ')}"


def _keep_density(target: Path, image: Image.Image, on_its_side: bool) -> None:
    """Write the resolution as it stood: Pillow knows no unit but inches, and only square pixels.

    The segment is the first, if Pillow has written one (JFIF 1.02, "JFIF APP0 marker segment").
    """
    across, down = image.info["jfif_density"][:: -1 if on_its_side else 1]
    with target.open("r+b") as file:
        if file.read(13)[6:11] == b"JFIF\0":
            file.seek(13)
            file.write(struct.pack(">BHH", image.info["jfif_unit"], across, down))


@contextmanager
def _disk_errors_apart() -> Iterator[None]:
    """Let errors of the disk through as they are: no picture is to blame for them."""
    try:
        yield
    except ImageError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in DISK_ERRORS:
            raise cause from None
        raise
