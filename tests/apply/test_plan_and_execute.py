import pytest
from PIL import Image

from prefml.apply import execute, preview, undo
from prefml.exceptions import ApplyError, WorkspaceError


def targets(report):
    return {
        (step.role, step.target) for step in report.plan.steps if step.kind != "folder"
    }  # fmt: skip


def size(path):
    with Image.open(path) as image:
        return image.size


def reasons(report):
    return {item.group: item.reason for item in report.left_out}


def test_winners_losers_and_companions_get_their_places(reviewed):
    workspace = reviewed.write()
    assert targets(preview(workspace)) == {
        ("winner", "selected/alpha/20250101_000000_stage1_generated.png"),
        ("companion", "selected/alpha/20250101_000000_stage1_generated.yaml"),
        ("companion", "selected/alpha/20250101_000000_stage1_generated.caption"),
        ("loser", "delete_staging/alpha/20250101_000001_stage1.5_face_swapped.png"),
        ("companion", "delete_staging/alpha/20250101_000001_stage1.5_face_swapped.yaml"),
        ("loser", "delete_staging/alpha/20250101_000002_stage2_upscaled.png"),
        ("companion", "delete_staging/alpha/20250101_000002_stage2_upscaled.yaml"),
        ("winner", "selected/beta/x.jpg"),
        ("companion", "selected/beta/x.txt"),
        ("loser", "delete_staging/beta/y.jpg"),
        ("manual crop", "crop/alpha/m1.png"),
        ("loser", "delete_staging/alpha/m0.png"),
        ("loser", "delete_staging/beta/r0.png"),
        ("loser", "delete_staging/beta/r1.png"),
    }


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


def test_the_last_decision_on_a_set_counts(tree):
    image = tree.picture("new/alpha/a.png")
    tree.set("g", [image])
    tree.decide("g", "approved")
    tree.decide("g", "rejected")
    assert targets(preview(tree.write())) == {("loser", "delete_staging/alpha/a.png")}


def test_an_approval_silent_on_the_crop_takes_the_suggested_one(tree):
    image = tree.picture("new/alpha/a.png")
    box = [0.2, 0.2, 0.7, 0.7]
    tree.set("g", [image], step2_crop={"needs_crop": True, "crop_coords": box})
    tree.decide("g", "approved")
    assert [s.box for s in preview(tree.write()).plan.steps if s.kind == "crop"] == [tuple(box)]


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


def test_a_known_project_beside_an_unknown_one_is_a_mix(tree):
    images = [tree.picture("new/alpha/q.png"), tree.picture("new/q2.png")]
    tree.set("g", images)
    tree.decide("g", "rejected")
    with pytest.raises(ApplyError, match="mixes projects"):
        preview(tree.write())


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


def test_a_linked_picture_is_left_out(tree, tmp_path_factory):
    far = tmp_path_factory.mktemp("far") / "secret.png"
    far.write_bytes(b"x")
    tree.picture("new/alpha/a.png")
    (tree.root / "new/alpha/b.png").symlink_to(tree.root / "new/alpha/a.png")
    tree.set("g", ["new/alpha/b.png"])
    tree.decide("g", "approved")
    assert "is a link" in reasons(preview(tree.write()))["g"]


def test_a_taken_name_leaves_the_whole_set_out(reviewed):
    reviewed.picture("selected/beta/X.jpg")
    workspace = reviewed.write()
    before = reviewed.state()
    report = execute(workspace)
    assert "selected/beta/x.jpg exists already" in reasons(report)["whole"]
    after = reviewed.state()
    assert after["selected/beta/X.jpg"] == before["selected/beta/X.jpg"]
    assert "new/beta/y.jpg" in after


def test_two_sets_cannot_claim_one_name(tree):
    tree.set("g1", [tree.picture("new/alpha/one/a.png")])
    tree.set("g2", [tree.picture("new/alpha/two/a.png")])
    tree.decide("g1", "approved")
    tree.decide("g2", "approved")
    assert "two files would become selected/alpha/a.png" in reasons(preview(tree.write()))["g2"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"action": "perhaps"}, "action 'perhaps'"),
        ({"final_choice": "z.png"}, "final_choice 'z.png'"),
        ({"final_choice": 7}, "final_choice 7"),
        ({"crop_coords": [0.5, 0, 0.2, 1]}, "is empty"),
        ({"crop_coords": [0, 0, 1e300, 1]}, "does not lie in the image"),
        ({"crop_coords": {"x": 1}}, "not four numbers"),
        ({"crop_coords": [0, 0, 1]}, "not four numbers"),
        ({"crop_coords": "all"}, "not four numbers"),
    ],
)
def test_a_decision_that_makes_no_sense_is_left_out_with_its_reason(tree, row, reason):
    images = [tree.picture(f"new/alpha/{name}.png") for name in "ab"]
    tree.set("g", images)
    tree.decide("g", "approved", images[0])
    tree.decisions[0] |= row
    assert reason in reasons(preview(tree.write()))["g"]


