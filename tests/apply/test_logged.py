"""Decisions that only logs hold, told in sidecars."""

import csv
import json

import pytest

from prefml.apply import export_picks, preview_picks, undo
from prefml.apply.locator import PictureLocator
from prefml.apply.logged import logged_sets
from prefml.apply.picks import GROUP
from prefml.boxes import Box
from prefml.decisions import ProjectResolver
from prefml.decisions.xmp import new_packet, read_packet
from prefml.decisions.xmp.marks import Marks, crop_values, read_marks

WINNER, LOSER = Marks(label="Green", flag="picked"), Marks(label="Red", flag="rejected")
SELECTIONS = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
CROPS = ("timestamp", "project_id", "filename", "crop_x1", "crop_y1", "crop_x2", "crop_y2",
         "width", "height")  # fmt: skip


def log(tree, name, columns, *rows):
    path = tree.root / "data" / "training" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def selections(tree, *sets, name="selection_only_log.csv"):
    """Log sets of (id, winner, losers, day)."""
    log(tree, name, SELECTIONS, *(
        ("s", key, winner, json.dumps(losers), f"2025-01-{day:02}T10:00:00Z")
        for key, winner, losers, day in sets
    ))  # fmt: skip


def marks(tree, name):
    return read_marks(read_packet((tree.root / name).read_bytes()))


def pictures(tree, *names, project="alpha", **more):
    return [tree.picture(f"images/{project}/{name}.png", **more) for name in names]


def reasons(report):
    return {one.group.removeprefix(GROUP): one.reason for one in report.left_out}


def test_winners_losers_and_crops_of_logs_stand_in_sidecars_and_are_taken_back(tree):
    one, other, third = pictures(tree, "a", "b", "c")
    selections(tree, ("1", one, [other, third], 2))
    log(tree, "crop_training_data.csv", CROPS,
        ("2025-01-02T10:00:01Z", "alpha", "a.png", 0.1, 0.2, 0.6, 0.7, 40, 60))  # fmt: skip
    workspace = tree.write()
    before = tree.state()
    report = export_picks(workspace)
    assert [step.group for step in report.plan.steps] == [f"{GROUP}log:alpha/s/1"] * 3
    crop = Box(0.1, 0.2, 0.6, 0.7)
    assert marks(tree, "images/alpha/a.xmp") == Marks(label="Green", flag="picked", box=crop)
    assert marks(tree, "images/alpha/b.xmp") == marks(tree, "images/alpha/c.xmp") == LOSER
    assert export_picks(workspace).plan.steps == ()
    undo(workspace)
    assert {name: what for name, what in tree.state().items() if "sandbox" not in name} == {
        name: what for name, what in before.items() if "sandbox" not in name
    }


def test_what_was_reviewed_goes_before_a_log(tree):
    one, other = pictures(tree, "a", "b")
    selections(tree, ("1", one, [other], 2))
    tree.set("g", [one, other])
    tree.decide("g", "overridden", other)
    report = export_picks(tree.write())
    assert set(report.plan.groups) == {f"{GROUP}g"}
    assert marks(tree, "images/alpha/b.xmp") == WINNER
    assert marks(tree, "images/alpha/a.xmp") == LOSER


def test_of_two_decisions_on_a_picture_the_later_counts(tree):
    one, other, third = pictures(tree, "a", "b", "c")
    selections(tree, ("1", one, [other], 2), ("2", other, [third], 5), ("3", third, [one], 3))
    export_picks(tree.write())
    assert marks(tree, "images/alpha/b.xmp") == WINNER
    assert marks(tree, "images/alpha/c.xmp") == LOSER
    assert not (tree.root / "images/alpha/a.xmp").exists()


def test_pictures_that_are_gone_keep_the_others_from_nothing_and_are_counted(tree):
    (one,) = pictures(tree, "a")
    selections(
        tree, ("1", one, ["images/alpha/gone.png"], 2),
        ("2", "images/alpha/x.png", ["images/alpha/y.png"], 2),
    )  # fmt: skip
    report = export_picks(tree.write())
    assert marks(tree, "images/alpha/a.xmp") == WINNER
    assert reasons(report) == {"logs": "1 logged set without any of their pictures here"}


def test_the_crop_of_a_picture_that_was_cropped_in_place_is_not_told_again(tree):
    one, other = pictures(tree, "a", "b")
    selections(tree, ("1", one, [other], 2))
    log(tree, "crop_training_data.csv", CROPS,
        ("2025-01-02T10:00:01Z", "alpha", "a.png", 0.1, 0.2, 0.6, 0.7, 80, 120))  # fmt: skip
    report = export_picks(tree.write())
    assert marks(tree, "images/alpha/a.xmp") == WINNER
    assert "80x120" in reasons(report)["log:alpha/s/1"]


def test_a_crop_that_a_log_says_nothing_of_stays(tree):
    one, other = pictures(tree, "a", "b")
    selections(tree, ("1", one, [other], 2))
    box = Box(0.1, 0.1, 0.5, 0.5)
    (tree.root / "images/alpha/a.xmp").write_bytes(new_packet(crop_values(box)))
    export_picks(tree.write())
    assert marks(tree, "images/alpha/a.xmp") == Marks(label="Green", flag="picked", box=box)


def test_a_crop_of_a_picture_of_no_set_tells_that_it_is_kept(tree):
    pictures(tree, "a")
    log(tree, "crop_training_data.csv", CROPS,
        ("2025-01-02T10:00:01Z", "alpha", "a.png", 0.0, 0.0, 1.0, 1.0, 40, 60))  # fmt: skip
    export_picks(tree.write())
    assert marks(tree, "images/alpha/a.xmp") == WINNER


@pytest.mark.parametrize("name", ["imported_picks.csv", "selection_only_log.csv"])
def test_what_came_from_another_program_does_not_go_back(tree, name):
    one, other = pictures(tree, "a", "b")
    selections(tree, ("1", one, [other], 2), name=name)
    assert bool(preview_picks(tree.write()).plan.steps) == (not name.startswith("imported"))


def test_a_name_is_looked_up_in_its_own_project_only(tree):
    selections(tree, ("1", "images/beta/a.png", ["images/beta/b.png"], 2))
    pictures(tree, "a", "b")
    pictures(tree, "a", project="beta")
    workspace = tree.write()
    locator = PictureLocator(workspace, ProjectResolver.open(workspace))
    (one,) = logged_sets(workspace, locator)
    assert one.images == ("images/beta/a.png",)
