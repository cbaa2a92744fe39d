import pytest
from PIL import Image

from prefml.apply import execute, preview, undo
from prefml.apply.journal import read_journals
from prefml.apply.plan import leads_away
from prefml.decisions.projects import ProjectResolver
from prefml.exceptions import ApplyError

from .reports import reasons, targets


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


def test_the_last_decision_on_a_set_counts(tree):
    image = tree.picture("new/alpha/a.png")
    tree.set("g", [image])
    tree.decide("g", "approved")
    tree.decide("g", "rejected")
    assert targets(preview(tree.write())) == {("loser", "delete_staging/alpha/a.png")}


def test_a_known_project_beside_an_unknown_one_is_a_mix(tree):
    images = [tree.picture("new/alpha/q.png"), tree.picture("new/q2.png")]
    tree.set("g", images)
    tree.decide("g", "rejected")
    with pytest.raises(ApplyError, match="mixes projects"):
        preview(tree.write())


def test_two_sets_cannot_claim_one_name(tree):
    tree.set("g1", [tree.picture("new/alpha/one/a.png")])
    tree.set("g2", [tree.picture("images/alpha/one/a.png")])
    tree.decide("g1", "approved")
    tree.decide("g2", "approved")
    assert "two files would become selected/alpha/a.png" in reasons(preview(tree.write()))["g2"]


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


def test_pictures_without_a_project_go_to_the_folder_itself(tree):
    tree.set("g", [tree.picture("new/a.png")])
    tree.decide("g", "approved")
    assert targets(preview(tree.write())) == {("winner", "selected/a.png")}


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


@pytest.mark.parametrize("project", ["../elsewhere", "/etc", "a/../b"])
def test_a_project_that_is_no_folder_of_its_own_leaves_its_set_out(tree, project):
    tree.set("g", [tree.picture("new/a.png")], project_id=project)
    tree.decide("g", "approved")
    workspace = tree.write()
    report = execute(workspace)
    assert reasons(report) == {"g": f"project {project!r} is no folder below selected/"}
    assert read_journals(workspace) == []


@pytest.mark.parametrize(
    ("path", "away"),
    [
        ("a/b.png", False),
        ("", False),
        ("a..b", False),
        ("..", True),
        ("a/../b", True),
        ("/a", True),
    ],
)
def test_a_path_with_steps_upwards_may_lead_away(path, away):
    assert leads_away(path) is away


def test_a_silent_approval_is_of_what_was_on_the_screen_and_not_of_a_later_file(tree):
    images = [tree.picture(f"new/alpha/{name}.png") for name in "ab"]
    chosen = {"step1_selection": {"chosen": images[0]}, "step2_crop": {"needs_crop": False}}
    later = {"needs_crop": True, "crop_coords": [0, 0, 0.5, 0.5]}
    tree.set("g", images, step1_selection={"chosen": images[1]}, step2_crop=later)
    tree.decide("g", "approved", suggestion=chosen)
    (winner,) = [step for step in preview(tree.write()).plan.steps if step.role == "winner"]
    assert (winner.source, winner.kind, winner.box) == (images[0], "move", None)


def test_pictures_whose_names_repeat_keep_their_folders_and_stay_who_they_are(tree):
    for number in (1, 2):
        images = [tree.picture(f"new/alpha/set{number}/{name}.png", shade=number) for name in "ab"]
        tree.file(f"new/alpha/set{number}/a.txt", "a")
        tree.set(f"g{number}", images)
        tree.decide(f"g{number}", "overridden", images[0])
    tree.picture("new/alpha/set1/only.png")
    workspace = tree.write()
    found = preview(workspace)
    assert found.left_out == ()
    assert targets(found) == {
        (role, f"{folder}/alpha/set{number}/{name}")
        for number in (1, 2)
        for role, folder, name in (
            ("winner", "selected", "a.png"), ("companion", "selected", "a.txt"),
            ("loser", "delete_staging", "b.png"),
        )
    }  # fmt: skip
    names = ProjectResolver.open(workspace).identities
    before = {names.of("alpha", f"new/alpha/set{n}/a.png") for n in (1, 2)}
    execute(workspace)
    names = ProjectResolver.open(workspace).identities
    assert {names.of("alpha", f"selected/alpha/set{n}/a.png") for n in (1, 2)} == before