def test_a_decision_without_a_suggestion_is_left_out(tree):
    tree.decide("g", "approved", "a.png")
    assert "no suggestion" in reasons(preview(tree.write()))["g"]


def test_skipped_sets_and_silent_second_questions_are_not_applied(tree):
    image = tree.picture("new/alpha/a.png")
    tree.set("skipped", [image])
    tree.decide("skipped", "skipped")
    tree.set("again", [image], reask_of="old")
    tree.decide("again", "approved")
    report = preview(tree.write())
    assert not report.plan.steps
    assert not report.left_out


def test_a_missing_picture_leaves_its_set_out(tree):
    tree.set("g", ["new/alpha/none.png"])
    tree.decide("g", "approved")
    assert reasons(preview(tree.write()))["g"] == "no file new/alpha/none.png"


def test_a_bare_name_is_found_where_it_occurs_once(tree):
    tree.picture("new/alpha/a.png")
    tree.set("g", ["a.png"])
    tree.decide("g", "approved")
    assert targets(preview(tree.write())) == {("winner", "selected/alpha/a.png")}


def test_a_bare_name_that_occurs_twice_is_left_out(tree):
    tree.picture("new/alpha/a.png")
    tree.picture("new/beta/a.png")
    tree.set("g", ["a.png"])
    tree.decide("g", "approved")
    assert "could be" in reasons(preview(tree.write()))["g"]


def test_pictures_without_a_project_go_to_the_folder_itself(tree):
    tree.set("g", [tree.picture("new/a.png")])
    tree.decide("g", "approved")
    assert targets(preview(tree.write())) == {("winner", "selected/a.png")}


def test_a_stem_that_merely_begins_alike_is_no_companion(tree):
    tree.set("g", [tree.picture("new/alpha/a_stage1.png")])
    tree.file("new/alpha/a_stage1.5.yaml", "of another picture")
    tree.picture("new/alpha/a_stage1.jpg")
    tree.decide("g", "approved")
    assert targets(preview(tree.write())) == {("winner", "selected/alpha/a_stage1.png")}


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
    assert "cropped" in preview(workspace).plan.groups
    undo(workspace)
    assert reviewed.state() == before


def test_without_a_sandbox_there_is_one_clear_line(tree):
    from prefml.workspace import Workspace

    with pytest.raises(ApplyError, match="prefml review"):
        execute(Workspace.open(tree.root))


def test_a_line_that_cannot_be_read_is_left_out_by_its_number(tree):
    tree.set("g", [tree.picture("new/alpha/a.png")])
    tree.decide("g", "approved", crop_coords=[0, 0, float("nan"), 1])
    assert reasons(preview(tree.write())) == {"approved_decisions.jsonl line 1": "not JSON"}


def test_two_sets_cannot_claim_one_picture_for_different_ends(tree):
    shared, other, third = (
        tree.picture(f"new/alpha/{n}.png", shade=i) for i, n in enumerate("abc")
    )
    tree.set("first", [shared, other])
    tree.decide("first", "overridden", shared)
    tree.set("second", [shared, third])
    tree.decide("second", "overridden", third)
    report = preview(tree.write())
    assert list(report.plan.groups) == ["first"]
    assert reasons(report) == {"second": f"{shared} belongs to another reviewed set too"}


def test_a_companion_of_two_pictures_goes_with_the_winner_alone(tree):
    names = [tree.picture(f"new/alpha/a.{suffix}") for suffix in ("png", "jpg")]
    tree.file("new/alpha/a.yaml", "both")
    tree.set("pair", names)
    tree.decide("pair", "overridden", names[1])
    assert targets(preview(tree.write())) == {
        ("winner", "selected/alpha/a.jpg"),
        ("companion", "selected/alpha/a.yaml"),
        ("loser", "delete_staging/alpha/a.png"),
    }


def test_a_folder_named_like_a_picture_is_no_companion(tree):
    name = tree.picture("new/alpha/a.png")
    (tree.root / "new/alpha/a").mkdir()
    tree.set("one", [name])
    tree.decide("one", "approved", name)
    assert targets(preview(tree.write())) == {("winner", "selected/alpha/a.png")}
