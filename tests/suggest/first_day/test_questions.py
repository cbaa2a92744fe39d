"""Sets become questions, which suggest nothing."""

import json

import numpy as np
import pytest

from prefml.decisions.set_rule import SetRule
from prefml.exceptions import WorkspaceError
from prefml.proposals import decisions_path, read_suggestions
from prefml.proposals.corrections import CorrectedSet, write_corrections
from prefml.review.groups import read_batch
from prefml.suggest.candidates import Candidate
from prefml.suggest.first_day.alike import find_sets
from prefml.suggest.first_day.questions import (
    draw,
    form_questions,
    picture_folders,
    refuse_trained,
    write_questions,
)
from prefml.workspace import Workspace

RULE = SetRule("auto")


@pytest.fixture
def place(tree):
    """A workspace of two projects with six sets each."""
    for project in ("alpha", "beta"):
        for number in range(6):
            tree.stages("1", "2", "3", project=project, start=1000 * number)
    return Workspace.open(tree.root)


def test_every_set_is_asked_about_and_nothing_is_suggested(place):
    asked = write_questions(place, RULE, "seed")
    assert (asked.sets, asked.pictures, asked.projects) == (12, 36, 2)
    for group in read_batch(place).groups.values():
        assert group.chosen is None
        assert group.confidence is None
        assert not group.crop.offered
        assert not group.within_budget


def test_projects_take_turns(place):
    write_questions(place, RULE, "seed")
    projects = [row["project_id"] for row in read_suggestions(place).values()]
    assert sorted(projects[:2]) == ["alpha", "beta"]


def test_writing_again_changes_nothing_and_adds_what_is_new(place, tree):
    write_questions(place, RULE, "seed")
    before = read_suggestions(place)
    write_questions(place, RULE, "seed")
    assert read_suggestions(place) == before
    tree.stages("1", "2", project="beta", start=90000)
    assert write_questions(place, RULE, "seed").sets == 13
    after = read_suggestions(place)
    assert {key: after[key] for key in before} == before


def test_what_was_decided_before_is_not_asked(place, tree):
    tree.log(("new/alpha/20250101_000002_stage3_enhanced.png",
              ["new/alpha/20250101_000000_stage1_generated.png",
               "new/alpha/20250101_000001_stage2_upscaled.png"], ""))  # fmt: skip
    assert write_questions(place, RULE, "seed").sets == 11


def test_pictures_alone_are_no_question(place, tree):
    tree.stages("1", project="alpha", start=99000)
    asked = write_questions(place, RULE, "seed")
    assert asked.sets == 12
    assert asked.alone.total() == 1


def test_a_third_of_the_sets_is_drawn_and_none_is_likelier_than_another():
    ids = [f"set {n}" for n in range(30)]
    drawn = [draw(ids, f"seed {n}") for n in range(600)]
    assert {len(one) for one in drawn} == {10}
    shares = np.mean([[key in one for key in ids] for one in drawn], axis=0)
    # Five standard errors of a share.
    assert np.abs(shares - 1 / 3).max() < 5 * np.sqrt(2 / 9 / 600)
    assert draw(ids, "seed") == draw(ids[::-1], "seed")


def test_a_drawn_set_carries_its_inclusion_probability_and_waits_behind_the_others(place):
    write_questions(place, RULE, "seed")
    asked = [(row["asked"]["by"], row["asked"]["inclusion"])
             for row in read_suggestions(place).values()]  # fmt: skip
    assert asked == [("coverage", None)] * 8 + [("random", pytest.approx(1 / 3))] * 4


def test_a_single_picture_forms_no_question(tree):
    assert form_questions([Candidate("alpha", ())], "seed", "") == []


def test_too_few_sets_and_no_variants_are_said_in_words(tree):
    for number in range(3):
        tree.stages("1", "2", start=1000 * number)
    with pytest.raises(WorkspaceError, match=r"3 sets of variants among 6 pictures"):
        find_sets(Workspace.open(tree.root), RULE, print)


def test_no_variants_at_all_are_said_in_words(tree):
    for number in range(12):
        tree.stages("1", start=1000 * number)
    with pytest.raises(WorkspaceError, match="no variants of one picture among 12 pictures") as got:
        find_sets(Workspace.open(tree.root), RULE, print)
    assert "--rule" in got.value.run


