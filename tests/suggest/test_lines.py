from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.prediction import Ranking, Reason
from prefml.proposals.suggestions import Suggestion, to_row
from prefml.sidecars.find import ImageFile
from prefml.suggest.budget import ErrorBudget
from prefml.suggest.candidates import Candidate
from prefml.suggest.lines import Context, _reasons, make_suggestion
from prefml.suggest.reask import OldSet


@pytest.fixture
def made(tree):
    """Return a function that suggests for the pictures of the tree, three stages of one set."""
    tree.stages("1", "2", "3")

    def make(kind=Candidate, count=3, predictor=None, **options):
        files = tree.images()[:count]
        images = tuple(
            ImageFile("alpha", path.name, path.relative_to(tree.root).as_posix(), 1, 1)
            for path in files
        )
        candidate = OldSet("alpha", images, "old set") if kind is OldSet else kind("alpha", images)
        model = predictor or tree.predictor()
        rows = model.from_sidecars("alpha", [path.name for path in files])
        given = {"budget": ErrorBudget(0.05), "created": "now", **options}
        return make_suggestion(candidate, rows, Context(model, **given))[0]

    return make


def test_a_suggestion_is_one_of_its_declared_structure(made):
    row = to_row(made())
    assert to_row(msgspec.convert(row, Suggestion)) == row


def test_the_picture_and_the_probabilities_are_those_of_the_ranking(made):
    found = made()
    assert found.step1_selection.chosen == found.images[2]
    assert found.step1_selection.probabilities == found.probabilities
    assert [one.image for one in found.alternatives] == [found.images[1], found.images[0]]
    shares = [found.step1_selection.confidence, *(one.probability for one in found.alternatives)]
    assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_a_picture_alone_is_cropped_and_not_ranked(made):
    found = made(count=1)
    assert found.step1_selection.confidence is None
    assert found.reasons == ["a single picture: crop only"]
    assert (found.probabilities, found.alternatives, found.none_probability) == (None, [], None)


def test_an_old_set_says_so_and_a_new_one_does_not(made):
    assert made(kind=OldSet).reask_of == "old set"
    assert "reask_of" not in to_row(made())


def budget(threshold, **options):
    return ErrorBudget(0.05, {"seen": threshold}, projects=["alpha"], **options)


@pytest.mark.parametrize(
    ("threshold", "none", "within"),
    [
        (None, None, False), (0.5, None, True), (0.51, None, False),
        (0.475, 0.05, True), (0.476, 0.05, False),
    ],
)  # fmt: skip
def test_the_choice_and_the_rejection_are_jointly_as_sure_as_the_promise_asks(
    made, tree, threshold, none, within
):
    found = made(budget=budget(threshold), predictor=tree.predictor(none=none))
    assert (found.within_budget, found.none_probability) == (within, none)


@pytest.mark.parametrize(
    ("covers", "sure", "within"),
    [(False, 0.64, False), (False, 0.7, True), (True, 0.64, False), (True, 0.81, True)],
)
def test_a_crop_that_goes_along_counts_jointly_or_must_not_be_unsure(
    made, tree, covers, sure, within
):
    options = budget(0.4, covers_crops=covers)
    assert made(budget=options, predictor=tree.predictor(sure=sure)).within_budget is within


def test_without_a_crop_model_no_crop_can_be_unsure(made, tree):
    model = tree.predictor(cropper=False)
    assert made(budget=budget(0.5), predictor=model).within_budget


def test_without_a_ranking_nothing_lies_within_the_budget(made, tree):
    model = tree.predictor(ranker=False, none=0.0)
    found = made(predictor=model, budget=budget(0.0))
    assert (found.within_budget, found.none_probability, found.reasons) == (False, None, [])


def test_a_look_alike_of_the_same_set_is_no_duplicate(made):
    key = ("alpha", "20250101_000000_stage1_generated.png")
    own, other = "new/alpha/20250101_000001_stage2_upscaled.png", "images/alpha/x.png"
    found = made(duplicates={key: [(own, "0 bits"), (other, "2 bits")]})
    assert found.duplicates == [f"{key[1]} looks like {other} (2 bits)"]


def test_a_suggestion_names_the_models_and_the_encoder_that_made_it(made):
    found = made()
    assert found.model["ranker"].sha256 == "r1"
    assert (found.encoder.id, found.encoder.identity) == ("fake", "abc")


def test_boxes_are_written_with_six_digits(made, tree):
    found = made(predictor=tree.predictor(box=(1 / 3, 0.0, 2 / 3, 0.5)))
    assert found.step2_crop.crop_coords == (0.333333, 0.0, 0.666667, 0.5)


def ranked(*contributions):
    why = tuple(Reason(f"reason {i}", value) for i, value in enumerate(contributions))
    return Ranking((0, 1), np.zeros(2), np.array([0.6, 0.4]), why)


@pytest.mark.parametrize(
    ("contributions", "words"),
    [
        ((), []),
        ((0.3, 0.2), ["reason 0", "reason 1"]),
        ((0.5, 0.2), ["mainly reason 0", "reason 1"]),
        ((0.5,), ["reason 0"]),
        ((0.4, 0.3, 0.2, 0.1), ["reason 0", "reason 1", "reason 2"]),
        ((0.5, -0.25), ["reason 0"]),
        ((0.5, -0.26), ["reason 0", "against it: reason 1"]),
        ((-0.3,), []),
    ],
)
def test_reasons_name_the_lead_and_what_speaks_much_against_it(contributions, words):
    assert _reasons(ranked(*contributions)) == words


@given(st.lists(st.floats(-1, 1), max_size=8))
def test_at_most_three_reasons_speak_for_and_one_against(contributions):
    words = _reasons(ranked(*contributions))
    against = [word for word in words if word.startswith("against it")]
    assert len(against) <= 1
    assert len(words) - len(against) <= 3


def test_what_says_nothing_to_a_person_is_no_reason():
    why = (Reason("other", 0.4), Reason("size of the set", -0.3), Reason("face", 0.2))
    assert _reasons(replace(ranked(), why=why)) == ["the face"]


def test_a_feature_group_is_named_by_what_was_measured():
    why = (Reason("closeness to the set", 0.4), Reason("higher stage", 0.3))
    assert _reasons(replace(ranked(), why=why)) == [
        "its similarity to the rest of the set", "higher stage",
    ]  # fmt: skip
