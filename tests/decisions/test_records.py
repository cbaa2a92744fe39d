from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefml.decisions.projects import ProjectMatch
from prefml.decisions.quarantine import Refusal
from prefml.decisions.records import Choice, Crop, ParsedRow, Rejection, Row

WHEN = datetime(2025, 10, 5, tzinfo=UTC)
CHOICE = Choice("s", "g", ("a.png", "b.png"), 0)
CROP = Crop("s", "a.png", (0, 0, 1, 1), None)
REJECTION = Rejection("s", "g", ("a.png",))


def test_a_row_is_not_accepted_before_it_is_filled():
    assert not Row("log.csv", 2, "raw").accepted


@pytest.mark.parametrize("part", [{"choice": CHOICE}, {"crop": CROP}, {"rejection": REJECTION}])
def test_a_row_is_accepted_while_any_part_of_it_is_left(part):
    row = Row("log.csv", 2, "raw", **part)
    row.refusals.append(Refusal("repeat_set", "another part"))
    assert row.accepted
    (name,) = part
    setattr(row, name, None)
    assert not row.accepted


def test_a_filled_row_holds_what_was_parsed_and_keeps_its_place():
    row = Row("log.csv", 7, ["a", "b"])
    row.fill(ParsedRow(ProjectMatch("unknown", ("x", "y")), WHEN, CHOICE, CROP))
    assert (row.source, row.line, row.raw) == ("log.csv", 7, ["a", "b"])
    assert (row.project, row.unmatched, row.when) == ("unknown", ("x", "y"), WHEN)
    assert (row.choice, row.crop, row.rejection) == (CHOICE, CROP, None)
    assert row.refusals == []


def test_a_parsed_row_without_labels_is_not_accepted():
    row = Row("log.csv", 2, "raw")
    row.fill(ParsedRow(ProjectMatch("mojo1"), None))
    assert not row.accepted
    assert (row.project, row.when) == ("mojo1", None)


def test_rows_do_not_share_their_refusals():
    one, other = Row("log.csv", 2, ""), Row("log.csv", 3, "")
    one.refusals.append(Refusal("no_image", ""))
    assert other.refusals == []