def test_a_picture_that_cannot_be_cropped_leaves_its_set_out_before_anything_is_done(tree):
    whole, pages = (tree.picture(f"new/alpha/{name}.png") for name in ("whole", "pages"))
    frames = [Image.effect_noise((40, 60), 20 + n) for n in range(2)]
    frames[0].save(tree.root / pages, "TIFF", save_all=True, append_images=frames[1:])
    for group, name in (("w", whole), ("p", pages)):
        tree.set(group, [name])
        tree.decide(group, "approved", name, crop_coords=[0, 0, 0.5, 0.5])
    workspace = tree.write()
    report = preview(workspace)
    assert reasons(report) == {"p": f"{pages} has several frames; crop it by hand"}
    assert reasons(execute(workspace)) == reasons(report)
    assert [step.source for step in report.plan.steps if step.kind == "crop"] == [whole]


def test_a_picture_that_cannot_be_cropped_can_be_kept_whole(tree):
    pages = tree.picture("new/alpha/pages.png")
    frames = [Image.effect_noise((40, 60), 20 + n) for n in range(2)]
    frames[0].save(tree.root / pages, "TIFF", save_all=True, append_images=frames[1:])
    tree.set("p", [pages])
    tree.decide("p", "approved", pages, crop_coords=None)
    assert reasons(preview(tree.write())) == {}


def test_a_plan_has_the_same_hash_as_long_as_it_does_the_same(tree):
    tree.set("w", [tree.picture("new/alpha/a.png")])
    tree.decide("w", "approved", 0)
    workspace = tree.write()
    first = preview(workspace).plan
    assert preview(workspace).plan.digest == first.digest
    assert len({first.digest, preview(workspace, keep_sources=True).plan.digest,
                first.without({"w"}).digest}) == 3  # fmt: skip


MARK = {"near_duplicates": {"distance": [0, 1], "cosine": [1.0, 1.0]}}


@pytest.mark.parametrize("place", ["images/alpha", "selected/alpha"])
@pytest.mark.parametrize("keep_sources", [False, True])
def test_of_near_duplicates_the_kept_one_stays_where_it_lies_and_the_others_go(
    tree, place, keep_sources
):
    kept, lost = tree.picture(f"{place}/a.png"), tree.picture("images/alpha/b.png", shade=3)
    for name in (f"{place}/a.yaml", "images/alpha/b.yaml"):
        tree.file(name, name)
    tree.set("d", [kept, lost], **MARK)
    tree.decide("d", "overridden", kept, crop_coords=None)
    workspace = tree.write()
    before = tree.state()
    report = execute(workspace, keep_sources)
    assert targets(report) == {
        ("loser", "delete_staging/alpha/b.png"),
        ("companion", "delete_staging/alpha/b.yaml"),
    }
    assert (tree.root / kept).is_file()
    assert list(report.plan.groups) == ["d"]
    undo(workspace)
    assert tree.state() == before


def test_of_near_duplicates_none_is_kept_where_none_is_good(tree):
    images = [tree.picture(f"images/alpha/{name}.png", shade=i) for i, name in enumerate("ab")]
    tree.set("d", images, **MARK)
    tree.decide("d", "rejected")
    assert {role for role, _ in targets(preview(tree.write()))} == {"loser"}


def test_a_near_duplicate_that_is_cropped_goes_where_cropped_winners_go(tree):
    images = [tree.picture(f"images/alpha/{name}.png", shade=i) for i, name in enumerate("ab")]
    tree.set("d", images, **MARK)
    tree.decide("d", "overridden", images[0], crop_coords=[0.1, 0.1, 0.9, 0.9])
    assert targets(preview(tree.write())) == {
        ("winner", "selected/alpha/a.png"),
        ("loser", "delete_staging/alpha/b.png"),
    }


@pytest.mark.parametrize("keep_sources", [False, True])
def test_a_winner_that_lies_in_its_place_already_stays_there(tree, keep_sources):
    kept, lost = tree.picture("selected/alpha/a.png"), tree.picture("images/alpha/b.png", shade=3)
    tree.set("g", [kept, lost])
    tree.decide("g", "overridden", kept)
    report = preview(tree.write(), keep_sources)
    assert targets(report) == {("loser", "delete_staging/alpha/b.png")}
    assert not report.left_out
