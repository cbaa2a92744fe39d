import numpy as np
import pandas as pd
import pytest

from prefml.decisions.tags import FLAG_TAGS
from prefml.exceptions import SidecarError
from prefml.imaging.drift import SeenPeople
from prefml.prediction import PictureRows, flags
from prefml.prediction.flags import Flagging, read_people
from prefml.ranking.tag_model import TagModel
from prefml.workspace import Workspace

from ..imaging.test_drift import LIMBS, hand, person

WIDE = person([hand(LIMBS[15]), hand(LIMBS[16], 0.12)])


def rows(n=3, **scores):
    cues = pd.DataFrame({"sharpness": np.zeros(n)})
    for name, score in scores.items():
        cues[f"{name}_anomaly"] = score
        for place, edge in ((0.1, "left"), (0.2, "top"), (0.3, "right"), (0.4, "bottom")):
            cues[f"{name}_anomaly_{edge}"] = place
    names = tuple(f"{i}.png" for i in range(n))
    vectors = np.ones((n, 2), np.float32)
    return PictureRows(names, np.ones((n, 2)), np.full(n, np.nan), vectors, cues, project="p")


def seen(*people):
    found = {("p", f"{i}.png"): one for i, one in enumerate(people)}
    return Flagging(seen=lambda project, name: found.get((project, name)))


def model(limit):
    """Return a model that goes by the flag's own score."""
    n = len(flags.flag_columns(pd.DataFrame(index=[0]), "wrist")[0])
    zeros = (0.0,) * (n - 1)
    return TagModel((0.0,) * n, (1.0,) * n, (1.0, *zeros), 0.0, limit)


def test_by_default_the_size_of_a_hand_alone_is_flagged():
    assert list(Flagging().find(rows(**dict.fromkeys(FLAG_TAGS, 2.0)), 0)) == ["hand_length"]
    assert Flagging().find(rows(hand_length=1.0), 0) == {}


@pytest.mark.parametrize(("score", "found"), [(0.0, []), (3.0, ["limb"])])
def test_what_was_learned_flags_in_place_of_the_default(score, found):
    one = Flagging(learned={"limb": model(0.9), "hand_length": model(2.0)})
    assert list(one.find(rows(limb=score, hand_length=9.0), 0)) == found


def test_a_flag_says_where_it_is():
    assert Flagging().find(rows(hand_length=2.0), 1)["hand_length"] == (0.1, 0.2, 0.3, 0.4)


def test_a_hand_that_differs_from_the_other_pictures_is_flagged():
    found = seen(person(), person(), WIDE).find(rows(), 2)
    assert "hand_length_drift" in found
    assert found["hand_length_drift"].x1 > 0.5


def test_the_picture_that_most_others_are_like_is_not():
    assert seen(person(), person(), WIDE).find(rows(), 0) == {}


def test_of_two_that_differ_either_is_flagged():
    both = seen(person(), WIDE)
    assert all("hand_length_drift" in both.find(rows(2), picture) for picture in (0, 1))


def test_pictures_in_which_nobody_was_found_are_passed_over():
    assert seen(None, None, WIDE).find(rows(), 2) == {}
    assert seen(person(), person(), None).find(rows(), 2) == {}
    assert "hand_length_drift" in seen(person(), None, WIDE).find(rows(), 2)


def table(*people):
    return pd.DataFrame({
        "project": "p", "filename": [f"{i}.png" for i in range(len(people))],
        "width": [one.aspect if one else 1.0 for one in people], "height": 1.0,
        "body_points": [np.ravel(one.bodies) if one else None for one in people],
        "hand_points": [np.ravel(one.hands) if one else None for one in people],
    })  # fmt: skip


def test_people_are_read_from_the_sidecars(tmp_path, monkeypatch):
    monkeypatch.setattr(flags, "read_columns", lambda *_: table(person(aspect=1.5), None))
    found = read_people(Workspace.open(tmp_path), ["p"])
    one = found("p", "0.png")
    assert isinstance(one, SeenPeople)
    assert one.aspect == 1.5
    assert np.array_equal(one.bodies, person().bodies)
    assert np.array_equal(one.hands, person().hands)
    assert found("p", "1.png") is None
    assert found("q", "0.png") is None


def test_without_projects_nothing_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(flags, "read_columns", lambda *_: pytest.fail("read"))
    assert read_people(Workspace.open(tmp_path), [])("p", "0.png") is None


def test_sidecars_without_people_flag_by_cues_alone(tmp_path, monkeypatch):
    def fail(*_):
        raise SidecarError("no column body_points")

    monkeypatch.setattr(flags, "read_columns", fail)
    one = Flagging.open(Workspace.open(tmp_path), ["p"])
    assert list(one.find(rows(hand_length=2.0), 0)) == ["hand_length"]
