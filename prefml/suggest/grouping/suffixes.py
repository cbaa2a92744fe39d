"""Tell by-products by their names, and strip the suffixes that round trips leave.

Sources: modules/processing.py and modules/images.py of AUTOMATIC1111's stable-diffusion-webui
(`-before-highres-fix`, `-before-face-restoration`, `-before-color-correction`, `-mask`,
`-mask-composite`, `grid-0000`), nodes.py of ComfyUI (previews `ComfyUI_temp_...`), Adobe's help on
file names of "Edit in Photoshop", "Photo Merge" and "Enhance", and upscayl's and Topaz's defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

__all__ = ["UUID", "by_product", "families"]

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_BEFORE = ("highres-fix", "face-restoration", "color-correction")
_BY_PRODUCTS = (
    ("a picture before a later step", rf"-before-(?:{'|'.join(_BEFORE)})$"),
    ("a mask", r"(?:^|[-_ ])mask(?:-composite)?(?:[-_ ]\d+)?$"),
    ("a grid", r"^(?:[a-z0-9]+_)?grid[-_ ]?\d*(?:-.*)?$|[-_ ]grid$"),
    ("a preview", r"(?:^|_)temp_[a-z]{5}_\d{5}_$"),
    # Midjourney's four in one, and its upscales: the job of the name has no other picture.
    ("a grid or an upscale", rf".+_{UUID}$"),
)
_COMPILED = tuple((words, re.compile(form, re.IGNORECASE)) for words, form in _BY_PRODUCTS)
_GRID_FOLDER = re.compile(r"-grids$", re.IGNORECASE)
# What an editor or an upscaler puts behind the name of the picture that it was given.
_SUFFIX = re.compile(
    r"(?:[-_ ](?:edit(?:ed)?|enhanced(?:-(?:nr|sr|rd))*|hdr|pano|bw|retouch(?:ed)?|cropped"
    r"|denoised?|sharpen(?:ed)?|upscaled?|upscayl|upscale|superres|final|fixed|original|out|sr|hires"
    r"|v\d{1,2}|x\d(?:\.\d)?|\d(?:\.\d)?x|copy(?: \d{1,2})?"
    r"|(?:upscayl|upscaled|gigapixel|topaz|photoai|denoiseai|sharpenai|waifu2x|realesrgan|esrgan"
    r"|swinir|4x-ultrasharp|real-esrgan)[-_ ][\w.+\-]*)"
    r"| ?- ?copy(?: ?\(\d{1,2}\))?| ?\(\d{1,2}\)|~\d{1,2})$",
    re.IGNORECASE,
)
# What tells an upscaler anywhere behind the name of a picture that is there.
_UPSCALER = re.compile(
    r"upscal|upscayl|gigapixel|topaz|esrgan|waifu2x|swinir|ultrasharp|magnific|remini|x\dplus"
    r"|(?<![a-z0-9])(?:x\d|\d(?:[._]\d+)?x)(?![a-z0-9])",
    re.IGNORECASE,
)
# Lightroom numbers what it exports twice; the same form numbers pictures that are none of one.
_NUMBER = re.compile(r"[-_ ]\d{1,2}$")


def by_product(stem: str, folder: str = "") -> str:
    """Say which by-product of a tool a picture is.

    Parameters
    ----------
    stem : str
        Its name without ending.
    folder : str, optional
        Its folder.

    Returns
    -------
    str
        Such as "a mask"; empty for a picture that may be a variant.
    """
    if _GRID_FOLDER.search(folder):
        return "a grid"
    return next((words for words, form in _COMPILED if form.search(stem)), "")


def families(stems: Iterable[str]) -> dict[str, str]:
    """Find the stem that each name had before editors and upscalers put suffixes behind it.

    A bare number at the end is a suffix only where the name before it occurs, or is what other
    suffixes were put behind.

    Parameters
    ----------
    stems : iterable of str
        Names without endings, of one project.

    Returns
    -------
    dict of str to str
        Name -> stem, composed and in lower case: file systems differ in both.
    """
    names = list(stems)
    plain = {stem: normalize("NFC", stem).lower() for stem in names}
    whole = set(plain.values())
    bare = {stem: _before_upscaler(one, whole) or _stripped(one) for stem, one in plain.items()}
    known = whole | {base for stem, base in bare.items() if base != plain[stem]}
    return {stem: _without_number(base, known) for stem, base in bare.items()}


def _before_upscaler(stem: str, whole: set[str]) -> str:
    """Return the name of a picture that is there and that an upscaler was given."""
    for found in re.finditer(r"[-_ @\[(]", stem):
        base = stem[: found.start()]
        if base in whole and _UPSCALER.search(stem, found.start()):
            return base
    return ""


def _stripped(stem: str) -> str:
    base = stem
    while True:
        found = _SUFFIX.search(base) or _numbered_suffix(base)
        if found is None or found.start() == 0:
            return base
        base = base[: found.start()]


def _numbered_suffix(base: str) -> re.Match[str] | None:
    """Find a number behind a suffix, as in `-Edit-2`."""
    number = _NUMBER.search(base)
    if number is None:
        return None
    before = _SUFFIX.search(base[: number.start()])
    return number if before and before.start() > 0 else None


def _without_number(base: str, known: set[str]) -> str:
    number = _NUMBER.search(base)
    if number and base[: number.start()] in known:
        return base[: number.start()]
    return base
