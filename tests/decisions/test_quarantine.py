from __future__ import annotations

from pathlib import Path

import pytest

from prefml.decisions.quarantine import REASONS, printable

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
