"""Compare two encoders' embeddings: the parity check of every export and backend."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from prefml._typing import Floats32
from prefml.encoders.agreement import top_choice_agreement
from prefml.encoders.spec import Encoder
from prefml.encoders.vectors import check_probe, cosines
from prefml.exceptions import EncoderError, counted

__all__ = [
    "NEEDED_AGREEMENT",
    "NEEDED_COSINE",
    "Parity",
    "compare",
    "refuse_slower",
    "refuse_unequal",
    "sample_pictures",
]

# Precision -> worst cosine to the reference over the pictures that is still accepted.
NEEDED_COSINE = {"fp32": 0.9999, "fp16": 0.999, "int8": 0.999}
# Share of a workspace's sets whose top choice must stay.
NEEDED_AGREEMENT = {"fp32": 0.99, "fp16": 0.97, "int8": 0.97}
_BATCH = 8
_REPEATS = 3


@dataclass(frozen=True)
class Parity:
    """Comparison of a candidate encoder with its reference.

    Attributes
    ----------
    pictures : int
        Number of pictures that were compared.
    min_cosine, mean_cosine : float
        Worst and mean cosine between the two vectors of a picture; -1 where one is not a number.
    seconds, reference_seconds : float
        Time of a picture in a batch, the fastest of three.
    sets : int
        Number of sets that were ranked.
    agreement : float or None
        Share of them with the same top choice (top-1 agreement); None where there were none.
    """

    pictures: int
    min_cosine: float
    mean_cosine: float
    seconds: float
    reference_seconds: float
    sets: int = 0
    agreement: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the fields as values that JSON can hold.

        Returns
        -------
        dict of str to object
        """
        return asdict(self)


def compare(
    reference: Encoder,
    candidate: Encoder,
    pictures: Sequence[Image.Image],
    sets: Sequence[Sequence[int]] = (),
) -> Parity:
    """Compare the embeddings and the speed of two encoders, each with its own preprocessing.

    Parameters
    ----------
    reference, candidate : Encoder
        The one that is trusted, and the one in question.
    pictures : sequence of PIL.Image.Image
        At least two unlike pictures.
    sets : sequence of sequences of int
        Places among the pictures of sets in which a person chose; the chosen one first.

    Returns
    -------
    Parity

    Raises
    ------
    EncoderError
        If the candidate's vectors are not finite, are constant, or have another length.
    """
    if len(pictures) < 2:
        raise EncoderError(
            f"{counted(len(pictures), 'picture')} to compare encoders on", "at least two"
        )
    expected, reference_seconds = _encode_timed(reference, pictures)
    found, seconds = _encode_timed(candidate, pictures)
    check_probe(found, reference.spec)
    likeness = np.nan_to_num(cosines(expected, found), nan=-1.0)
    return Parity(
        pictures=len(pictures),
        min_cosine=float(likeness.min()),
        mean_cosine=float(likeness.mean()),
        seconds=seconds,
        reference_seconds=reference_seconds,
        sets=len(sets),
        agreement=top_choice_agreement(expected, found, sets),
    )


def refuse_unequal(parity: Parity, precision: str) -> None:
    """Raise unless the embeddings agree as well as a precision demands.

    Parameters
    ----------
    parity : Parity
        The comparison.
    precision : {"fp32", "fp16", "int8"}
        Number format of the candidate.

    Raises
    ------
    EncoderError
        With the figures, if the worst cosine or the top-1 agreement is too low.
    """
    needed = NEEDED_COSINE[precision]
    if not parity.min_cosine > needed:
        raise EncoderError(
            f"{precision} vectors differ: worst cosine {parity.min_cosine:.6f}, mean "
            f"{parity.mean_cosine:.6f} over {counted(parity.pictures, 'picture')}",
            f"above {needed}",
            "prefml export-encoder OUT --precision fp32",
        )
    if parity.agreement is not None and not parity.agreement >= NEEDED_AGREEMENT[precision]:
        raise EncoderError(
            f"{precision} vectors change the top choice: it is the same in {parity.agreement:.3f} "
            f"of {counted(parity.sets, 'set')}",
            f"at least {NEEDED_AGREEMENT[precision]}",
            "prefml export-encoder OUT --precision fp32",
        )


def refuse_slower(parity: Parity, precision: str) -> None:
    """Raise unless the candidate is faster than the reference.

    Parameters
    ----------
    parity : Parity
        The comparison.
    precision : {"fp32", "fp16", "int8"}
        Number format of the candidate, for the message.

    Raises
    ------
    EncoderError
        With both times, if it is not faster.
    """
    if parity.seconds >= parity.reference_seconds:
        raise EncoderError(
            f"{precision} takes {1000 * parity.seconds:.1f} ms a picture, the reference "
            f"{1000 * parity.reference_seconds:.1f} ms",
            "a faster one",
            "prefml export-encoder OUT --precision fp32",
        )


def _encode_timed(encoder: Encoder, pictures: Sequence[Image.Image]) -> tuple[Floats32, float]:
    inputs = [encoder.preprocess(picture) for picture in pictures]
    batches = [inputs[at : at + _BATCH] for at in range(0, len(inputs), _BATCH)]
    vectors = np.concatenate([encoder.encode(batch) for batch in batches])
    seconds = min(_clock(lambda: encoder.encode(batches[0])) for _ in range(_REPEATS))
    return vectors, seconds / len(batches[0])


def _clock(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def sample_pictures() -> list[Image.Image]:
    """Return ten unlike crops of the two photographs that scikit-learn ships.

    Returns
    -------
    list of PIL.Image.Image
    """
    from sklearn.datasets import load_sample_images

    photos = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    return [_crop_of(photo, *place) for photo in photos for place in _CROPS]


# Left, top and size of each crop, in fractions of the photograph.
_CROPS = ((0, 0, 1), (0, 0, 0.5), (0.5, 0, 0.5), (0, 0.5, 0.5), (0.4, 0.4, 0.6))


def _crop_of(photo: Image.Image, left: float, top: float, size: float) -> Image.Image:
    width, height = photo.size
    box = (left * width, top * height, (left + size) * width, (top + size) * height)
    x1, y1, x2, y2 = (int(edge) for edge in box)
    return photo.crop((x1, y1, x2, y2))
