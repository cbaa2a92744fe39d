from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from prefml.decisions.tags import FLAG_TAGS
from prefml.prediction import PictureRows, Ranking
from prefml.suggest.flags import person_flags, set_flags

LOWER, CLOSE, NONE, DRIFTED, CLIPPED, ALIKE = (
    "a lower stage is suggested", "the first two are nearly equal", "probably none is good",
    "the stages differ much", "large parts are pure black or white", "looks like another picture",
)  # fmt: skip


def rows(stage=(1.0, 2.0), embeddings=((1.0, 0.0), (1.0, 0.1)), clipped=(0.0, 0.0)):
    n = len(stage)
    cues = pd.DataFrame({"clipped_black": np.asarray(clipped, float), "sharpness": np.zeros(n)})
    names = tuple(f"{i}.png" for i in range(n))
    vectors = np.asarray(embeddings, np.float32)
    return PictureRows(names, np.ones((n, 2)), np.asarray(stage, float), vectors, cues)


def ranking(*probabilities):
    chances = np.asarray(probabilities)
    return Ranking(tuple(np.argsort(-chances).tolist()), chances, chances, ())


def flags(pictures=None, best=1, order=None, none=None, duplicates=()):
    found = pictures or rows()
    return set_flags(found, best, order, none, duplicates, person_flags(found, best))


def test_an_ordinary_set_has_no_flags():
    assert flags(order=ranking(0.2, 0.8), none=0.5) == []


@pytest.mark.parametrize(("stage", "best", "found"), [
    ((1.0, 2.0), 0, [LOWER]), ((1.0, 2.0), 1, []), ((np.nan, np.nan), 0, []),
    ((1.0, np.nan), 0, []), ((np.nan, 1.0), 0, []),
])  # fmt: skip
def test_a_stage_below_the_highest_is_flagged_where_both_are_known(stage, best, found):
    assert flags(rows(stage=stage), best) == found


@pytest.mark.parametrize(("chances", "found"), [((0.45, 0.55), []), ((0.46, 0.54), [CLOSE])])
def test_a_tie_is_flagged(chances, found):
    assert flags(order=ranking(*chances)) == found


@pytest.mark.parametrize(("none", "found"), [(None, []), (0.5, []), (0.51, [NONE])])
def test_a_set_that_is_probably_rejected_is_flagged(none, found):
    assert flags(none=none) == found


@pytest.mark.parametrize(("second", "found"), [((0.61, 0.793), []), ((0.59, 0.808), [DRIFTED])])
def test_stages_with_little_in_common_are_flagged(second, found):
    assert flags(rows(embeddings=((1.0, 0.0), second))) == found


def test_drift_is_measured_between_neighbouring_stages():
    steps = [(np.cos(a), np.sin(a)) for a in (0.0, 0.8, 1.6)]
    assert flags(rows((1, 2, 3), steps, (0, 0, 0)), best=2) == []
    assert flags(rows((1, 3, 2), steps, (0, 0, 0)), best=1) == [DRIFTED]


@pytest.mark.parametrize(("clipped", "found"), [
    ((0.9, 0.15), []), ((0.0, 0.16), [CLIPPED]), ((0.0, np.nan), []),
])  # fmt: skip
def test_clipped_tones_of_the_suggested_picture_are_flagged(clipped, found):
    assert flags(rows(clipped=clipped)) == found


def test_a_look_alike_is_flagged():
    assert flags(duplicates=["a.png looks like b.png"]) == [ALIKE]


LARGE = "a hand looks too large"
NAMES = ("hand_length", "wrist", "limb", "suspicion")


def with_anomalies(**scores):
    found = rows()
    for place, name in enumerate(NAMES):
        found.cues[f"{name}_anomaly"] = [np.nan, scores.get(name, np.nan)]
        for edge in ("left", "top", "right", "bottom"):
            found.cues[f"{name}_anomaly_{edge}"] = 0.1 * place
    return found


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ({}, []), ({"hand_length": 1.0}, []), ({"hand_length": 1.01}, [LARGE]),
        ({"wrist": 9.0, "limb": 9.0, "suspicion": 9.0}, []),
    ],
)  # fmt: skip
def test_anomalies_that_are_precise_enough_are_flagged_beyond_their_limit(scores, found):
    assert flags(with_anomalies(**scores)) == found


def test_only_the_suggested_picture_is_looked_at():
    assert flags(with_anomalies(hand_length=2.0), best=0) == [LOWER]


def test_a_flag_says_where_it_is():
    found = with_anomalies(hand_length=2.0)
    assert person_flags(found, 1) == {LARGE: (0.0, 0.0, 0.0, 0.0)}


def test_every_flag_of_people_has_words():
    everything = [*FLAG_TAGS, *(f"{name}_drift" for name in ("hand_length", "wrist", "limb"))]
    found = SimpleNamespace(find=lambda rows, picture: dict.fromkeys(everything, (0, 0, 1, 1)))
    words = person_flags(rows(), 0, found)
    assert len(words) == len(everything)
    assert set_flags(rows(), 1, None, None, [], words) == list(words)


def test_cues_without_people_raise_no_flag_of_people():
    assert person_flags(rows(), 0) == {}
