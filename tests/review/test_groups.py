import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.boxes import FULL_FRAME, read_box
from prefml.exceptions import BoxError, WorkspaceError
from prefml.review.groups import Group, parse_group, read_batch
from prefml.workspace import Workspace

from .drawn_workspace import BOX, OTHER_BOX, suggestion, write_suggestions

IMAGES = ["images/p/a.png", "images/p/b.png"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


def test_a_full_suggestion_is_understood():
    group = parse_group(suggestion("g", IMAGES, 1, within_budget=True))
    assert (group.project, group.chosen, group.confidence) == ("harbour", 1, 0.86)
    assert group.crop.box == tuple(BOX)
    assert group.crop.alternatives == ((tuple(OTHER_BOX), 0.31),)
    assert group.within_budget


def test_the_bare_format_is_enough():
    group = parse_group({"group_id": "g", "images": IMAGES})
    assert (group.project, group.chosen, group.crop.box) == ("p", None, None)
    assert not group.within_budget
    assert group.uncertain


@pytest.mark.parametrize("chosen", ["images/p/b.png", "b.png", 1])
def test_the_suggested_image_may_be_named_or_counted(chosen):
    row = suggestion("g", IMAGES, 0)
    row["step1_selection"]["chosen"] = chosen
    assert parse_group(row).chosen == 1


def test_a_single_picture_suggests_itself():
    assert parse_group({"group_id": "g", "images": ["a.png"]}).chosen == 0


def test_a_crop_that_is_not_needed_is_not_proposed():
    row = suggestion("g", IMAGES, 0)
    row["step2_crop"]["needs_crop"] = False
    group = parse_group(row)
    assert group.crop.box is None
    assert group.crop.alternatives


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"group_id": "", "images": IMAGES},
        {"group_id": 3, "images": IMAGES},
        {"group_id": "g", "images": []},
        {"group_id": "g", "images": ["a.png", 2]},
        {"group_id": "g", "images": ["a.png", "a.png"]},
        {"group_id": "g", "images": ["a\0.png"]},
    ],
)
def test_what_cannot_be_shown_is_named(row):
    assert isinstance(parse_group(row), str)


@given(
    st.dictionaries(
        st.sampled_from(
            ["step1_selection", "step2_crop", "reasons", "flags", "duplicates", "project_id",
             "none_probability", "within_budget", "model"]
        ),
        json_values,
    )
)  # fmt: skip
def test_no_value_of_a_field_breaks_a_group(fields):
    group = parse_group({"group_id": "g", "images": IMAGES, **fields})
    assert isinstance(group, Group)
    assert group.confidence is None or 0 <= group.confidence <= 1


@given(json_values | st.lists(st.floats(-0.2, 1.2), min_size=4, max_size=4))
def test_a_suggested_crop_is_read_as_every_box_is_or_said_to_be_none(value):
    step = {"needs_crop": True, "crop_coords": value}
    group = parse_group({"group_id": "g", "images": IMAGES, "step2_crop": step})
    try:
        box = read_box(value)
    except BoxError:
        assert not group.crop.offered
        assert group.flags == ("the suggested crop is no box",)
        return
    assert group.crop.offered
    assert group.crop.box == (None if box == FULL_FRAME else box)


def test_bad_lines_are_counted_and_the_rest_is_read(workspace):
    path = workspace.sandbox / "automation_decisions.jsonl"
    good = suggestion("again", IMAGES, 0)
    with path.open("a") as stream:
        stream.write("{cut\n[1]\n" + json.dumps({"group_id": "x"}) + "\n")
        stream.write(json.dumps(good) + "\n" + json.dumps(good) + "\n")
    batch = read_batch(workspace)
    assert len(batch.groups) == 7
    assert len(batch.problems) == 4


def test_without_suggestions_the_error_names_the_command(tmp_path):
    with pytest.raises(WorkspaceError, match="prefml suggest"):
        read_batch(Workspace.open(tmp_path))


def test_groups_keep_the_order_of_the_file(workspace):
    rows = [suggestion(f"g{n}", IMAGES, 0) for n in (3, 1, 2)]
    write_suggestions(workspace.root, rows)
    assert list(read_batch(workspace).groups) == ["g3", "g1", "g2"]


ROW = suggestion("g", ["images/p/a.png", "images/p/b.png"], 1)


@pytest.mark.parametrize(
    "fields",
    [
        {"images": ["images/p/b.png", "images/p/a.png"]},
        {"step1_selection": {**ROW["step1_selection"], "chosen": 0}},
        {"step1_selection": {**ROW["step1_selection"], "probabilities": [0.2, 0.8]}},
        {"step2_crop": {**ROW["step2_crop"], "crop_coords": OTHER_BOX}},
        {"step2_crop": {**ROW["step2_crop"], "alternatives": []}},
        {"step2_crop": {**ROW["step2_crop"], "needs_crop": None}},
        {"none_probability": 0.13},
        {"reasons": ["sharper"]},
        {"flags": ["fingers look odd"]},
        {"duplicates": ["a.png looks like c.png"]},
        {"within_budget": True},
        {"budget": 0.2},
        {"model": "ranker-2"},
        {"encoder": "clip"},
    ],
)
def test_the_version_changes_with_all_that_is_told_and_with_what_made_it(fields):
    assert parse_group(ROW | fields).version != parse_group(ROW).version


@given(st.dictionaries(st.sampled_from(["created", "mood", "reask_of"]), json_values))
def test_a_later_run_that_says_the_same_has_the_same_version(fields):
    turned = dict(reversed((ROW | fields).items()))
    assert parse_group(turned).version == parse_group(ROW).version


@given(st.dictionaries(st.sampled_from(["model", "encoder", "budget"]), json_values))
def test_whatever_a_line_holds_it_has_a_version(fields):
    assert re.fullmatch("[0-9a-f]{16}", parse_group(ROW | fields).version)


def test_a_flag_may_say_where_it_is():
    place = {"flag": "odd hand", "image": IMAGES[1], "box": BOX}
    group = parse_group(suggestion("g", IMAGES, 1, flags=["odd hand"], flag_places=[place]))
    assert group.flag_places == (("odd hand", 1, tuple(BOX)),)
    plain = parse_group(suggestion("g", IMAGES, 1, flags=["odd hand"]))
    assert plain.flag_places == ()
    assert plain.version == group.version


@given(json_values)
def test_places_that_cannot_be_read_are_none(value):
    row = suggestion("g", IMAGES, 1, flags=["odd hand"])
    odd = [value, {"flag": value, "image": IMAGES[0], "box": BOX}, {"flag": "odd hand", "box": BOX},
           {"flag": "odd hand", "image": IMAGES[0], "box": value}]  # fmt: skip
    for places in (value, odd):
        found = parse_group(row | {"flag_places": places}).flag_places
        assert all(flag == "odd hand" and index == 0 for flag, index, _ in found)
