"""Measure the size and the aspect ratio of a picture."""

from __future__ import annotations

from prefml.imaging.picture import Picture

__all__ = ["NAMES", "measure"]

NAMES = ("width", "height", "megapixels", "aspect")


def measure(picture: Picture) -> dict[str, float]:
    """Measure the size of the upright picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        `width` and `height` in pixels, `megapixels`, and `aspect` (width divided by height).
    """
    width, height = picture.width, picture.height
    return {
        "width": float(width),
        "height": float(height),
        "megapixels": width * height / 1e6,
        "aspect": width / height,
    }
