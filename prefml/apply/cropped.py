"""Write a cropped copy of a picture that keeps what the original says about itself."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from PIL import ExifTags, Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from PIL.PngImagePlugin import PngInfo

from prefml.boxes import to_pixels
from prefml.exceptions import ImageError

__all__ = ["crop_pixels", "write_cropped"]

# What Pillow keeps beside the pixels, as `Image.info` holds it.
Info: TypeAlias = Mapping[str | tuple[int, int], object]

# Written back as they are; what Pillow writes itself (iCCP, eXIf, pHYs) is passed as options.
_PNG_KEPT = {b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP"}
_XMP = "XML:com.adobe.xmp"
# A TIFF's entries on how its pixels are laid out, which describe the original's: TIFF 6.0, the
# baseline and extension tags on strips, tiles, colour tables, samples and JPEG.
_TIFF_LAYOUT = {
    *range(254, 260), *range(262, 267), 273, *range(277, 285), 317, *range(320, 326), 338, 339,
    340, 341, 347, *range(512, 522), *range(529, 533), 34675,
}  # fmt: skip
# Text chunks that repeat the orientation, which no longer holds once a picture is turned.
_ORIENTED = (_XMP.encode(), b"Raw profile type exif", b"Raw profile type APP1")


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

    Kept: PNG text and colour chunks, EXIF, the colour profile, resolution, the JPEG's own
    quantisation tables (so that its quality stays), bit depth and palette. A picture with an EXIF
    orientation is turned upright and its orientation entry removed.

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
    # `max_pixels` is the limit here, and not Pillow's warning.
    hush = warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)
    try:
        with hush, Image.open(source) as image:
            _check(image, source, max_pixels)
            image.load()
            upright = ImageOps.exif_transpose(image)
            part = upright.crop(crop_pixels(box, upright.size))
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
            kind = "JPEG" if image.format == "MPO" else str(image.format)
            part.save(target, format=kind, **_options(image, upright.info, source, turned))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{source}: {error}", "a picture that can be cropped") from error
    return part.size


def _check(image: Image.Image, source: Path, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise ImageError(f"{source}: {image.width}x{image.height} pixels", f"at most {max_pixels}")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ImageError(f"{source} has several frames", "one frame", "crop it by hand")
    raw = "".join(str(tile[3]) for tile in getattr(image, "tile", ()))
    if "16" in raw and image.mode in ("RGB", "RGBA", "LA"):
        raise ImageError(f"{source} has 16 bits a channel", "8 bits", "crop it by hand")


def _options(image: Image.Image, info: Info, source: Path, turned: bool) -> dict[str, object]:
    """Return what `save` needs to keep what the original says about itself."""
    options = {"icc_profile": info.get("icc_profile"), "dpi": info.get("dpi")}
    if "exif" in info or image.getexif():
        options["exif"] = _exif(image, info, turned)
    if isinstance(image, JpegImageFile):
        options |= _jpeg_options(image, info)
    elif image.format == "PNG":
        options["pnginfo"] = _png_chunks(info, source, turned)
    elif image.format == "WEBP":
        with source.open("rb") as file:
            lossless = b"VP8L" in file.read(64)
        options |= {"lossless": lossless, "quality": 95, "method": 4, "xmp": info.get("xmp")}
    elif image.format == "TIFF":
        options["compression"] = info.get("compression")
    return {name: value for name, value in options.items() if value is not None}


def _exif(image: Image.Image, info: Info, turned: bool) -> bytes:
    raw = info.get("exif")
    if not turned and isinstance(raw, bytes):
        return raw
    exif = image.getexif()
    exif.pop(ExifTags.Base.Orientation, None)
    if image.format == "TIFF":
        for tag in _TIFF_LAYOUT & set(exif):
            del exif[tag]
    return exif.tobytes()


def _jpeg_options(image: JpegImageFile, info: Info) -> dict[str, object]:
    sampling = get_sampling(image)
    return {
        "qtables": image.quantization,
        "subsampling": sampling if sampling >= 0 else 0,
        "progressive": bool(info.get("progressive")),
        "comment": info.get("comment"),
        "xmp": info.get("xmp"),
    }


def _png_chunks(info: Info, source: Path, turned: bool) -> PngInfo:
    chunks = PngInfo()
    for name, data in _read_chunks(source):
        if not (turned and data.startswith(_ORIENTED)):
            chunks.add(name, data)
    xmp = info.get(_XMP)
    if turned and isinstance(xmp, str | bytes):
        chunks.add_itxt(_XMP, xmp)
    return chunks


def _read_chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks that are kept, as they stand in the file."""
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            if name in _PNG_KEPT:
                yield name, file.read(length)
                file.seek(4, 1)
            else:
                file.seek(length + 4, 1)
