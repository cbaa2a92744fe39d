import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import LogError
from prefml.proposals import write_lines
from prefml.proposals.corrections import (
    AWAITING,
    CorrectedSet,
    corrected_rows,
    corrections_path,
    name_of_set,
    read_corrections,
    write_corrections,
)
from prefml.workspace import Workspace

BEFORE, NOON, AFTER = (f"2025-07-05T{hour}:00:00+00:00" for hour in ("11", "12", "13"))


def held(name, *images, project="p", pinned=True):
    return CorrectedSet(name, project, list(images), NOON, pinned)


def row(name, *images, created=BEFORE, project="p"):
    return {"group_id": name, "project_id": project, "images": list(images), "created": created,
            "step1_selection": {"chosen": images[0]}}  # fmt: skip


def members(rows):
    return [tuple(one["images"]) for one in rows]


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def test_what_is_written_is_read_again_but_for_what_undo_brought_back(workspace):
    sets = [held("x", "a", "b"), held("y", "c"), held("z", "d", pinned=False)]
    write_corrections(workspace, sets)
    assert read_corrections(workspace).sets == tuple(sets[:2])
    first = json.loads(corrections_path(workspace).read_text().splitlines()[0])
    assert first == {
        "group_id": "x", "project_id": "p", "images": ["a", "b"], "corrected": NOON,
    }  # fmt: skip


def test_a_workspace_without_corrections_gets_no_file(workspace):
    write_corrections(workspace, [])
    assert read_corrections(workspace).sets == ()
    assert not corrections_path(workspace).exists()


def test_lines_that_cannot_be_used_are_told_and_stay(workspace):
    workspace.sandbox.mkdir()
    good = {"group_id": "x", "project_id": "p", "images": ["a"], "corrected": NOON}
    bad = [
        good | {"group_id": "twice", "images": ["b", "b"]},
        good | {"group_id": "again", "images": ["a", "c"]},
        good | {"group_id": "none", "images": []},
        good | {"images": ["same name"]},
        good | {"group_id": "", "images": ["no name"]},
        {"group_id": "short"},
    ]
    write_lines(corrections_path(workspace), [good, *bad])
    found = read_corrections(workspace)
    assert [one.group_id for one in found.sets] == ["x"]
    assert len(found.problems) == 6
    write_corrections(workspace, [])
    texts = corrections_path(workspace).read_text()
    assert all(
        name in texts for name in ("twice", "again", "none", "short", "same name", "no name")
    )


def test_a_file_that_cannot_be_read_is_an_error(workspace):
    corrections_path(workspace).mkdir(parents=True)
    with pytest.raises(LogError, match="regular file"):
        read_corrections(workspace)


def test_a_set_is_named_by_its_pictures_and_their_project():
    assert name_of_set("p", ["new/p/a b.png"]).startswith("p_a-b_")
    names = {name_of_set(*of) for of in [("p", "ab"), ("p", "ba"), ("p", "a"), ("q", "ab")]}
    assert len(names) == 4


def test_a_set_that_was_split_waits_for_suggestions_where_it_was():
    rows = [row("1", "a"), row("2", "b", "c", "d"), row("3", "e")]
    found = corrected_rows(rows, [held("x", "b", "c"), held("y", "d")])
    assert members(found) == [("a",), ("b", "c"), ("d",), ("e",)]
    assert found[1] == {
        "group_id": "x", "images": ["b", "c"], "project_id": "p", AWAITING: True,
    }  # fmt: skip


def test_a_moved_picture_leaves_its_new_set_where_most_of_it_was():
    rows = [row("1", "a", "b"), row("2", "c", "d")]
    found = corrected_rows(rows, [held("x", "a"), held("y", "b", "c", "d")])
    assert members(found) == [("a",), ("b", "c", "d")]


def test_a_suggestion_for_exactly_its_pictures_is_that_of_a_corrected_set():
    rows = [row("1", "b", "a", created=AFTER)]
    assert corrected_rows(rows, [held("x", "a", "b")]) == [rows[0] | {"group_id": "x"}]


def test_a_set_that_undo_brought_back_gives_way_to_a_later_run():
    sets = [held("x", "a", "b", pinned=False)]
    old, new = [row("1", "a"), row("2", "b")], [row("1", "a"), row("2", "b", created=AFTER)]
    assert members(corrected_rows(old, sets)) == [("a", "b")]
    assert corrected_rows(new, sets) == new
    assert members(corrected_rows([row("1", "a", created=None)], sets)) == [("a",)]


def test_an_old_set_that_is_asked_again_stays_as_it_is():
    again = row("again", "a", "b") | {"reask_of": "s"}
    found = corrected_rows([row("1", "a", "b"), again], [held("x", "a"), held("y", "b")])
    assert members(found) == [("a",), ("b",), ("a", "b")]
    assert found[2] == again


def test_pictures_that_nothing_suggests_are_left_out():
    found = corrected_rows([row("1", "a"), row("2", "b", "c")], [held("x", "a", "b", "gone")])
    assert members(found) == [("a", "b"), ("c",)]
    assert found[0]["group_id"] not in ("x", "1")
    assert corrected_rows([row("1", "a")], [held("x", "gone")]) == [row("1", "a")]


def test_a_set_of_two_projects_is_not_in_force():
    rows = [row("1", "a", "b"), row("2", "c", project="q")]
    assert corrected_rows(rows, [held("x", "a", "c")]) == rows


def test_a_set_takes_the_project_of_its_pictures_and_no_name_that_another_has():
    rows = [row("1", "a", "b", project="P_01"), row("x", "c")]
    found = corrected_rows(rows, [held("x", "a"), held("y", "b")])
    assert [one["project_id"] for one in found] == ["P_01", "P_01", "p"]
    assert len({one["group_id"] for one in found}) == 3
    assert found[2] == rows[1]


pictures = [f"{folder}/{letter}.png" for folder in "pq" for letter in "abcdef"]


@st.composite
def partitions(draw):
    """Sets of some pictures, no picture in two, none of two projects."""
    found = {}
    for picture in draw(st.lists(st.sampled_from(pictures), unique=True)):
        found.setdefault((picture[0], draw(st.integers(0, 3))), []).append(picture)
    return list(found.values())


@given(partitions(), partitions(), st.lists(st.booleans(), min_size=12, max_size=12))
def test_every_picture_is_in_one_set_and_projects_never_mix(suggested, corrected, pinned):
    rows = [
        row(f"g{i}", *images, project=images[0][0], created=AFTER if i % 2 else BEFORE)
        for i, images in enumerate(suggested)
    ]
    sets = [
        held(f"g{i}" if i % 3 else f"x{i}", *images, project=images[0][0], pinned=pinned[i])
        for i, images in enumerate(corrected)
    ]
    found = corrected_rows(rows, sets)
    flat = [image for one in found for image in one["images"]]
    assert sorted(flat) == sorted(image for images in suggested for image in images)
    assert len({one["group_id"] for one in found}) == len(found)
    for one in found:
        assert {image[0] for image in one["images"]} == {one["project_id"]}
    there = set(flat)
    for one in sets:
        left = [image for image in one.images if image in there]
        if one.is_pinned and left:
            assert frozenset(left) in {frozenset(images) for images in members(found)}
    kept = [one for one in sets if one.is_pinned]
    once = corrected_rows(rows, kept)
    assert corrected_rows(once, kept) == once
