"""Write a cropped copy of a picture that keeps what the original says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import ExifTags, Image, ImageOps

from prefml.apply.metadata import bits_per_channel, kept_metadata
from prefml.boxes import to_pixels
from prefml.exceptions import ImageError
from prefml.files import DISK_ERRORS
from prefml.imaging.decode import FORMATS
from prefml.imaging.quiet import quiet_pillow

__all__ = ["crop_pixels", "write_cropped"]


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
    try:
        with quiet_pillow(), Image.open(source, formats=FORMATS) as image:
            _check(image, source, max_pixels)
            image.load()
            upright = ImageOps.exif_transpose(image)
            part = upright.crop(crop_pixels(box, upright.size))
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            kind = "JPEG" if image.format == "MPO" else str(image.format)
            options = kept_metadata(image, upright.info, source, turned, part.size)
            part.save(target, format=kind, **options)
    except ImageError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            raise
        # Damage can make Pillow raise nearly anything, when it reads and when it writes.
        said = f"{type(error).__name__}: {error}"
        raise ImageError(f"{source}: {said}", "a picture that can be cropped") from error
    return part.size


def _check(image: Image.Image, source: Path, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise ImageError(f"{source}: {image.width}x{image.height} pixels", f"at most {max_pixels}")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ImageError(f"{source} has several frames", "one frame", "crop it by hand")
    with source.open("rb") as file:
        bits = bits_per_channel(image, file)
    if bits > 8 and image.mode in ("RGB", "RGBA", "LA"):
        raise ImageError(f"{source} has {bits} bits a channel", "8 bits", "crop it by hand")
