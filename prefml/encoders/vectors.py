"""Check and postprocess embeddings: finite, of the right shape, not constant, scaled."""

from __future__ import annotations

import numpy as np

from prefml._typing import Floats, Floats32
from prefml.encoders.spec import EncoderSpec
from prefml.exceptions import EncoderError, counted

__all__ = [
    "check_probe",
    "check_vectors",
    "cosines",
    "l2_normalize",
    "mismatch",
    "postprocess",
    "probe_inputs",
]

# Vectors of unlike pictures that agree to this cosine carry no information about the picture.
CONSTANT_COSINE = 0.999999
# An accelerator's vectors of the first batch must be this close to the processor's.
TRUSTED_COSINE = 0.999


def l2_normalize(vectors: Floats32) -> Floats32:
    """Scale each row to Euclidean length 1.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
        Vectors.

    Returns
    -------
    ndarray of shape (n, d), float32
        A row of zeros stays one.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def cosines(first: Floats32, second: Floats32) -> Floats:
    """Return the cosine between each pair of rows; NaN where a row is zero or not finite.

    Parameters
    ----------
    first, second : ndarray of shape (n, d)
        Vectors.

    Returns
    -------
    ndarray of shape (n,), float64
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        product = (a * b).sum(axis=1)
        ratio: Floats = product / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return ratio


def postprocess(vectors: Floats32, spec: EncoderSpec, count: int) -> Floats32:
    """Check the raw output of a network and scale it as the spec says.

    Parameters
    ----------
    vectors : ndarray
        Output of the network.
    spec : EncoderSpec
        Dimension and normalisation.
    count : int
        Number of pictures in the batch.

    Returns
    -------
    ndarray of shape (count, dim), float32

    Raises
    ------
    EncoderError
        If the shape is wrong or a number is not finite.
    """
    check_vectors(vectors, spec, count)
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    return l2_normalize(rows) if spec.normalize == "l2" else rows


def check_vectors(vectors: Floats32, spec: EncoderSpec, count: int) -> None:
    """Raise unless vectors are finite and of the right shape.

    Parameters
    ----------
    vectors : ndarray
        Output of a network.
    spec : EncoderSpec
        Name and dimension.
    count : int
        Number of pictures in the batch.

    Raises
    ------
    EncoderError
        If the shape is not (count, dim) or a number is not finite.
    """
    if vectors.shape != (count, spec.dim):
        raise EncoderError(
            f"encoder {spec.id} gave an array of shape {vectors.shape}", f"{(count, spec.dim)}"
        )
    bad = int((~np.isfinite(vectors)).sum())
    if bad:
        numbers = counted(bad, "number that is", "numbers that are")
        raise EncoderError(
            f"encoder {spec.id} gave {numbers} not finite",
            "finite vectors",
        )


def probe_inputs(spec: EncoderSpec) -> Floats32:
    """Return three unlike network inputs, on which an encoder must give unlike vectors.

    Parameters
    ----------
    spec : EncoderSpec
        Size of the input.

    Returns
    -------
    ndarray of shape (3, 3, size, size), float32
        Noise, a slope from dark to bright, and a checkerboard.
    """
    side = spec.size
    ramp = np.linspace(-1, 1, side, dtype=np.float32)
    cells = np.sign(np.sin(np.linspace(0, 8 * np.pi, side, dtype=np.float32) + 0.1))
    noise = np.random.default_rng(0).standard_normal((3, side, side), dtype=np.float32)
    slope = np.broadcast_to(ramp, (3, side, side))
    board = np.broadcast_to(cells[:, None] * cells, (3, side, side))
    return np.stack([noise, slope, board])


def check_probe(vectors: Floats32, spec: EncoderSpec) -> None:
    """Raise if unlike inputs gave (nearly) equal or zero vectors.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
        Vectors of unlike inputs.
    spec : EncoderSpec
        Name and dimension.

    Raises
    ------
    EncoderError
        If a vector is zero, or neighbours have a cosine of 0.999999 or more.
    """
    check_vectors(vectors, spec, len(vectors))
    if not np.any(vectors, axis=1).all():
        raise EncoderError(f"encoder {spec.id} gave a vector of zeros", "vectors that differ")
    likeness = cosines(vectors, np.roll(vectors, 1, axis=0)).min()
    if not likeness < CONSTANT_COSINE:
        raise EncoderError(
            f"encoder {spec.id} gave the same vector for unlike pictures (cosine {likeness:.7f})",
            f"a cosine below {CONSTANT_COSINE}",
        )


def mismatch(vectors: Floats32, reference: Floats32, what: str) -> str | None:
    """Return in a sentence how an accelerator's vectors differ from the CPU's.

    Parameters
    ----------
    vectors, reference : ndarray of shape (n, d)
        The accelerator's and the CPU's.
    what : str
        Its name, for the message.

    Returns
    -------
    str or None
        The worst cosine, or the shapes; None if every cosine is above 0.999.
    """
    if vectors.shape != reference.shape:
        return f"{what} gives vectors of shape {vectors.shape}, the CPU {reference.shape}"
    worst = float(np.nan_to_num(cosines(vectors, reference), nan=-1.0).min())
    if worst > TRUSTED_COSINE:
        return None
    return (
        f"{what} gives other vectors than the CPU (worst cosine {worst:.6f} over "
        f"{counted(len(vectors), 'picture')}, needed {TRUSTED_COSINE})"
    )
