from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefml.decisions import ProjectResolver, read_decisions
from prefml.sidecars.find import find_images
from prefml.sidecars.missing import REASONS, Gap, missing_pictures
from prefml.workspace import Workspace


@pytest.fixture
def gaps(tmp_path):
    """Return a function: names on the disk and a logged winner -> gaps of project alpha."""
    (tmp_path / "data" / "training").mkdir(parents=True)
    (tmp_path / "data" / "projects").mkdir()
    for name in ("alpha", "beta"):
        manifest = tmp_path / "data" / "projects" / f"{name}.project.json"
        manifest.write_text(json.dumps({"projectId": name}))

    def of(disk, *logged):
        for path in ("alpha/there.png", *disk):
            (tmp_path / "images" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "images" / path).write_bytes(b"")
        rows = [f's,{n},{path},"[""alpha/there.png""]",' for n, path in enumerate(logged)]
        text = "\n".join(["session_id,set_id,chosen_path,neg_paths,timestamp", *rows])
        (tmp_path / "data/training/log.csv").write_text(text, "utf-8")
        workspace = Workspace.open(tmp_path)
        images = find_images(workspace, ProjectResolver.open(workspace))
        (found,) = missing_pictures(read_decisions(workspace), images)
        return found.gaps

    return of


@pytest.mark.parametrize(
    ("disk", "logged", "reason"),
    [
        ("alpha/a.png", "alpha/a.PNG", "other_spelling"),
        ("alpha/at\u202f9.png", "alpha/at 9.png", "other_spelling"),
        ("alpha/a_b.png", "alpha/a%5Fb.png", "percent_encoded"),
        ("alpha/a.jpg", "alpha/a.png", "other_suffix"),
        ("alpha/a_final.png", "alpha/a.png", "longer_name"),
        ("alpha/a (1).png", "alpha/a.png", "longer_name"),
        ("beta/a.png", "alpha/a.png", "other_project"),
        ("loose/a.png", "alpha/a.png", "unknown_project"),
    ],
)
def test_the_file_that_was_meant_is_named_with_the_reason(gaps, disk, logged, reason):
    name = logged.partition("/")[2]
    assert gaps([disk], logged) == [Gap(reason, 1, name, f"images/{disk}")]


@pytest.mark.parametrize(
    ("logged", "reason"), [("alpha/a.cr2", "unread_format"), ("alpha/a.png", "nothing_alike")]
)
def test_where_nothing_is_meant_the_reason_names_no_file(gaps, logged, reason):
    (gap,) = gaps(["alpha/other.png"], logged)
    assert (gap.reason, gap.found, gap.mendable) == (reason, "", False)


def test_the_most_frequent_reason_comes_first(gaps):
    found = gaps(["alpha/b.jpg"], "alpha/b.png", "alpha/x.png", "alpha/y.png")
    assert [(gap.reason, gap.pictures) for gap in found] == [
        ("nothing_alike", 2), ("other_suffix", 1)
    ]  # fmt: skip
    assert str(found[1]) == "1 there with another suffix, such as b.png -> images/alpha/b.jpg"


def test_what_is_there_is_no_gap(gaps):
    assert gaps(["alpha/a.png"], "alpha/a.png") == []


@pytest.mark.parametrize("reason", REASONS)
def test_the_page_on_data_explains_every_reason(reason):
    page = Path(__file__).resolve().parents[2] / "docs" / "data.md"
    assert f"| `{reason}` | {REASONS[reason]} |" in page.read_text("utf-8")