def test_enough_sets_are_shown_with_the_rule_that_was_taken(place):
    made, _ = find_sets(place, RULE, print)
    assert len(made.sets) == 12
    assert {one.rule for one in made.folders} == {"stages"}


def test_all_pictures_are_asked_about_but_reviewed_ones(tree):
    with pytest.raises(WorkspaceError, match="no pictures"):
        picture_folders(Workspace.open(tree.root))
    tree.picture("images/alpha/a.png")
    assert picture_folders(Workspace.open(tree.root)) == ("images",)
    tree.picture("new/alpha/b.png")
    tree.picture("selected/alpha/c.png")
    tree.picture("delete_staging/alpha/d.png")
    assert picture_folders(Workspace.open(tree.root)) == ("images", "new")


def test_a_workspace_that_needs_no_answers_is_refused(tree):
    place = Workspace.open(tree.root)
    refuse_trained(place)
    tree.log(*((f"new/alpha/{n}.png", [f"new/alpha/x{n}.png"], "") for n in range(10)))
    with pytest.raises(WorkspaceError, match="10 choices logged, enough"):
        refuse_trained(place)
    place.artifacts.mkdir()
    (place.artifacts / "ranker.joblib").write_bytes(b"")
    with pytest.raises(WorkspaceError, match="has a model already"):
        refuse_trained(place)


def test_lines_of_other_tools_stay(place):
    place.sandbox.mkdir()
    (place.sandbox / "automation_decisions.jsonl").write_text(
        json.dumps({"group_id": "mine", "images": ["x.png"], "note": 1}) + "\nnot JSON\n"
    )
    write_questions(place, RULE, "seed")
    text = (place.sandbox / "automation_decisions.jsonl").read_text()
    assert "not JSON" in text
    assert read_suggestions(place)["mine"]["note"] == 1


def asked_of(workspace):
    """Return the sets that are asked about, as paths of their pictures."""
    return {frozenset(row["images"]) for row in read_suggestions(workspace).values()}


def decide(workspace, key):
    row = read_suggestions(workspace)[key]
    line = {"group_id": key, "action": "overridden", "images": row["images"],
            "final_choice": row["images"][0], "suggestion": row}  # fmt: skip
    with decisions_path(workspace).open("a") as file:
        file.write(json.dumps(line) + "\n")


def test_another_rule_asks_about_its_own_sets_and_answers_stay(place):
    write_questions(place, RULE, "seed")
    before = read_suggestions(place)
    answered = next(iter(before))
    decide(place, answered)
    made = write_questions(place, SetRule("folder"), "seed")
    after = read_suggestions(place)
    assert after[answered] == before[answered]
    left = [path for key, row in after.items() for path in row["images"]]
    assert len(left) == len(set(left)) == 36
    assert made.sets == len(after) < 12


def test_a_set_that_was_split_by_hand_is_asked_about_as_it_is(place):
    write_questions(place, RULE, "seed")
    split = next(iter(read_suggestions(place).values()))
    images, project = split["images"], split["project_id"]
    sets = [CorrectedSet(f"c{n}", project, part, "2026-01-01T00:00:00+00:00")
            for n, part in enumerate((images[:1], images[1:]))]  # fmt: skip
    write_corrections(place, sets)
    write_questions(place, RULE, "seed")
    assert frozenset(images[1:]) in asked_of(place)
    assert frozenset(images) not in asked_of(place)
    assert len(asked_of(place)) == 12


def test_a_variant_that_comes_later_joins_its_set_suggested_or_not(place, tree):
    write_questions(place, RULE, "seed")
    path = place.sandbox / "automation_decisions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    del rows[0]["asked"]
    rows[0]["step1_selection"]["chosen"] = rows[0]["images"][0]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for row in rows[:2]:
        first = place.root / row["images"][0]
        later = first.with_name(first.name.replace("stage1_generated", "stage1.5_face_swapped"))
        later.write_bytes(first.read_bytes())
    write_questions(place, RULE, "seed")
    asked = [row["images"] for row in read_suggestions(place).values()]
    assert sorted(map(len, asked)) == [3] * 10 + [4] * 2
    assert len({path for images in asked for path in images}) == 38
