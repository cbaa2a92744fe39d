"""Hash pictures perceptually: near duplicates differ in few bits."""

from __future__ import annotations

import imagehash
from PIL import Image

from prefml.imaging.picture import Picture

__all__ = ["phash"]

_SIDE = 128


def phash(picture: Picture) -> str:
    """Return the perceptual hash (pHash) of a picture: signs of its low DCT frequencies.

    A copy of at least 128 pixels is hashed: the hash looks at 32 x 32 pixels only, and reducing a
    large picture to those is most of the cost.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    str
        64 bits as 16 hexadecimal digits.

    References
    ----------
    C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010; the
    implementation is `imagehash.phash`.
    """
    return str(imagehash.phash(Image.fromarray(picture.downsampled(_SIDE))))
