import csv
import json

import pytest

from prefml.proposals import decisions_path, read_lines
from prefml.review.exports import COLUMNS, export, export_decision, table_path
from prefml.review.ledger import Ledger
from prefml.workspace import Workspace

from .made_events import decide, decided, tag, undo

BOX = (0.1, 0.2, 0.8, 0.9)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "sandbox").mkdir()
    return Workspace.open(tmp_path)


def table(workspace):
    with table_path(workspace).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_decision_carries_its_tags_and_what_was_suggested():
    change = decided("g", suggestion={"model": "m", "reask_of": "old"}, crop_coords=BOX)
    ledger = Ledger([decide(1, change), tag(2, "g", a=["long_hand"], b=["long_foot", "long_hand"])])
    (entry,) = ledger.exported()
    found = export_decision(entry, ledger)
    assert found.tags == ["long_foot", "long_hand"]
    assert found.image_tags == {"a": ["long_hand"], "b": ["long_foot", "long_hand"]}
    assert found.suggested_choice == change.images[1]
    assert (found.reask_of, found.event, found.crop_coords) == ("old", 1, BOX)


def test_without_a_suggested_picture_none_is_named():
    ledger = Ledger([decide(1, decided("g", "rejected", suggested_index=None))])
    (entry,) = ledger.exported()
    assert export_decision(entry, ledger).suggested_choice is None


def test_lines_of_others_and_damaged_lines_outlive_an_export(place):
    path = decisions_path(place)
    path.write_text('{"group_id": "theirs", "mood": "calm"}\n{"torn\n{"group_id": "ours"}\n')
    export(place, Ledger([decide(1, decided("ours"))]))
    lines = read_lines(path)
    assert [row["group_id"] for row in lines.rows] == ["theirs", "ours"]
    assert lines.rows[0] == {"group_id": "theirs", "mood": "calm"}
    assert lines.bad_raw == (b'{"torn',)


def test_a_decision_that_was_undone_takes_its_line_along(place):
    ledger = Ledger([decide(1, decided("g"))])
    assert [one.group_id for one in export(place, ledger)] == ["g"]
    ledger.apply(undo(2, of=1))
    assert export(place, ledger) == []
    assert decisions_path(place).read_text() == ""
    assert table(place) == []


def test_a_line_begins_with_the_fields_of_the_format(place):
    export(place, Ledger([decide(1, decided("g", crop_coords=BOX))]))
    line = json.loads(decisions_path(place).read_text())
    assert list(line)[:5] == ["group_id", "action", "final_choice", "crop_coords", "timestamp"]
    assert line["crop_coords"] == list(BOX)


def test_the_table_has_a_column_for_each_edge_and_none_for_what_is_whole(place):
    changes = [decided("a", crop_coords=BOX), decided("b", "rejected")]
    export(place, Ledger([decide(1, *changes), tag(2, "a", i=["long_hand", "long_foot"])]))
    first, second = table(place)
    assert tuple(first) == COLUMNS
    assert tuple(float(first[name]) for name in COLUMNS[4:8]) == BOX
    assert [second[name] for name in COLUMNS[4:8]] == [""] * 4
    assert (first["tags"], second["final_choice"]) == ("long_foot long_hand", "")


@pytest.mark.parametrize(("fields", "version"), [({}, None), ({"suggestion_version": "v"}, "v")])
def test_a_decision_carries_the_version_that_was_on_the_screen(fields, version):
    ledger = Ledger([decide(1, decided("g", **fields))])
    (entry,) = ledger.exported()
    assert export_decision(entry, ledger).suggestion_version == version


def test_what_a_killed_export_left_is_removed_by_the_next(place):
    leftovers = [place.sandbox / f".approved_decisions.{end}.k8x.tmp" for end in ("jsonl", "csv")]
    others = [place.sandbox / ".automation_decisions.jsonl.k8x.tmp", place.sandbox / "a.tmp"]
    for path in (*leftovers, *others):
        path.write_text("half")
    export(place, Ledger([decide(1, decided("ours"))]))
    assert not any(path.exists() for path in leftovers)
    assert all(path.exists() for path in others)
