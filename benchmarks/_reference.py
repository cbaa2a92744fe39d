"""The pixels that Pillow, littleCMS and, for transparent colours, pypng give for a picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

Array = np.ndarray


def reference(path: Path, formats: tuple[str, ...]) -> Array:
    """Return what a viewer that goes by the specifications shows, of shape (h, w, 3).

    Raises whatever Pillow raises for a file that it cannot read.
    """
    # From memory: Pillow 13 maps a plain TIFF that lies on its side in the wrong shape.
    with Image.open(io.BytesIO(path.read_bytes()), formats=formats) as image:
        image.load()
        # Before the picture is turned, which drops what the file says about it.
        exact = exact_png(path, image)
        if exact is not None:
            colours, alpha = exact[..., :3], exact[..., 3:]
            return on_white(managed(Image.fromarray(colours), image.info), alpha)
        profile = dict(image.info)
        upright = ImageOps.exif_transpose(image)
        colours, alpha = split(upright)
        return on_white(managed(colours, profile), alpha)


def exact_png(path: Path, image: Image.Image) -> Array | None:
    """Return red, green, blue and alpha of a PNG whose transparent colour is not of 8 bits."""
    if image.format != "PNG" or image.mode == "P" or "transparency" not in image.info:
        return None
    if path.read_bytes()[24] == 8:
        return None
    import png

    width, height, rows, about = png.Reader(bytes=path.read_bytes()).asRGBA()
    values = np.array([list(row) for row in rows], float).reshape(height, width, 4)
    return np.rint(values * (255 / (2 ** about["bitdepth"] - 1))).astype(np.uint8)


def split(image: Image.Image) -> tuple[Image.Image, Array]:
    """Return the colours of a picture, with 8 bits, and what they cover, from 0 to 255."""
    opaque = np.full((image.height, image.width, 1), 255)
    if image.mode == "F" or image.mode.startswith("I"):
        return eight_bits(image), opaque
    if image.has_transparency_data:
        both = image.convert("RGBA")
        # A profile of three colours does not fit a picture that is grey.
        grey = image.mode in ("1", "L", "LA", "La")
        colours = both.getchannel("R") if grey else both.convert("RGB")
        return colours, np.asarray(both)[..., 3:]
    return (image.convert("L") if image.mode == "1" else image), opaque


def eight_bits(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, float), posinf=0, neginf=0)
    whites = (1, 255, 65535) if image.mode == "F" else (65535,)
    white = next((one for one in whites if values.max() <= one), values.max())
    return Image.fromarray(np.clip(np.rint(values * 255 / white), 0, 255).astype(np.uint8))


def managed(image: Image.Image, info: dict[str, object]) -> Array:
    """Return a picture's colours in sRGB, by the profile that it carries if it is one of them."""
    profile = info.get("icc_profile")
    if image.mode not in ("L", "RGB", "CMYK", "LAB"):
        image = image.convert("RGB")
    if isinstance(profile, bytes) and profile and image.mode != "LAB":
        try:
            found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            return np.asarray(ImageCms.profileToProfile(image, found, srgb, outputMode="RGB"))
        except (ImageCms.PyCMSError, OSError):
            pass
    return np.asarray(image.convert("RGB"))


def on_white(colours: Array, alpha: Array) -> Array:
    share = alpha / 255
    return np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)
