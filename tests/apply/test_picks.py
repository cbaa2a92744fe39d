import pytest
from PIL import Image

from prefml.apply import execute, export_picks, preview, preview_picks, undo
from prefml.apply.picks import GROUP
from prefml.boxes import Box
from prefml.decisions.xmp import new_packet, read_packet
from prefml.decisions.xmp.marks import FIELDS, Marks, crop_values, read_marks
from prefml.exceptions import ConfigError

WINNER, LOSER = Marks(label="Green", flag="picked"), Marks(label="Red", flag="rejected")


def marks(tree, name):
    return read_marks(read_packet((tree.root / name).read_bytes()))


def pair(tree, name="a", ending="png", folder="new/alpha", **decision):
    images = [tree.picture(f"{folder}/{name}{i}.{ending}") for i in range(2)]
    tree.set(name, images)
    tree.decide(name, "overridden", images[0], **decision)
    return images


def reasons(report):
    return {one.group: one.reason for one in report.left_out}


def test_a_preview_changes_nothing(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    assert preview_picks(workspace).plan.steps
    assert reviewed.state() == before


def test_winners_losers_and_crops_stand_in_sidecars(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    report = export_picks(workspace)
    assert {group.removeprefix(GROUP) for group in report.plan.groups} == {
        "cropped", "whole", "byhand", "none",
    }  # fmt: skip
    stage = "new/alpha/20250101_00000"
    cropped = marks(reviewed, f"{stage}0_stage1_generated.xmp")
    assert cropped == Marks(label="Green", flag="picked", box=Box(0.1, 0, 0.6, 0.5))
    assert marks(reviewed, f"{stage}2_stage2_upscaled.xmp") == LOSER
    assert marks(reviewed, "new/beta/x.xmp") == WINNER
    assert marks(reviewed, "new/alpha/m1.xmp") == WINNER
    assert marks(reviewed, "new/beta/r0.xmp") == marks(reviewed, "new/beta/r1.xmp") == LOSER
    after = reviewed.state()
    assert {name: after[name] for name in before} == before


def test_an_export_that_is_repeated_writes_nothing(reviewed):
    workspace = reviewed.write()
    export_picks(workspace)
    again = export_picks(workspace)
    assert again.plan.steps == ()
    assert again.already == 4


def test_the_name_with_the_stem_is_taken_only_where_one_picture_has_it(tree):
    pair(tree, "a")
    tree.picture("new/alpha/a0.jpg")
    pair(tree, "b")
    workspace = tree.write()
    targets = {step.target for step in preview_picks(workspace).plan.steps}
    assert targets == {f"new/alpha/{name}.xmp" for name in ("a0.png", "a1", "b0", "b1")}
    targets = {step.target for step in preview_picks(workspace, "darktable").plan.steps}
    assert targets == {f"new/alpha/{name}.png.xmp" for name in ("a0", "a1", "b0", "b1")}


def test_a_sidecar_that_is_there_is_the_one_that_is_marked(tree):
    pair(tree)
    raw = new_packet({FIELDS["rating"]: "2", ("urn:other", "note"): "mine"})
    (tree.root / "new/alpha/a0.png.xmp").write_bytes(raw)
    export_picks(tree.write())
    assert not (tree.root / "new/alpha/a0.xmp").exists()
    packet = read_packet((tree.root / "new/alpha/a0.png.xmp").read_bytes())
    assert packet.value(("urn:other", "note")) == "mine"
    assert read_marks(packet) == Marks(2, "Green", "picked")


def test_a_picture_that_is_kept_whole_loses_a_crop_and_gets_none(tree):
    images = pair(tree, crop_coords=None)
    (tree.root / f"{images[0]}.xmp").write_bytes(new_packet(crop_values(Box(0.1, 0.1, 0.5, 0.5))))
    export_picks(tree.write())
    assert marks(tree, f"{images[0]}.xmp") == WINNER
    assert b"HasCrop" not in (tree.root / "new/alpha/a1.xmp").read_bytes()


def test_the_crop_of_a_turned_picture_is_one_of_the_stored_picture(tree):
    images = pair(tree, ending="jpg", crop_coords=[0.4, 0.1, 0.8, 0.4])
    exif = Image.Exif()
    exif[274] = 6
    Image.new("RGB", (60, 40)).save(tree.root / images[0], exif=exif)
    export_picks(tree.write())
    assert marks(tree, "new/alpha/a0.xmp").box == pytest.approx((0.1, 0.2, 0.4, 0.6))


def test_what_was_applied_is_marked_where_it_went(tree):
    pair(tree, crop_coords=[0.1, 0.1, 0.6, 0.6])
    pair(tree, "b")
    workspace = tree.write()
    execute(workspace)
    export_picks(workspace)
    assert marks(tree, "new/alpha/a0.xmp").box == Box(0.1, 0.1, 0.6, 0.6)
    assert marks(tree, "selected/alpha/a0.xmp") == WINNER
    assert marks(tree, "delete_staging/alpha/a1.xmp") == LOSER
    assert marks(tree, "selected/alpha/b0.xmp") == WINNER
    undo(workspace)
    assert not list(tree.root.rglob("*.xmp"))
    undo(workspace)
    assert (tree.root / "new/alpha/b0.png").exists()


def test_an_export_applies_nothing(tree):
    pair(tree)
    workspace = tree.write()
    export_picks(workspace)
    assert set(preview(workspace).plan.groups) == {"a"}


def test_sidecars_with_the_whole_name_go_where_their_picture_goes(tree):
    pair(tree)
    workspace = tree.write()
    export_picks(workspace, "darktable")
    execute(workspace)
    assert (tree.root / "selected/alpha/a0.png.xmp").exists()
    assert (tree.root / "delete_staging/alpha/a1.png.xmp").exists()


def test_sets_that_cannot_be_marked_are_left_out_by_name(tree):
    images = pair(tree, "damaged")
    (tree.root / f"{images[0]}.xmp").write_text("<!DOCTYPE a><a/>")
    images = pair(tree, "linked")
    (tree.root / f"{images[1]}.xmp").symlink_to("elsewhere.xmp")
    images = pair(tree, "gone")
    (tree.root / images[1]).unlink()
    pair(tree, "odd")
    tree.decide("odd", "guessed")
    tree.decisions.append({"group_id": "bare", "action": "approved", "images": [3]})
    images = pair(tree, "shared")
    tree.set("again", images)
    tree.decide("again", "overridden", images[1])
    pair(tree, "fine")
    mixed = [tree.picture("new/alpha/mixed.png"), tree.picture("new/beta/mixed.png")]
    tree.set("mixed", mixed)
    tree.decide("mixed", "overridden", mixed[0])
    workspace = tree.write()
    report = export_picks(workspace)
    assert {name.removeprefix(GROUP) for name in report.plan.groups} == {"shared", "fine"}
    found = reasons(report)
    assert set(found) == {"damaged", "linked", "gone", "odd", "bare", "again", "mixed"}
    assert "alpha and beta" in found["mixed"]
    assert "document type" in found["damaged"]
    assert "not a regular file" in found["linked"]


def test_only_the_sets_that_are_named_are_marked(tree):
    pair(tree, "a")
    pair(tree, "b")
    report = preview_picks(tree.write(), groups={"b"})
    assert set(report.plan.groups) == {f"{GROUP}b"}


def test_a_preset_that_is_not_there_is_refused(tree):
    pair(tree)
    with pytest.raises(ConfigError, match="lightroom"):
        preview_picks(tree.write(), "picasa")
