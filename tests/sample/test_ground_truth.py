import csv

import pytest

from prefml.decisions.reader import read_decisions
from prefml.sidecars.sizes import picture_sizes
from prefml.workspace import Workspace


@pytest.fixture(scope="module")
def decisions(report):
    workspace = Workspace.open(report.folder)
    return read_decisions(workspace, picture_sizes(workspace))


def test_every_logged_picture_of_a_usable_row_exists(report, truth):
    pictures = {path.name for path in report.folder.rglob("*") if path.suffix in (".png", ".jpg")}
    logged = {image["name"] for entry in truth["sets"].values() for image in entry["images"]}
    assert logged <= pictures


def test_the_truth_counts_the_rows_of_every_log(report, truth):
    for name, counts in truth["logs"].items():
        with (report.folder / name).open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        assert counts["rows"] == len(rows)
        assert counts["usable"] <= counts["rows"]


def test_the_reader_accepts_the_rows_that_are_usable(decisions, truth):
    for file in decisions.files:
        # Without a size, a crop of the whole picture cannot be told from one cropped in place.
        undecidable = file.quarantined.get("unknown_size", 0)
        assert file.accepted + undecidable == truth["logs"][file.path]["usable"], file.path


def test_the_reader_finds_the_sets_and_their_choices(decisions, truth):
    chosen = decisions.items[decisions.items.chosen]
    found = dict(zip(chosen.set_id, chosen.filename, strict=True))
    assert found == {key: entry["chosen"] for key, entry in truth["sets"].items()}


def test_the_reader_finds_the_crops(decisions, truth):
    for row in decisions.crops.itertuples():
        logged = truth["crops"][f"{row.project}/{row.filename}"]["logged"]
        assert (row.x1, row.y1, row.x2, row.y2) == pytest.approx(logged, abs=1e-5)


def test_the_ceiling_is_the_mean_overlap_of_logged_and_ideal_crops(truth):
    def area(box):
        return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)

    overlaps = []
    for crop in truth["crops"].values():
        (a, b) = crop["ideal"], crop["logged"]
        shared = area([*map(max, a[:2], b[:2]), *map(min, a[2:], b[2:])])
        overlaps.append(shared / (area(a) + area(b) - shared))
    assert truth["ceiling"]["iou"] == pytest.approx(sum(overlaps) / len(overlaps), abs=1e-3)
    assert 0.8 < truth["ceiling"]["iou"] < 1


def test_the_counts_of_the_projects_add_up_to_the_report(report, truth):
    for name in ("sets", "lower_stage_sets", "crops"):
        assert sum(project[name] for project in truth["projects"].values()) == getattr(report, name)
