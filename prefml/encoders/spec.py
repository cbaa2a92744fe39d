"""Define encoders: the description that sidecars carry, and the interface all of them share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prefml._typing import Floats32
from prefml.exceptions import EncoderError

__all__ = ["Encoder", "EncoderSpec", "PatchEncoder", "Preprocessed"]

# An encoder's input, as its `preprocess` makes it; shape and number format are its own.
Preprocessed: TypeAlias = NDArray[np.generic]

CHOICES = {
    "resize": ("shortest-side", "stretch"),
    "interpolation": ("bicubic", "bilinear", "lanczos", "box", "nearest"),
    "crop": ("center", "none"),
    "normalize": ("l2", "none"),
    "precision": ("fp32", "fp16", "int8"),
}
# Where an encoder comes from, and under what terms, does not change a single vector.
_NOT_IDENTITY = ("source", "license")


@dataclass(frozen=True)
class EncoderSpec:
    """Description of everything that determines an encoder's embeddings.

    Two encoders of the same `identity` give interchangeable embeddings, whatever they run on.

    Attributes
    ----------
    id : str
        Name of the network or descriptor.
    dim : int
        Length of a vector.
    size : int
        Side of the square picture the encoder sees, in pixels.
    resize : {"shortest-side", "stretch"}
        Keep the aspect ratio and fit the shortest side, or stretch to the square.
    interpolation : {"bicubic", "bilinear", "lanczos", "box", "nearest"}
        Filter of the resize, as Pillow names it.
    crop : {"center", "none"}
        Crop the centre square after the resize, or keep all.
    mean, std : tuple of three floats
        Subtracted from, and divided into, each colour channel scaled to 0..1.
    normalize : {"l2", "none"}
        Scale embeddings to Euclidean length 1, or leave them.
    sha256 : str
        Hash of the weights, 64 hex digits.
    source, license : str
        Where the weights come from and under what terms; not part of the identity.
    precision : {"fp32", "fp16", "int8"}
        Number format of the weights. Another format is another identity: variants of one picture
        differ by so little that its rounding matters.
    """

    id: str
    dim: int
    size: int
    resize: str
    interpolation: str
    crop: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    normalize: str
    sha256: str
    source: str = ""
    license: str = ""
    precision: str = "fp32"

    @cached_property
    def identity(self) -> str:
        """Hash of all fields that determine embeddings, 16 hexadecimal digits."""
        content = {key: value for key, value in asdict(self).items() if key not in _NOT_IDENTITY}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, object]:
        """Return the fields as values that JSON can hold.

        Returns
        -------
        dict of str to object
        """
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> EncoderSpec:
        """Build a spec from the result of `to_dict`; unknown fields are ignored.

        Parameters
        ----------
        values : mapping
            Field name -> value.

        Returns
        -------
        EncoderSpec

        Raises
        ------
        EncoderError
            If a field is missing, of the wrong type or out of range; it names the field.
        """
        if not isinstance(values, Mapping):
            raise EncoderError(f"an encoder description that is {type(values).__name__}", "a table")
        required = [field.name for field in fields(cls) if field.default is MISSING]
        missing = [name for name in required if name not in values]
        if missing:
            raise EncoderError(f"an encoder description without {', '.join(missing)}")
        optional = [name for name in ("source", "license", "precision") if name in values]
        return cls(
            id=_text("id", values["id"]),
            dim=_whole("dim", values["dim"]),
            size=_whole("size", values["size"]),
            resize=_text("resize", values["resize"]),
            interpolation=_text("interpolation", values["interpolation"]),
            crop=_text("crop", values["crop"]),
            mean=_channels("mean", values["mean"]),
            std=_channels("std", values["std"]),
            normalize=_text("normalize", values["normalize"]),
            sha256=_text("sha256", values["sha256"]),
            **{name: _text(name, values[name]) for name in optional},
        )


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise EncoderError(f"encoder {name} = {value!r}", "text")
    if value not in CHOICES.get(name, (value,)):
        raise EncoderError(f"encoder {name} = {value!r}", f"one of {', '.join(CHOICES[name])}")
    if name == "sha256" and (len(value) != 64 or set(value) - set("0123456789abcdef")):
        raise EncoderError(f"encoder sha256 = {value!r}", "64 lowercase hex digits")
    return value


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 65536:
        raise EncoderError(f"encoder {name} = {value!r}", "a whole number from 1 to 65536")
    return value


def _channels(name: str, value: object) -> tuple[float, float, float]:
    numbers = tuple(value) if isinstance(value, list | tuple) else ()
    plain = all(isinstance(item, int | float) and not isinstance(item, bool) for item in numbers)
    if len(numbers) != 3 or not plain or not all(abs(item) <= 1e6 for item in numbers):
        raise EncoderError(f"encoder {name} = {value!r}", "three numbers")
    if name == "std" and min(numbers) <= 0:
        raise EncoderError(f"encoder {name} = {value!r}", "three numbers above 0")
    red, green, blue = (float(item) for item in numbers)
    return red, green, blue


class Encoder(Protocol):
    """Interface of encoders: two steps, of which the first can run in many threads."""

    @property
    def spec(self) -> EncoderSpec:
        """Description of the embeddings."""

    def preprocess(self, image: Image.Image) -> Preprocessed:
        """Make the encoder's input of one picture; safe to call from several threads.

        Parameters
        ----------
        image : PIL.Image.Image
            An upright RGB picture of any size.

        Returns
        -------
        ndarray
            What `encode` takes; its shape and type are the encoder's own affair.
        """

    def encode(self, batch: Sequence[Preprocessed]) -> Floats32:
        """Encode preprocessed pictures.

        Parameters
        ----------
        batch : sequence of ndarray
            Results of `preprocess`.

        Returns
        -------
        ndarray of shape (len(batch), dim), float32

        Raises
        ------
        EncoderError
            If the vectors are not finite, constant, or of the wrong length.
        """


class PatchEncoder(Encoder, Protocol):
    """Interface of encoders that may also compare each patch of a picture with the whole."""

    @property
    def has_patches(self) -> bool:
        """Tell whether `encode_with_patches` can be called."""

    def encode_with_patches(self, batch: Sequence[Preprocessed]) -> tuple[Floats32, Floats32]:
        """Encode pictures and compare each of their patches with the whole.

        Parameters
        ----------
        batch : sequence of ndarray
            Results of `preprocess`, at least one.

        Returns
        -------
        vectors : ndarray of shape (n, dim), float32
            As `encode` gives them.
        patches : ndarray of shape (n, rows, columns), float32
            Cosine of each patch of the preprocessed square to the picture's vector.
        """
