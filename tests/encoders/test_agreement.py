import numpy as np
import pytest

from prefml.encoders.agreement import held_out_choices, top_choice_agreement
from prefml.encoders.parity import NEEDED_AGREEMENT, Parity, refuse_unequal
from prefml.exceptions import EncoderError

SETS = [range(at, at + 3) for at in range(0, 90, 3)]


@pytest.fixture
def vectors():
    """Vectors whose first number decides: it is highest in the chosen of each set."""
    values = np.random.default_rng(0).standard_normal((90, 6)).astype(np.float32)
    values[::3, 0] += 5
    return values


def test_equal_vectors_agree_in_every_set(vectors):
    assert top_choice_agreement(vectors, vectors, SETS) == 1


def test_the_share_counts_sets_whose_first_changes(vectors):
    other = vectors.copy()
    for first in (0, 30, 60):
        other[[first, first + 1]] = vectors[[first + 1, first]]
    assert top_choice_agreement(vectors, other, SETS) == pytest.approx(27 / 30)


def test_small_differences_between_variants_are_learned_from_too(vectors):
    near = 1 + 1e-4 * vectors
    assert top_choice_agreement(near, near[:, ::-1].copy(), SETS) < 0.8


def test_without_sets_there_is_no_agreement_to_speak_of(vectors):
    assert top_choice_agreement(vectors, vectors, []) is None


def test_too_little_agreement_is_refused_with_its_numbers():
    parity = Parity(90, 1.0, 1.0, 0.01, 0.02, sets=30, agreement=0.9)
    with pytest.raises(
        EncoderError, match=r"int8 vectors change the top choice: it is the same in 0\.900 of 30"
    ):
        refuse_unequal(parity, "int8")


@pytest.mark.parametrize("precision", sorted(NEEDED_AGREEMENT))
def test_full_agreement_passes(precision):
    refuse_unequal(Parity(90, 1.0, 1.0, 0.01, 0.02, sets=30, agreement=1.0), precision)


def planted(sets=120, seed=0):
    """Vectors and sets of three in which one direction decides, with some noise."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(3 * sets, 6)).astype(np.float32)
    scores = 2 * vectors[:, 0] + rng.gumbel(size=3 * sets)
    rows = np.arange(3 * sets).reshape(sets, 3)
    order = np.take_along_axis(rows, np.argsort(-scores[rows], axis=1), 1)
    return vectors, order.tolist()


GROUPS = [f"p{number % 4}" for number in range(120)]


def test_equal_vectors_agree_in_every_held_out_set():
    vectors, sets = planted()
    found = held_out_choices(vectors, vectors, sets, GROUPS)
    assert (found.sets, found.agreement) == (120, 1.0)
    assert found.calibration_error == found.reference_calibration_error < 0.15


def test_a_sets_own_choice_decides_nothing_about_it():
    # The third number of each picture tells its place in the set, of this project alone.
    vectors, sets = planted()
    told = vectors.copy()
    for rows, group in zip(sets, GROUPS, strict=True):
        told[rows[0], 2] = 50.0 * (1 if group == "p0" else -1)
    found = held_out_choices(vectors, told, sets, GROUPS)
    assert found.agreement < 0.99


def test_vectors_without_the_direction_agree_less_and_state_too_much():
    vectors, sets = planted()
    blind = np.random.default_rng(1).normal(size=vectors.shape).astype(np.float32)
    found = held_out_choices(vectors, blind, sets, GROUPS)
    assert found.agreement < 0.7


@pytest.mark.parametrize("groups", [["p"] * 120, GROUPS], ids=["one project", "four"])
def test_scale_changes_nothing(groups):
    vectors, sets = planted()
    found = held_out_choices(vectors, 7 * vectors, sets, groups)
    assert found.agreement == 1.0
    assert found.calibration_error == pytest.approx(found.reference_calibration_error, abs=1e-3)
