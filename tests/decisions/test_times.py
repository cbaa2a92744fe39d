from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.times import parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-05T01:43:47Z", datetime(2025, 10, 5, 1, 43, 47, tzinfo=UTC)),
        ("2025-10-05T01:43:47.152546Z", datetime(2025, 10, 5, 1, 43, 47, 152546, tzinfo=UTC)),
        ("2025-10-05T01:43:47+00:00", datetime(2025, 10, 5, 1, 43, 47, tzinfo=UTC)),
        ("20250727_224840", datetime(2025, 7, 27, 22, 48, 40, tzinfo=UTC)),
        ("2025-10-05T01:43:47", datetime(2025, 10, 5, 1, 43, 47, tzinfo=UTC)),
        (" 2025-10-05 01:43:47 ", datetime(2025, 10, 5, 1, 43, 47, tzinfo=UTC)),
        ("2025-10-11T23:30:00-04:00", datetime(2025, 10, 12, 3, 30, tzinfo=UTC)),
    ],
)
def test_every_form_of_the_logs_is_read_as_utc(text, expected):
    assert parse_timestamp(text) == expected


@pytest.fixture
def elsewhere(monkeypatch):
    """Put the machine's clock five hours behind UTC."""
    monkeypatch.setenv("TZ", "XYZ+5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("text", ["2025-10-05T23:43:47", "2025-10-05T19:43:47-04:00"])
def test_where_the_machine_stands_does_not_matter(text):
    found = parse_timestamp(text)
    assert found == datetime(2025, 10, 5, 23, 43, 47, tzinfo=UTC)
    assert found.date() == date(2025, 10, 5)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "group_8", "yesterday", "20251399_000000", None, 12, "\0"])
def test_anything_else_has_no_time(text):
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    "stated",
    ["1759628627", 1759628627, 1759628627.0, "1759628627000", 1759628627000, " 1759628627.0 "],
)
def test_seconds_and_milliseconds_since_1970_are_read(stated):
    assert parse_timestamp(stated) == datetime(2025, 10, 5, 1, 43, 47, tzinfo=UTC)


def test_digits_that_the_calendar_could_read_otherwise_are_milliseconds():
    assert parse_timestamp("1712011011223").year == 2024


@pytest.mark.parametrize("stated", [True, float("nan"), 10**30, "99999999999"])
def test_other_numbers_have_no_time(stated):
    assert parse_timestamp(stated) is None


def test_a_time_before_the_calendar_begins_is_none():
    assert parse_timestamp("0001-01-01T00:00:00+14:00") is None


@given(st.text())
def test_no_text_raises(text):
    parse_timestamp(text)
