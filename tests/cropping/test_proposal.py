import itertools

import numpy as np
import pytest

from prefml.boxes import is_whole
from prefml.cropping import CropRegressor
from prefml.cropping.metrics import SIMILAR, iou
from prefml.cropping.policy import Policy
from prefml.cropping.proposal import DIFFERENT, Proposal

WHOLE = (0.0, 0.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def proposals(fitted, unseen):
    return fitted.propose(unseen.X[:120], size=unseen.size[:120])


def test_the_proposed_box_is_the_predicted_one(fitted, unseen, proposals):
    np.testing.assert_allclose([p.box for p in proposals], fitted.predict(unseen.X[:120]))


def test_two_alternatives_differ_from_the_box_and_from_each_other(proposals):
    for proposal in proposals:
        boxes = [proposal.box, *(option.box for option in proposal.alternatives)]
        assert len(boxes) == 3
        assert max(iou(a, b) for a, b in itertools.combinations(boxes, 2)) < DIFFERENT


def test_alternatives_to_keeping_whole_are_crops(proposals):
    kept = [proposal for proposal in proposals if proposal.keeps_whole]
    assert kept
    for proposal in kept:
        boxes = np.array([option.box for option in proposal.alternatives])
        assert not is_whole(boxes).any()


def test_every_probability_is_one_and_the_likelier_alternative_comes_first(proposals):
    for proposal in proposals:
        first, second = proposal.alternatives
        assert 1 >= first.probability >= second.probability >= 0
        assert 0 <= proposal.probability <= 1


def test_probabilities_are_what_happens(proposals, unseen):
    drawn = [(p, b) for p, b in zip(proposals, unseen.boxes, strict=False) if not p.keeps_whole]
    similar = np.mean([iou(proposal.box, box) > SIMILAR for proposal, box in drawn])
    stated = np.mean([proposal.probability for proposal, _ in drawn])
    assert stated == pytest.approx(similar, abs=0.12)


def test_a_model_that_knows_nothing_is_unsure(fitted_on_noise, noise):
    proposal = fitted_on_noise.propose(noise.X[:1])[0]
    similar = np.mean(iou(proposal.box, noise.boxes) > SIMILAR)
    assert proposal.probability == pytest.approx(similar, abs=0.1)
    assert proposal.certainty.startswith("unsure")
    assert len(proposal.alternatives) == 2


def test_certainty_is_said_in_words():
    crop = Proposal((0.1, 0.1, 0.9, 0.9), 0.92, 0.1, (), ())
    whole = Proposal(WHOLE, 0.7, 0.7, (), ())
    assert crop.certainty == "sure: about 92 of 100 such proposals overlap yours by more than 0.7"
    assert whole.certainty == "fairly sure: about 70 of 100 such proposals are kept whole"


@pytest.mark.parametrize("aspect", [0.8, 1.0, 16 / 9])
def test_another_aspect_is_met_by_all_three(fitted, unseen, aspect):
    for proposal, (width, height) in zip(
        fitted.propose(unseen.X[:20], size=unseen.size[:20], aspect=aspect),
        unseen.size,
        strict=False,
    ):
        for x1, y1, x2, y2 in (proposal.box, *(o.box for o in proposal.alternatives)):
            assert (x2 - x1) * width / ((y2 - y1) * height) == pytest.approx(aspect)
            assert 0 <= x1 < x2 <= 1
            assert 0 <= y1 < y2 <= 1


def test_another_aspect_needs_the_size(fitted, unseen):
    with pytest.raises(ValueError, match="aspect needs the size"):
        fitted.propose(unseen.X[:1], aspect=0.8)


def test_the_least_size_leaves_no_room_for_alternatives(fitted, unseen):
    policy = Policy(min_pixels=10_000)
    proposal = fitted.propose(unseen.X[:1], size=unseen.size[:1], policy=policy)[0]
    assert proposal.box == WHOLE
    assert proposal.alternatives == ()


def test_the_rules_read_faces_from_the_columns(crops, fitted):
    face = dict.fromkeys(["cue__face_x1", "cue__face_y1"], 0.9) | dict.fromkeys(
        ["cue__face_x2", "cue__face_y2"], 0.95
    )
    X = crops.X.assign(cue__face_confidence=1.0, **face)
    model = CropRegressor(n_estimators=10).fit(X, crops.boxes, groups=crops.project)
    found = model.propose(X[:10], policy=Policy())
    assert all(p.box[2] >= 0.95 and p.box[3] >= 0.95 for p in found)
    assert any("moved to keep the head" in p.reasons for p in found)


def test_where_crops_can_hardly_be_smaller_than_the_picture_nothing_else_is_offered(crops):
    model = CropRegressor(n_estimators=5, min_side=0.97).fit(crops.X, crops.boxes)
    proposal = model.propose(crops.X[:1], size=crops.size[:1])[0]
    boxes = [proposal.box, *(option.box for option in proposal.alternatives)]
    assert len(proposal.alternatives) < 2
    assert all(box[2] - box[0] >= 0.97 - 1e-9 for box in boxes)
