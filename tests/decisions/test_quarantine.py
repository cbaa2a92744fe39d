from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.quarantine import (
    REASONS,
    Refusal,
    RowRefusedError,
    printable,
    refusal_of,
)
from prefml.exceptions import BoxError
from prefml.files import is_storable

PAGE = Path(__file__).parents[2] / "docs" / "data.md"


@pytest.mark.parametrize("reason", REASONS)
def test_the_page_on_data_says_what_to_do_about_each_reason(reason):
    entry = f"| `{reason}` | {REASONS[reason].meaning} | {REASONS[reason].remedy} |"
    assert entry in PAGE.read_text("utf-8")


def test_the_page_on_data_names_no_other_reason():
    table = PAGE.read_text("utf-8").partition("## Quarantine reasons")[2]
    listed = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert listed == list(REASONS)


def test_any_text_can_be_printed():
    assert printable("a\udce9b\0") == "a\\udce9b\\x00"
    assert printable("é😀") == "é😀"


@given(st.text(st.characters()))
def test_text_that_files_can_hold_is_printed_as_it_is_and_other_text_so_that_they_can(text):
    assert is_storable(printable(text))
    assert (printable(text) == text) == is_storable(text)


def test_the_reason_of_a_refused_row_is_that_of_its_error():
    refused = RowRefusedError("no_image", "chosen path ''")
    assert refusal_of(refused) == Refusal("no_image", "chosen path ''")
    assert str(refused) == "no_image: chosen path ''"


def test_what_is_no_box_is_an_impossible_box():
    found = refusal_of(BoxError("box [1] is not four numbers", "x1, y1, x2, y2"))
    assert found == Refusal("impossible_box", "box [1] is not four numbers")
