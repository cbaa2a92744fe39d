"""Carry over to a cropped copy what a picture says about itself, and name what cannot be."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from PIL import ExifTags, Image, TiffTags
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from prefml.apply import exif, xmp
from prefml.apply.containers import lost_of_bmp, lost_of_gif, lost_of_webp, webp_chunks
from prefml.exceptions import ImageError
from prefml.imaging.opening import open_image
from prefml.imaging.png import chunk_heads

__all__ = ["kept_metadata", "lost_metadata"]

# What Pillow keeps beside the pixels, as `Image.info` holds it.
Info: TypeAlias = Mapping[str | tuple[int, int], object]

# Written back as they are; what Pillow writes itself (iCCP, eXIf, pHYs) is passed as options.
_BACKGROUND = b"bKGD"
_PNG_KEPT = {
    b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP", b"sPLT", _BACKGROUND,
}  # fmt: skip
# Kept by Pillow, or about pixels that are written anew.
_PNG_HANDLED = _PNG_KEPT | {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"eXIf", b"pHYs", b"tIME", b"hIST",
}  # fmt: skip
_XMP = "XML:com.adobe.xmp"
# A TIFF's entries on how its pixels are laid out, which describe the original's: TIFF 6.0, the
# baseline and extension tags on strips, tiles, colour tables, samples and JPEG.
_TIFF_LAYOUT = {
    *range(254, 260), *range(262, 267), 273, *range(277, 285), 317, *range(320, 326), 330, 338,
    339, 340, 341, 347, *range(512, 522), *range(529, 533), 34675,
}  # fmt: skip
_SAMPLES_PER_PIXEL, _SUB_DIRECTORIES = 277, 330
# Pillow's names of what packs a TIFF without loss.
_TIFF_LOSSLESS = {
    "raw", "tiff_ccitt", "group3", "group4", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate",
    "packbits", "lzma", "zstd",
}  # fmt: skip
_XMP_TAG, _IPTC_TAG, _MAKER_NOTE = 700, 33723, 37500
_UNDEFINED = 7
# EXIF entries on the size in pixels: 0 across, 1 down.
_SIZES = {
    ExifTags.Base.ImageWidth: 0,
    ExifTags.Base.ImageLength: 1,
    ExifTags.Base.ExifImageWidth: 0,
    ExifTags.Base.ExifImageHeight: 1,
}
# Text chunks that repeat the orientation, which no longer holds once a picture is turned.
_ORIENTED = (_XMP.encode(), b"Raw profile type exif", b"Raw profile type APP1")
_COMMENT = 0xFE
# Segments of a JPEG that Pillow writes itself: JFIF, EXIF and XMP, profiles, Adobe's colours.
_JPEG_WRITTEN = {
    0xE0: (b"JFIF\0", b"JFXX\0"),
    0xE1: (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"),
    0xE2: (b"ICC_PROFILE\0",),
    0xEE: (b"Adobe",),
}
# Segments that describe the bytes or the whole frame of the original: further pictures behind
# it (MPF), signatures over its content (C2PA in JUMBF).
_JPEG_BOUND = {0xE2: ((b"MPF\0", "further pictures in the file"),), 0xEB: ((b"JP", "a signature"),)}
_PNG_BOUND = {b"caBX": "a signature", b"acTL": "an animation"}
_IPTC = b"Photoshop 3.0\0"
# Resources of Photoshop that hold a small copy of the whole picture.
_PHOTOSHOP_THUMBNAILS = {1033, 1036}


def kept_metadata(
    image: Image.Image, info: Info, path: Path, turned: bool, size: tuple[int, int]
) -> dict[str, object]:
    """Return the options of `Image.save` that keep what the original says about itself.

    Parameters
    ----------
    image : PIL.Image.Image
        The original, loaded.
    info : mapping
        Of the upright picture.
    path : Path
        The original's file.
    turned : bool
        Whether the orientation was applied, so that it no longer holds.
    size : tuple of int
        Width and height of the cropped copy in pixels.

    Returns
    -------
    dict of str to object
    """
    options: dict[str, object] = {"icc_profile": info.get("icc_profile"), "dpi": info.get("dpi")}
    if isinstance(image, TiffImageFile):
        return options | {
            "tiffinfo": _tiff_tags(image, info, path, size),
            "compression": _packing(image),
        }
    options["exif"] = _exif(image, turned, size)
    if isinstance(image, JpegImageFile):
        options |= _jpeg_options(image, info, path, size)
    elif image.format == "PNG":
        options["pnginfo"] = _png_chunks(info, path, turned, size)
        level = info.get("transparency")
        options["transparency"] = level * _stretch(path) if isinstance(level, int) else level
    elif image.format == "WEBP":
        lossless = any(name == b"VP8L" for name, _ in webp_chunks(path))
        # `exact` keeps the colours of pixels that cannot be seen.
        options |= {"lossless": lossless, "quality": 95, "method": 4, "exact": True}
        options["xmp"] = _xmp(info, size)
    return {name: value for name, value in options.items() if value is not None}


def lost_metadata(path: Path) -> tuple[str, ...]:
    """Name what a cropped copy of a picture cannot keep, from the file's structure alone.

    Parameters
    ----------
    path : Path
        The original.

    Returns
    -------
    tuple of str
        In words; empty where everything is kept, or where the file is no picture.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if head.startswith(b"\xff\xd8"):
        found = [_bound_segment(marker, data) for marker, data in _jpeg_segments(path)]
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = [_lost_chunk(name) for name in _png_names(path)]
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        found = list(_lost_of_tiff(path))
    elif head.startswith(b"RIFF"):
        found = list(lost_of_webp(path))
    elif head.startswith(b"GIF8"):
        found = list(lost_of_gif(path))
    elif head.startswith(b"BM"):
        found = list(lost_of_bmp(path))
    else:
        return ()
    return tuple(dict.fromkeys(name for name in found if name))


