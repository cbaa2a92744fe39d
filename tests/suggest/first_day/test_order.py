"""The order of the questions, and the predictions that are kept."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.proposals import decisions_path, read_suggestions
from prefml.proposals.corrections import CorrectedSet, write_corrections
from prefml.proposals.questions import read_predictions
from prefml.suggest.first_day import order as module
from prefml.suggest.first_day.order import (
    SHARE,
    interleave,
    order_questions,
    spread_over_projects,
)
from prefml.suggest.first_day.questions import write_questions
from prefml.workspace import Workspace

FIRST = 10


@given(st.integers(0, 60), st.integers(0, 30), st.integers(0, 40), st.data())
def test_every_set_comes_once_in_the_order_of_its_list(chosen, drawn, answered, data):
    ids, lots = [f"c{n}" for n in range(chosen)], [f"d{n}" for n in range(drawn)]
    order = interleave(ids, lots, answered, data.draw(st.integers(0, answered)), FIRST)
    assert [one for one in order if one in ids] == ids
    assert [one for one in order if one in lots] == lots
    assert len(order) == chosen + drawn


@given(st.integers(0, 200))
def test_once_there_is_a_model_a_third_is_drawn_at_random(answered):
    """However often the order is made anew between the answers."""
    chosen, drawn = [f"c{n}" for n in range(300)], [f"d{n}" for n in range(150)]
    asked = []
    while len(asked) < answered:
        left = [[one for one in ids if one not in asked] for ids in (chosen, drawn)]
        asked.append(interleave(*left, len(asked), sum(o[0] == "d" for o in asked), FIRST)[0])
    lots = [one[0] == "d" for one in asked]
    assert not any(lots[:FIRST])
    assert abs(sum(lots) - SHARE * max(0, answered - FIRST)) <= 1


def test_projects_take_turns_in_the_first_order():
    projects = ["a"] * 6 + ["b"] * 3
    order = [projects[at] for at in spread_over_projects(projects)]
    assert [sorted(order[at : at + 2]) for at in (0, 2, 4)] == [["a", "b"]] * 3


class FakePredictor:
    def __init__(self, learned, cropper=None):
        self.manifests = {"ranker": SimpleNamespace(counts={"sets": learned})}
        self.cropper, self.read = cropper, None

    def reload_sidecars(self, projects):
        self.read = set(projects)

    def from_sidecars(self, project, names):
        return (project, *names)

    def crop(self, rows):
        return SimpleNamespace(box=(0.1, 0.2, 0.9, 1.0))


@pytest.fixture
def place(tree, monkeypatch):
    for hour, project in enumerate(("alpha", "beta")):
        for number in range(20):
            start = 10000 * hour + 100 * number
            tree.stages("1", "2", "3", project=project, start=start)
    workspace = Workspace.open(tree.root)
    write_questions(workspace, SetRule("auto"), "seed")
    monkeypatch.setattr(module, "read_sidecars_if_any", lambda *args: tree.sidecars())
    return workspace


def lots(workspace):
    """Return the sets that are asked at random."""
    rows = read_suggestions(workspace).items()
    return [key for key, row in rows if row["asked"]["by"] == "random"]


def answer(workspace, *ids):
    known = read_suggestions(workspace)
    with decisions_path(workspace).open("a") as file:
        for key in ids:
            images = known[key]["images"]
            row = {"group_id": key, "action": "overridden", "images": images,
                   "final_choice": images[1], "suggestion": known[key]}  # fmt: skip
            file.write(json.dumps(row) + "\n")


def test_before_anything_is_embedded_the_order_is_by_lot(place, monkeypatch):
    monkeypatch.setattr(module, "read_sidecars_if_any", lambda *args: None)
    made = order_questions(place, FIRST)
    assert (made.waiting, made.by, made.predicted) == (40, "random", 0)


def test_before_there_is_a_model_vectors_are_covered_and_lots_wait(place):
    made = order_questions(place, FIRST)
    assert (made.waiting, made.by, made.predicted) == (40, "coverage", 0)
    first = list(read_suggestions(place).values())[:FIRST]
    assert {row["asked"]["by"] for row in first} == {"coverage"}


def test_an_answered_question_goes_behind_and_stays_as_it_was_asked(place):
    known = read_suggestions(place)
    done = next(iter(known))
    answer(place, done)
    assert order_questions(place, FIRST).waiting == 39
    after = read_suggestions(place)
    assert list(after)[-1] == done
    assert after[done] == known[done]


@pytest.fixture
def trained(place, monkeypatch):
    """A workspace with a model that is sure of all sets but three."""
    place.artifacts.mkdir()
    (place.artifacts / "ranker.joblib").write_bytes(b"")
    known = read_suggestions(place)
    chosen = [key for key in known if key not in lots(place)]
    unsure = {tuple(known[key]["images"]) for key in chosen[:3]}
    paths = {tuple(path.rpartition("/")[2] for path in images) for images in unsure}

    def probabilities(predictor, sets):
        return [
            np.full(3, 1 / 3) if tuple(names) in paths else np.array([0.05, 0.9, 0.05])
            for _, names in sets
        ]

    monkeypatch.setattr(module, "win_probabilities", probabilities)
    monkeypatch.setattr(module.Predictor, "open", lambda *args, **more: FakePredictor(12))
    return chosen[:3]


def test_a_model_is_asked_about_what_it_is_least_sure_of(place, trained):
    answer(place, *[key for key in read_suggestions(place) if key not in trained][:FIRST])
    assert order_questions(place, FIRST).by == "uncertainty"
    rows = list(read_suggestions(place).values())
    asked = [row["group_id"] for row in rows if row["asked"]["by"] == "uncertainty"]
    assert set(trained) <= set(asked[:20])


def test_predictions_are_kept_for_sets_that_were_drawn_and_have_no_answer(place, trained):
    drawn = lots(place)
    answer(place, drawn[0])
    assert order_questions(place, FIRST).predicted == len(drawn) - 1
    kept = read_predictions(place)
    assert set(kept) == set(drawn[1:])
    assert {(one.probability, one.answers) for one in kept.values()} == {(0.9, 12)}
    known = read_suggestions(place)
    assert all(one.image == known[key]["images"][1] for key, one in kept.items())


def test_the_prediction_from_before_the_answer_stays(place, trained, monkeypatch):
    order_questions(place, FIRST)
    drawn = lots(place)[0]
    answer(place, drawn)
    monkeypatch.setattr(module.Predictor, "open", lambda *args, **more: FakePredictor(30))
    order_questions(place, FIRST)
    kept = read_predictions(place)
    assert kept[drawn].answers == 12
    assert {one.answers for key, one in kept.items() if key != drawn} == {30}


def test_suggestions_are_left_alone(place):
    path = place.sandbox / "automation_decisions.jsonl"
    mine = {"group_id": "mine", "images": ["new/alpha/x.png"], "note": "kept"}
    path.write_text(json.dumps(mine) + "\n" + path.read_text())
    order_questions(place, FIRST)
    assert read_suggestions(place)["mine"] == mine


def test_where_nothing_is_asked_nothing_is_written(tmp_path):
    (tmp_path / "sandbox").mkdir()
    assert order_questions(Workspace.open(tmp_path), FIRST).waiting == 0
    assert list((tmp_path / "sandbox").iterdir()) == []


AT = "2026-01-01T00:00:00+00:00"


def decide(workspace, group_id):
    with decisions_path(workspace).open("a") as file:
        file.write(json.dumps({"group_id": group_id, "action": "rejected"}) + "\n")


@pytest.mark.parametrize("kind", ["random", "coverage"])
def test_a_set_that_was_split_by_hand_is_asked_first_until_it_is_answered(place, trained, kind):
    known = read_suggestions(place)
    split = [key for key, row in known.items() if row["asked"]["by"] == kind][-1]
    images = known[split]["images"]
    write_corrections(place, [CorrectedSet("c", known[split]["project_id"], images[:2], AT)])
    for _ in range(2):
        assert order_questions(place, FIRST).waiting == 39
        assert next(iter(read_suggestions(place))) == split
        assert split not in read_predictions(place)
    decide(place, "c")
    order_questions(place, FIRST)
    assert list(read_suggestions(place))[-1] == split


def test_pictures_that_were_set_apart_one_by_one_wait_for_no_answer(place):
    known = read_suggestions(place)
    split = list(known)[-1]
    alone = [CorrectedSet(f"c{at}", known[split]["project_id"], [image], AT)
             for at, image in enumerate(known[split]["images"])]  # fmt: skip
    write_corrections(place, alone)
    order_questions(place, FIRST)
    assert list(read_suggestions(place))[-1] == split


def test_a_set_that_was_formed_by_hand_is_a_question_and_asked_first(place):
    known = read_suggestions(place)
    formed = [key for key in known if key not in lots(place)][-1]
    images = known[formed]["images"][::-1]
    write_corrections(place, [CorrectedSet("c", known[formed]["project_id"], images, AT)])
    assert order_questions(place, FIRST).waiting == 40
    assert next(iter(read_suggestions(place))) == formed


def test_a_drawn_set_that_was_formed_by_hand_keeps_its_turn(place, trained):
    known, drawn = read_suggestions(place), lots(place)[-1]
    images = known[drawn]["images"][::-1]
    write_corrections(place, [CorrectedSet("c", known[drawn]["project_id"], images, AT)])
    order_questions(place, FIRST)
    assert drawn not in list(read_suggestions(place))[:FIRST]
    assert drawn in read_predictions(place)


def test_with_a_model_of_crops_the_frame_of_the_first_picture_is_predicted(
    place, trained, monkeypatch
):
    opened = FakePredictor(12, cropper=object())
    monkeypatch.setattr(module.Predictor, "open", lambda *args, **more: opened)
    order_questions(place, FIRST)
    assert {tuple(one.crop) for one in read_predictions(place).values()} == {(0.1, 0.2, 0.9, 1.0)}
    assert opened.read == {"alpha", "beta"}
