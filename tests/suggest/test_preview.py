import pytest

from prefml.decisions.set_rule import SetRule
from prefml.proposals.corrections import CorrectedSet, corrections_path, write_corrections
from prefml.sidecars.find import ImageFile
from prefml.suggest import preview
from prefml.suggest.grouping import FormedSet, Grouping, Lone
from prefml.suggest.preview import preview_sets, without_handled
from prefml.workspace import Workspace


@pytest.fixture
def look(tree):
    def run(*folders, **settings):
        return preview_sets(Workspace.open(tree.root), folders, SetRule(**settings))

    return run


def paths(made):
    return [[image.path for image in one.images] for one in made.sets]


def reasons(made):
    return {lone.image.path: lone.reason for lone in made.alone}


def test_sets_need_no_sidecars_and_no_model(tree, look):
    files = tree.stages("1", "2", "3")
    made = look()
    assert paths(made) == [files]
    assert made.sets[0].rule == "stages"


def test_every_file_that_is_named_like_a_picture_is_accounted_for(tree, look):
    tree.picture("new/alpha/a.png")
    tree.picture("new/alpha/a-Edit.png")
    tree.picture("new/nowhere/x.png")
    (tree.root / "new/alpha/folder.png").mkdir()
    made = look()
    assert paths(made) == [["new/alpha/a-Edit.png", "new/alpha/a.png"]]
    assert "put it into new/PROJECT" in reasons(made)["new/nowhere/x.png"]
    assert reasons(made)["new/alpha/folder.png"].startswith("unreadable")


def test_what_was_decided_is_not_regrouped(tree, look):
    first, second, third = tree.stages("1", "2", "3")
    tree.log((f"alpha/{second.rpartition('/')[2]}", [f"alpha/{third.rpartition('/')[2]}"],
              "2025-01-02T00:00:00Z"))  # fmt: skip
    made = look()
    assert paths(made) == []
    assert reasons(made) == {
        first: "the rest of its set was decided", second: preview.HANDLED, third: preview.HANDLED,
    }  # fmt: skip


def test_what_is_left_of_a_set_stays_together():
    images = tuple(ImageFile("p", f"{i}.png", f"new/p/{i}.png", 1, 1) for i in range(4))
    grouping = Grouping([FormedSet("p", images[:3], "name", "why")], [Lone(images[3], "x")])
    made = without_handled(grouping, {images[0].key, images[3].key})
    assert made.sets == [FormedSet("p", images[1:3], "name", "why")]
    assert {lone.reason for lone in made.alone} == {preview.HANDLED}
    assert without_handled(grouping, ()) == grouping


def test_two_files_of_one_name_in_a_project_are_not_compared(tree, look):
    tree.picture("new/alpha/a/1.png")
    tree.picture("new/alpha/b/1.png")
    made = look(name="folder")
    assert sorted(reasons(made)) == ["new/alpha/a/1.png", "new/alpha/b/1.png"]


def test_corrected_sets_are_shown_and_the_rules_measured_against_them(tree, look):
    first, second, third = tree.stages("1", "2", "3")
    assert look().measured is None
    sets = [CorrectedSet("x", "alpha", [first, third], "2025-07-05T12:00:00Z"),
            CorrectedSet("y", "alpha", [second], "2025-07-05T12:00:00Z")]  # fmt: skip
    (tree.root / "sandbox").mkdir(exist_ok=True)
    write_corrections(Workspace.open(tree.root), sets)
    made = look()
    assert (paths(made), made.sets[0].rule) == ([[first, third]], "corrected")
    assert reasons(made) == {second: "set apart in the review"}
    score = next(one for one in made.measured.rules if one.rule == "stages")
    assert (score.found, score.right, score.true) == (3, 1, 1)


def test_corrections_that_cannot_be_used_are_told(tree, look):
    tree.stages("1", "2")
    corrections_path(Workspace.open(tree.root)).parent.mkdir(exist_ok=True)
    corrections_path(Workspace.open(tree.root)).write_text("[]\n")
    made = look()
    assert len(made.sets) == 1
    assert "1 line is not used" in made.notes[0]