def _exif(image: Image.Image, turned: bool, size: tuple[int, int]) -> bytes | None:
    """Return the EXIF, byte for byte but for what is about the whole frame."""
    raw = image.info.get("exif")
    if isinstance(raw, bytes):
        return exif.without_whole_frame(raw, size, turned)
    # Read from elsewhere, such as a text chunk, or from XMP alone.
    found = image.getexif()
    found.pop(ExifTags.Base.Orientation, None)
    return exif.without_whole_frame(found.tobytes(), size, turned) if found else None


def _tiff_tags(
    image: TiffImageFile, info: Info, path: Path, size: tuple[int, int]
) -> ImageFileDirectory_v2:
    """Return the entries of a TIFF, of their own types, without those on its layout."""
    tags, kept = image.tag_v2, ImageFileDirectory_v2()
    for tag in set(tags) - _TIFF_LAYOUT - {ExifTags.Base.Orientation}:
        value, kept.tagtype[tag] = tags[tag], tags.tagtype[tag]
        if tag in TiffTags.TAGS_V2_GROUPS:
            value = _below(image.getexif(), tag, size)
        elif tag == _IPTC_TAG and tags.tagtype[tag] == TiffTags.LONG:
            # Bytes that were declared as numbers, of which Pillow keeps the first.
            value, kept.tagtype[tag] = exif.bytes_of_numbers(path.read_bytes(), tag), _UNDEFINED
        elif tag == _XMP_TAG and isinstance(value, bytes):
            # That of the upright picture, which says nothing more about how to turn it.
            value = _xmp(info, size)
        elif isinstance(value, str):
            value = _Text(value)
        if value is not None:
            kept[tag] = value
    return kept


class _Text(str):
    """A text as Pillow reads it from a TIFF, byte by byte, and would write it as ASCII."""

    def encode(self, encoding: str = "", errors: str = "") -> bytes:
        return super().encode("latin-1", "replace")


def _lost_of_tiff(path: Path) -> Iterator[str]:
    # What cannot be opened is not cropped, and said so elsewhere.
    with suppress(ImageError), open_image(path) as (_, image):
        if not isinstance(image, TiffImageFile):
            return
        if _packing(image) != image.info.get("compression", "raw"):
            yield "its compression"
        if image.tag_v2.get(_SAMPLES_PER_PIXEL, 1) > len(image.getbands()):
            yield "channels beside the colours"
        if _SUB_DIRECTORIES in image.tag_v2:
            yield "further pictures in the file"
        if _MAKER_NOTE in image.getexif().get_ifd(ExifTags.IFD.Exif):
            yield "the addresses in maker notes"


def _packing(image: TiffImageFile) -> str:
    """Return the compression of a crop: that of the TIFF where it loses nothing and can be written.

    Pillow writes directories below the first only unpacked.
    """
    if set(TiffTags.TAGS_V2_GROUPS) & set(image.tag_v2):
        return "raw"
    packing = str(image.info.get("compression", "raw"))
    return packing if packing in _TIFF_LOSSLESS else "tiff_adobe_deflate"


def _below(entries: Image.Exif, tag: int, size: tuple[int, int]) -> dict[int, object]:
    """Return a directory below that of a TIFF, with the size in pixels and texts as they stood."""
    found = entries.get_ifd(tag)
    kept = {name: _Text(v) if isinstance(v, str) else v for name, v in found.items()}
    kept |= {int(name): size[axis] for name, axis in _SIZES.items() if name in found}
    if ExifTags.IFD.Interop in kept:
        # An address, which the directory itself takes the place of.
        kept[int(ExifTags.IFD.Interop)] = entries.get_ifd(ExifTags.IFD.Interop)
    return kept


