from dataclasses import replace

import numpy as np
import pytest

from prefml.encoders.builtin import BuiltinEncoder
from prefml.encoders.parity import Parity, compare, refuse_slower, refuse_unequal, sample_pictures
from prefml.exceptions import EncoderError

EQUAL = Parity(10, 1.0, 1.0, 0.01, 0.02)


class Damaged(BuiltinEncoder):
    """The built-in encoder with something done to its vectors."""

    def __init__(self, damage):
        self.damage = damage

    def encode(self, batch):
        return self.damage(super().encode(batch)).astype(np.float32)


def test_an_encoder_agrees_with_itself(pictures):
    parity = compare(BuiltinEncoder(), BuiltinEncoder(), pictures)
    assert parity.pictures == len(pictures)
    assert parity.min_cosine == pytest.approx(1, abs=1e-6)
    assert parity.seconds > 0
    refuse_unequal(parity, "fp32")


def test_differing_vectors_are_refused_with_the_numbers(pictures):
    damage = Damaged(lambda vectors: vectors + np.roll(vectors, 1, axis=1))
    parity = compare(BuiltinEncoder(), damage, pictures)
    with pytest.raises(EncoderError, match=r"worst cosine 0\.\d+, mean 0\.\d+ over 10 pictures"):
        refuse_unequal(parity, "fp32")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda vectors: vectors * np.nan, "not finite"),
        (np.ones_like, "same vector"),
        (lambda vectors: vectors[:, :-1], "shape"),
        (np.zeros_like, "zeros"),
    ],
    ids=["nan", "constant", "short", "zero"],
)
def test_unsound_vectors_are_refused(pictures, damage, message):
    with pytest.raises(EncoderError, match=message):
        compare(BuiltinEncoder(), Damaged(damage), pictures)


@pytest.mark.parametrize(
    ("precision", "cosine", "accepted"),
    [
        ("fp32", 0.99991, True),
        ("fp32", 0.9999, False),
        ("fp16", 0.9991, True),
        ("int8", 0.9991, True),
        ("int8", 0.999, False),
        ("fp32", -1.0, False),
    ],
)
def test_each_precision_has_its_bar(precision, cosine, accepted):
    parity = replace(EQUAL, min_cosine=cosine)
    if accepted:
        refuse_unequal(parity, precision)
    else:
        with pytest.raises(EncoderError, match=precision):
            refuse_unequal(parity, precision)


def test_a_candidate_that_is_not_faster_is_refused_with_both_times():
    refuse_slower(EQUAL, "int8")
    with pytest.raises(EncoderError, match=r"int8 takes 30\.0 ms.*20\.0 ms"):
        refuse_slower(replace(EQUAL, seconds=0.03), "int8")


def test_one_picture_is_not_enough(pictures):
    with pytest.raises(EncoderError, match="at least two"):
        compare(BuiltinEncoder(), BuiltinEncoder(), pictures[:1])


def test_sample_pictures_are_ten_and_unlike():
    pictures = sample_pictures()
    assert len(pictures) == 10
    assert len({picture.tobytes() for picture in pictures}) == 10
