import errno
import sys

import pytest

from prefml.apply import execute, preview, steps, undo
from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import ApplyError, WorkspaceError
from prefml.sidecars.find import scan_images
from prefml.workspace import Workspace

from .reports import reasons, size

# The module: its name in the package is that of its function.
RUN = sys.modules[execute.__module__]


def test_a_preview_changes_nothing(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    preview(workspace)
    assert reviewed.state() == before


def test_execution_does_what_the_preview_says(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    report = execute(workspace)
    after = reviewed.state()
    for step in report.plan.steps:
        if step.kind == "move":
            assert after[step.target] == before[step.source]
            assert step.source not in after
        elif step.kind == "copy":
            assert after[step.target] == before[step.source] == after[step.source]
    name = "alpha/20250101_000000_stage1_generated.png"
    assert size(reviewed.root / "new" / name) == (40, 60)
    assert size(reviewed.root / "selected" / name) == (20, 30)


def test_no_byte_is_lost(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    execute(workspace)
    assert set(before.values()) <= set(reviewed.state().values())


def test_copying_leaves_the_sources_alone(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    execute(workspace, keep_sources=True)
    after = reviewed.state()
    assert {name: after[name] for name in before} == before
    assert "selected/beta/x.jpg" in after


def test_what_was_applied_is_not_applied_again(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    after = reviewed.state()
    report = execute(workspace)
    assert not report.plan.steps
    assert report.already == 4
    assert reviewed.state() == after


def test_a_decision_made_anew_is_said(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    reviewed.decide("whole", "rejected")
    reviewed.decisions[-1]["timestamp"] = "t1"
    reviewed.write()
    assert preview(workspace).changed == ("whole",)


def test_a_full_frame_crop_keeps_the_picture_as_it_is(tree):
    tree.set("g", [tree.picture("new/alpha/a.png")])
    tree.decide("g", "approved", crop_coords=[0, 0, 1, 1])
    workspace = tree.write()
    before = tree.state()["new/alpha/a.png"]
    execute(workspace)
    assert tree.state()["selected/alpha/a.png"] == before


@pytest.mark.parametrize("said", [None, "alpha"])
def test_a_mixed_project_set_stops_everything(reviewed, said):
    images = [reviewed.picture("new/alpha/q.png"), reviewed.picture("new/beta/q.png")]
    reviewed.set("mixed", images, **({"project_id": said} if said else {}))
    reviewed.decide("mixed", "approved", images[0])
    workspace = reviewed.write()
    before = reviewed.state()
    with pytest.raises(ApplyError, match=r"new/alpha/q\.png \(alpha\), new/beta/q\.png \(beta\)"):
        execute(workspace)
    assert reviewed.state() == before


@pytest.mark.parametrize("path", ["../outside.png", "/etc/hostname", "new/../../x.png"])
def test_a_path_outside_the_workspace_stops_everything(reviewed, path):
    reviewed.set("far", [path])
    reviewed.decide("far", "approved")
    workspace = reviewed.write()
    before = reviewed.state()
    with pytest.raises(WorkspaceError, match="outside"):
        execute(workspace)
    assert reviewed.state() == before


def test_a_destination_linked_out_of_the_workspace_is_refused(reviewed, tmp_path_factory):
    (reviewed.root / "selected").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(WorkspaceError, match="outside"):
        execute(reviewed.write())


def test_a_taken_name_leaves_the_whole_set_out(reviewed):
    reviewed.picture("selected/beta/X.jpg")
    workspace = reviewed.write()
    before = reviewed.state()
    report = execute(workspace)
    assert "selected/beta/x.jpg exists already" in reasons(report)["whole"]
    after = reviewed.state()
    assert after["selected/beta/X.jpg"] == before["selected/beta/X.jpg"]
    assert "new/beta/y.jpg" in after


def test_a_broken_picture_leaves_its_set_out_and_the_rest_goes_on(reviewed):
    name = "new/alpha/20250101_000000_stage1_generated.png"
    path = reviewed.root / name
    path.write_bytes(path.read_bytes()[:120])
    workspace = reviewed.write()
    before = reviewed.state()
    report = execute(workspace)
    assert "cropped" in reasons(report)
    after = reviewed.state()
    assert "selected/beta/x.jpg" in after
    assert after[name] == before[name]
    assert "new/alpha/20250101_000001_stage1.5_face_swapped.png" in after
    assert "cropped" not in report.plan.groups
    again = preview(workspace)
    assert "cropped" not in again.plan.groups
    assert "cropped" in reasons(again)
    undo(workspace)
    assert reviewed.state() == before


def test_without_a_sandbox_there_is_one_clear_line(tree):
    with pytest.raises(ApplyError, match="prefml review"):
        execute(Workspace.open(tree.root))


def test_a_line_that_cannot_be_read_is_left_out_by_its_number(tree):
    tree.set("g", [tree.picture("new/alpha/a.png")])
    tree.decide("g", "approved", crop_coords=[0, 0, float("nan"), 1])
    assert reasons(preview(tree.write())) == {"approved_decisions.jsonl line 1": "not JSON"}


@pytest.mark.parametrize("keep_sources", [False, True])
def test_undo_gives_back_the_same_tree(reviewed, keep_sources):
    workspace = reviewed.write()
    before = reviewed.state()
    execute(workspace, keep_sources)
    assert reviewed.state() != before
    undo(workspace)
    assert reviewed.state() == before


def test_runs_are_undone_one_after_the_other(reviewed):
    workspace = reviewed.write()
    start = reviewed.state()
    execute(workspace)
    first = reviewed.state()
    reviewed.decide("waiting", "approved")
    reviewed.write()
    execute(workspace)
    assert "selected/beta/w.png" in reviewed.state()
    undo(workspace)
    reviewed.decisions.pop()
    reviewed.write()
    assert reviewed.state() == first
    undo(workspace)
    assert reviewed.state() == start


def test_a_cropped_copy_edited_since_is_not_thrown_away_by_undo(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    path = reviewed.root / "selected/alpha/20250101_000000_stage1_generated.png"
    path.write_bytes(path.read_bytes() + b"edited")
    after = reviewed.state()
    with pytest.raises(ApplyError, match="has changed since"):
        undo(workspace)
    assert reviewed.state() == after


def test_a_copy_whose_source_is_gone_moves_back(reviewed):
    workspace = reviewed.write()
    before = reviewed.state()
    execute(workspace, keep_sources=True)
    (reviewed.root / "new/beta/y.jpg").unlink()
    undo(workspace)
    assert reviewed.state() == before


def test_a_name_taken_again_since_stops_undo(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    reviewed.file("new/beta/y.jpg", "another picture")
    with pytest.raises(ApplyError, match=r"new/beta/y\.jpg is not the file that was there"):
        undo(workspace)


def test_a_crop_whose_original_has_gone_is_not_taken_back(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    (reviewed.root / "new/alpha/20250101_000000_stage1_generated.png").unlink()
    after = reviewed.state()
    with pytest.raises(ApplyError, match=r"the original of selected/.*, has gone"):
        undo(workspace)
    assert reviewed.state() == after


def test_a_moved_picture_that_has_gone_stops_undo(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    (reviewed.root / "delete_staging/beta/y.jpg").unlink()
    after = reviewed.state()
    with pytest.raises(ApplyError, match=r"delete_staging/beta/y\.jpg has gone"):
        undo(workspace)
    assert reviewed.state() == after


@pytest.mark.parametrize("error", [PermissionError(13, "denied"), ApplyError("gone"), OSError("x")])
@pytest.mark.parametrize("at", range(8))
def test_a_set_that_fails_at_any_step_is_taken_back_and_the_rest_goes_on(
    reviewed, monkeypatch, error, at
):
    workspace = reviewed.write()
    before = reviewed.state()
    seen = []
    really = steps.apply_step

    def failing(context):
        if context.step.group == "cropped":
            seen.append(context)
            if len(seen) == at + 1:
                raise error
        really(context)

    monkeypatch.setattr(RUN, "apply_step", failing)
    report = execute(workspace)
    failed = len(seen) > at
    assert ("cropped" in reasons(report)) == failed
    assert ("cropped" in report.plan.groups) != failed
    moved = {step.source for step in report.plan.steps if step.kind == "move"}
    after = reviewed.state()
    assert all(name not in after for name in moved)
    assert {"whole", "byhand"} <= set(report.plan.groups)
    assert not list(reviewed.root.rglob(".prefml-*"))
    if failed:
        assert all(after[n] == h for n, h in before.items() if n.startswith("new/alpha/2025"))
    monkeypatch.undo()
    # What was no fault of the picture is tried again.
    assert ("cropped" in preview(workspace).plan.groups) == failed
    undo(workspace)
    assert reviewed.state() == before


def test_a_full_disk_stops_the_run_and_the_next_one_ends_it(reviewed, monkeypatch):
    workspace = reviewed.write()

    def full(context):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RUN, "apply_step", full)
    with pytest.raises(OSError, match="No space"):
        execute(workspace)
    monkeypatch.undo()
    finished = execute(workspace).finished
    assert finished.carried_out == list(finished.groups)
    assert not finished.dropped


def test_undo_makes_emptied_folders_again_that_were_deleted_since(tree):
    names = [tree.picture(f"new/beta/deep/{name}.png") for name in ("a", "b")]
    tree.set("g", names)
    tree.decide("g", "approved", "a.png")
    workspace = tree.write()
    before = tree.state()
    execute(workspace)
    for folder in ("new/beta/deep", "new/beta"):
        (tree.root / folder).rmdir()
    undo(workspace)
    assert tree.state() == before


def test_a_file_in_the_place_of_a_folder_stops_undo_before_anything_is_touched(tree):
    names = [tree.picture(f"new/beta/{name}.png") for name in ("a", "b")]
    tree.set("g", names)
    tree.decide("g", "approved", "a.png")
    workspace = tree.write()
    execute(workspace)
    (tree.root / "new/beta").rmdir()
    (tree.root / "new/beta").write_text("mine")
    before = tree.state()
    with pytest.raises(ApplyError, match="new/beta is no folder"):
        undo(workspace)
    assert tree.state() == before
    (tree.root / "new/beta").unlink()
    undo(workspace)
    assert (tree.root / "new/beta/a.png").is_file()


@pytest.mark.parametrize("folder", ["new/beta", "new/beta/deep"])
@pytest.mark.parametrize(
    ("target", "said"), [("outside", "leads out"), ("nowhere/at/all", "is no folder")]
)
def test_undo_follows_no_link_out_of_the_workspace(tree, tmp_path_factory, folder, target, said):
    names = [tree.picture(f"new/beta/deep/{name}.png") for name in ("a", "b")]
    tree.set("g", names)
    tree.decide("g", "approved", "a.png")
    workspace = tree.write()
    execute(workspace)
    outside = tmp_path_factory.mktemp("outside")
    for name in ("new/beta/deep", "new/beta"):
        (tree.root / name).rmdir()
    link = tree.root / folder
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside if target == "outside" else target)
    before = tree.state()
    with pytest.raises(ApplyError, match=said):
        undo(workspace)
    assert tree.state() == before
    assert not list(outside.iterdir())
    link.unlink()
    undo(workspace)
    assert all((tree.root / name).is_file() for name in names)


@pytest.mark.parametrize("kind", ["a link to nothing", "a folder", "another file"])
def test_what_has_taken_the_name_of_a_source_stops_undo_before_anything_is_touched(tree, kind):
    names = [tree.picture(f"new/beta/{name}.png") for name in ("a", "b")]
    tree.set("g", names)
    tree.decide("g", "approved", "a.png")
    workspace = tree.write()
    execute(workspace)
    place = tree.root / names[0]
    if kind == "a folder":
        place.mkdir()
    elif kind == "another file":
        place.write_text("mine")
    else:
        place.symlink_to("nowhere")
    before = tree.state()
    with pytest.raises(ApplyError, match=f"{names[0]} is not the file that was there"):
        undo(workspace)
    assert tree.state() == before


def test_the_configuration_is_no_picture_whatever_a_line_says(reviewed):
    reviewed.root.joinpath("prefml.toml").write_text('encoder = "builtin"\n')
    reviewed.set("edited", ["prefml.toml", "new/beta/x.jpg"])
    reviewed.decide("edited", "approved", "prefml.toml")
    report = execute(reviewed.write())
    assert "prefml.toml is not a picture" in reasons(report)["edited"]
    assert (reviewed.root / "prefml.toml").is_file()


def test_a_name_that_differs_in_normalisation_alone_is_taken(tree):
    composed, decomposed = "zo\u00eb.png", "zoe\u0308.png"
    for number, name in enumerate((composed, decomposed)):
        place = f"{('new', 'images')[number]}/alpha/one/{name}"
        tree.set(f"g{number}", [tree.picture(place)])
        tree.decide(f"g{number}", "approved", name)
    report = preview(tree.write())
    assert list(report.plan.groups) == ["g0"]
    assert "two files would become" in reasons(report)["g1"]


def test_a_target_that_differs_from_one_of_the_run_before_in_case_alone_is_never_promised(tree):
    for group, place in (("g0", "new/alpha/one/a.png"), ("g1", "new/alpha/two/A.PNG")):
        tree.set(group, [tree.picture(place)])
        tree.decide(group, "approved")
    workspace = tree.write()
    assert list(execute(workspace).plan.groups) == ["g0"]
    again = preview(workspace)
    assert not again.plan.groups
    assert "exists already" in reasons(again)["g1"]


def test_moved_pictures_stay_known_and_of_a_cropped_winner_the_original_counts(reviewed):
    workspace = reviewed.write()

    def scan():
        return scan_images(workspace, ProjectResolver.open(workspace))

    before = {image.key: image.path for image in scan().images}
    execute(workspace)
    found = scan()
    after = {image.key: image.path for image in found.images}
    # What is to be cropped by hand lies in crop/, which is not read.
    assert before.keys() - after.keys() == {("alpha", "m1.png")}
    assert after["beta", "x.jpg"] == "selected/beta/x.jpg"
    assert after["beta", "y.jpg"] == "delete_staging/beta/y.jpg"
    cropped = "20250101_000000_stage1_generated.png"
    assert after["alpha", cropped] == f"new/alpha/{cropped}"
    assert found.shadowed == [f"selected/alpha/{cropped}"]


def test_a_plan_is_carried_out_by_the_hash_of_the_one_that_was_seen(reviewed):
    workspace = reviewed.write()
    seen = preview(workspace).plan
    assert execute(workspace, digest=seen.digest).plan.groups == seen.groups


@pytest.mark.parametrize("change", ["decided anew", "one more", "one less", "a file is gone"])
def test_a_plan_that_changed_since_it_was_seen_is_refused_and_nothing_is_done(reviewed, change):
    workspace = reviewed.write()
    seen = preview(workspace).plan
    if change == "decided anew":
        reviewed.decisions[0]["timestamp"] = "t1"
    elif change == "one more":
        reviewed.set("more", [reviewed.picture("new/alpha/more.png")])
        reviewed.decide("more", "rejected")
    elif change == "one less":
        del reviewed.decisions[0]
    else:
        (reviewed.root / next(step.source for step in seen.steps if step.source)).unlink()
    reviewed.write()
    before = reviewed.state()
    with pytest.raises(ApplyError, match="another than the one that was shown") as caught:
        execute(workspace, digest=seen.digest)
    assert caught.value.run == "prefml apply, and look at it again"
    assert reviewed.state() == before