def _jpeg_options(
    image: JpegImageFile, info: Info, path: Path, size: tuple[int, int]
) -> dict[str, object]:
    sampling = get_sampling(image)
    return {
        "qtables": image.quantization,
        "subsampling": sampling if sampling >= 0 else 0,
        "progressive": bool(info.get("progressive")),
        # Colours that are stored as red, green and blue, which Adobe's segment tells.
        "keep_rgb": image.mode == "RGB" and info.get("adobe_transform") == 0,
        # Of several comments Pillow knows the last; all are among the segments.
        "comment": b"",
        "xmp": _xmp(info, size),
        "extra": b"".join(_kept_segments(path)),
    }


def _xmp(info: Info, size: tuple[int, int]) -> bytes | None:
    found = info.get("xmp")
    return xmp.without_whole_frame(found, size) if isinstance(found, bytes) else None


def _jpeg_segments(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of the segments before the pixels."""
    with path.open("rb") as file:
        file.seek(2)
        while len(head := file.read(4)) == 4:
            start, marker, length = struct.unpack(">BBH", head)
            # Fill bytes before a marker.
            if (start, marker) == (0xFF, 0xFF):
                file.seek(-3, 1)
                continue
            if start != 0xFF or marker == 0xDA or length < 2:
                return
            yield marker, file.read(length - 2)


def _kept_segments(path: Path) -> Iterator[bytes]:
    """Yield the comments, and the application segments that Pillow would drop, such as IPTC."""
    for marker, data in _jpeg_segments(path):
        known = _JPEG_WRITTEN.get(marker, ())
        named = 0xE0 <= marker <= 0xEF or marker == _COMMENT
        if not named or data.startswith(known) or _bound_segment(marker, data):
            continue
        kept = _without_thumbnails(data) if data.startswith(_IPTC) else data
        yield struct.pack(">BBH", 0xFF, marker, len(kept) + 2) + kept


def _bound_segment(marker: int, data: bytes) -> str | None:
    """Name a segment that holds for the original alone."""
    return next(
        (name for start, name in _JPEG_BOUND.get(marker, ()) if data.startswith(start)), None
    )


def _without_thumbnails(data: bytes) -> bytes:
    """Take the small copies of the whole picture out of Photoshop's resources.

    A resource is "8BIM", its number, a Pascal string of even length, the length of its content
    and the content, padded to even length. Bytes that are no resource are kept as they are.
    """
    kept, at = bytearray(_IPTC), len(_IPTC)
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        name = (data[at + 6] + 2) // 2 * 2
        size = int.from_bytes(data[at + 6 + name : at + 10 + name], "big")
        end = at + 10 + name + size + size % 2
        if number not in _PHOTOSHOP_THUMBNAILS:
            kept += data[at:end]
        at = end
    return bytes(kept + data[at:])


def _png_chunks(info: Info, path: Path, turned: bool, size: tuple[int, int]) -> PngInfo:
    chunks, found = PngInfo(), info.get(_XMP)
    step = _stretch(path)
    before = found.encode() if isinstance(found, str) else b""
    after = xmp.without_whole_frame(before, size)
    for name, data in _read_chunks(path):
        renewed = after != before and data.startswith(_XMP.encode())
        if not renewed and not (turned and data.startswith(_ORIENTED)):
            background = name == _BACKGROUND and step > 1 and len(data) == 2
            chunks.add(name, struct.pack(">H", data[1] * step) if background else data)
    if before and (turned or after != before):
        chunks.add_itxt(_XMP, after.decode())
    return chunks


def _stretch(path: Path) -> int:
    """Return what Pillow multiplies the levels of a PNG with: those of 2 and 4 bits become 8."""
    with path.open("rb") as file:
        file.seek(24)
        depth, colours = file.read(2)
    return {2: 85, 4: 17}.get(depth, 1) if colours == 0 else 1


def _read_chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks that are kept, as they stand in the file."""
    with path.open("rb") as file:
        for name, length in chunk_heads(file):
            if name in _PNG_KEPT or (name not in _PNG_HANDLED and _may_be_copied(name)):
                yield name, file.read(length)


def _png_names(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        return [name for name, _ in chunk_heads(file)]


def _may_be_copied(name: bytes) -> bool:
    """Tell whether a private chunk is safe to copy: the case of its letters says so.

    Portable Network Graphics specification, third edition, 5.4: bit 5 of the second letter means
    private, of the fourth safe to copy though the pixels change.
    """
    return name not in _PNG_BOUND and bool(name[1] & 32) and bool(name[3] & 32)


def _lost_chunk(name: bytes) -> str | None:
    if name in _PNG_BOUND:
        return _PNG_BOUND[name]
    lost = name not in _PNG_HANDLED and not _may_be_copied(name)
    return f"chunk {name.decode('latin-1')!r}" if lost and name[0] & 32 else None
