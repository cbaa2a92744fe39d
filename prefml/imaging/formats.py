"""Name the formats that pictures come in, by their endings, and what reads each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from PIL import features

__all__ = [
    "FORMATS",
    "PICTURE_SUFFIXES",
    "PictureFormat",
    "codec_names",
    "format_of_name",
    "readable_suffixes",
]

_SAVE_AS = "save them as PNG, JPEG or TIFF"
_EXTRA = "pip install 'prefml[formats]'"


@dataclass(frozen=True)
class PictureFormat:
    """A format that pictures come in.

    Attributes
    ----------
    name : str
        As people call it.
    suffixes : tuple of str
        Endings of such files, in lower case.
    codecs : tuple of str
        Pillow's names of the decoders that read it; none where nothing does.
    advice : str
        How to have such pictures read where they are not.
    available : callable
        Tells whether the decoders are installed, and makes them known to Pillow.
    """

    name: str
    suffixes: tuple[str, ...]
    codecs: tuple[str, ...] = ()
    advice: str = _SAVE_AS
    available: Callable[[], bool] = lambda: True

    @property
    def is_read(self) -> bool:
        """Tell whether prefml reads such pictures on this machine."""
        return bool(self.codecs) and self.available()


@cache
def _has_avif() -> bool:
    # Asked for a feature that it does not know, an older Pillow warns.
    return find_spec("PIL.AvifImagePlugin") is not None and bool(features.check("avif"))


@cache
def _has_heif() -> bool:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


@cache
def _has_jxl() -> bool:
    try:
        # Importing it makes it known to Pillow.
        import pillow_jxl  # noqa: F401
    except ImportError:
        return False
    return True


FORMATS = (
    PictureFormat("PNG", (".png", ".apng"), ("PNG",)),
    PictureFormat("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), ("JPEG",)),
    PictureFormat("WebP", (".webp",), ("WEBP",)),
    PictureFormat("BMP", (".bmp", ".dib"), ("BMP", "DIB")),
    PictureFormat("TIFF", (".tif", ".tiff"), ("TIFF",)),
    PictureFormat("GIF", (".gif",), ("GIF",)),
    PictureFormat("AVIF", (".avif",), ("AVIF",), "pip install 'pillow>=11.3'", lambda: _has_avif()),
    PictureFormat("HEIC", (".heic", ".heif", ".hif"), ("HEIF",), _EXTRA, lambda: _has_heif()),
    PictureFormat("JPEG XL", (".jxl",), ("JXL",), _EXTRA, lambda: _has_jxl()),
    PictureFormat(
        "RAW",
        (
            ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq",
            ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".ptx", ".raf", ".raw",
            ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
        ),
        advice="develop them to JPEG, PNG or TIFF",
    ),
    PictureFormat("Photoshop", (".psd", ".psb")),
    PictureFormat("JPEG 2000", (".jp2", ".j2k", ".jpf", ".jpx")),
    PictureFormat("OpenEXR", (".exr",)),
    PictureFormat("Targa", (".tga",)),
    PictureFormat("SVG", (".svg", ".svgz")),
    PictureFormat("Netpbm", (".pbm", ".pgm", ".pnm", ".ppm", ".pam", ".pfm")),
    PictureFormat("Radiance HDR", (".hdr", ".pic")),
    PictureFormat("QOI", (".qoi",)),
    PictureFormat("PCX", (".pcx",)),
    PictureFormat("GIMP", (".xcf",)),
    PictureFormat("Krita", (".kra",)),
    PictureFormat("OpenRaster", (".ora",)),
    PictureFormat("Affinity", (".af", ".afphoto")),
    PictureFormat("EPS", (".eps",)),
    PictureFormat("icons", (".ico", ".icns")),
)  # fmt: skip
PICTURE_SUFFIXES = tuple(suffix for kind in FORMATS for suffix in kind.suffixes)
_BY_SUFFIX = {suffix: kind for kind in FORMATS for suffix in kind.suffixes}


def codec_names() -> tuple[str, ...]:
    """Return Pillow's names of the decoders that are tried, whatever a file is called.

    Pillow's others include ones that start programs (EPS) or are rarely exercised.

    Returns
    -------
    tuple of str
        For the argument `formats` of `PIL.Image.open`.
    """
    return tuple(_of_those_read(lambda kind: kind.codecs))


def readable_suffixes() -> tuple[str, ...]:
    """Return the endings of the files that are read here, in lower case."""
    return tuple(_of_those_read(lambda kind: kind.suffixes))


def _of_those_read(names: Callable[[PictureFormat], Iterable[str]]) -> Iterable[str]:
    return (name for kind in FORMATS if kind.is_read for name in names(kind))


def format_of_name(name: str) -> PictureFormat | None:
    """Return the format that a file's name ends in.

    Parameters
    ----------
    name : str
        The name of a file, with or without folders.

    Returns
    -------
    PictureFormat or None
        None if it ends like no picture.
    """
    _, dot, suffix = name.rpartition(".")
    return _BY_SUFFIX.get(dot + suffix.lower())
