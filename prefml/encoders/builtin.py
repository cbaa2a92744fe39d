"""Encode pictures by classic descriptors, without weights to download or a network.

A vector is four blocks side by side: GIST (512), Lab moments on a grid (96), an opponent colour
histogram (80) and local binary patterns (177). Each block is scaled to length 1, the last to
length 2, because over real photographs it varies half as much as the others; then the whole is
scaled to length 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from prefml._typing import Floats32, Pixels
from prefml.encoders import colour, gist, texture
from prefml.encoders.preprocess import stretch
from prefml.encoders.spec import EncoderSpec, Preprocessed
from prefml.encoders.vectors import l2_normalize, postprocess
from prefml.exceptions import EncoderError

__all__ = ["BLOCKS", "BuiltinEncoder"]

SIDE = 256
# Name -> length of each block, in the order in which they stand in a vector.
BLOCKS = {
    "gist": gist.DIM,
    "lab": colour.LAB_DIM,
    "opponent": colour.OPPONENT_DIM,
    "patterns": texture.DIM,
}
_BLOCK_WEIGHTS = (1, 1, 1, 2)
# There are no weights to hash: the definition stands for them, and changes with the descriptors.
_DEFINITION = "prefml builtin 1: " + ", ".join(f"{name} {size}" for name, size in BLOCKS.items())
# Pictures worked on at once: more only spills out of the processor's cache.
_CHUNK = 2

SPEC = EncoderSpec(
    id="builtin-1",
    dim=sum(BLOCKS.values()),
    size=SIDE,
    resize="stretch",
    interpolation="bicubic",
    crop="none",
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    normalize="l2",
    sha256=hashlib.sha256(_DEFINITION.encode()).hexdigest(),
    source="computed by prefml: GIST, Lab moments, opponent histogram, local binary patterns",
    license="MIT",
)


class BuiltinEncoder:
    """GIST, colour and texture of the whole picture, stretched to 256 x 256 pixels.

    The picture is stretched rather than cropped, so that its edges, which decide about a crop,
    are described too.

    Attributes
    ----------
    spec : EncoderSpec
        Description of the embeddings.
    """

    spec = SPEC

    def preprocess(self, image: Image.Image) -> Pixels:
        """Resize one picture to 256 x 256 pixels.

        Parameters
        ----------
        image : PIL.Image.Image
            A picture of any size; other modes are converted to RGB.

        Returns
        -------
        ndarray of shape (256, 256, 3), uint8
        """
        picture = image if image.mode == "RGB" else image.convert("RGB")
        return np.asarray(stretch(picture, SIDE, self.spec.interpolation))

    def encode(self, batch: Sequence[Preprocessed]) -> Floats32:
        """Describe preprocessed pictures.

        Parameters
        ----------
        batch : sequence of ndarray of shape (256, 256, 3), uint8
            Results of `preprocess`.

        Returns
        -------
        ndarray of shape (len(batch), 865), float32

        Raises
        ------
        EncoderError
            If the arrays are not results of `preprocess`.
        """
        parts = [_descriptors(batch[at : at + _CHUNK]) for at in range(0, len(batch), _CHUNK)]
        rows = np.concatenate(parts) if parts else np.empty((0, self.spec.dim), np.float32)
        return postprocess(rows, self.spec, len(batch))


def _descriptors(batch: Sequence[Preprocessed]) -> Floats32:
    stacked = np.stack(list(batch))
    if stacked.shape[1:] != (SIDE, SIDE, 3) or stacked.dtype != np.uint8:
        raise EncoderError(f"pixels of shape {stacked.shape[1:]} {stacked.dtype}", "256 x 256 x 3")
    pixels = np.asarray(stacked, np.uint8)
    half = (SIDE // 2, SIDE // 2)
    smaller = [cv2.resize(picture, half, interpolation=cv2.INTER_AREA) for picture in pixels]
    small = np.asarray(np.stack(smaller), np.uint8)
    blocks = (
        gist.gist(_gray(small).astype(np.float32)),
        colour.lab_moments(small),
        colour.opponent_histogram(small),
        texture.binary_patterns(_gray(pixels)),
    )
    scaled = [
        weight * l2_normalize(block) for weight, block in zip(_BLOCK_WEIGHTS, blocks, strict=True)
    ]
    return np.concatenate(scaled, axis=1)


def _gray(pixels: Pixels) -> Pixels:
    side = pixels.shape[1]
    tall = cv2.cvtColor(pixels.reshape(-1, side, 3), cv2.COLOR_RGB2GRAY)
    return np.asarray(tall, np.uint8).reshape(-1, side, side)
