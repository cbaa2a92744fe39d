import pytest

from prefml.apply.journal import start_journal
from prefml.apply.plan import Step
from prefml.apply.steps import StepContext, apply_step, revert_obstacle, revert_step
from prefml.exceptions import ApplyError, ImageError
from prefml.files import file_sha256
from prefml.workspace import Workspace

SOURCE, TARGET = "new/alpha/a.png", "selected/a.png"
BOX = (0.1, 0.0, 0.6, 0.5)


@pytest.fixture
def context(tree):
    """Return what a step on one picture knows; the folder of its target exists."""
    tree.picture(SOURCE)
    (tree.root / "selected").mkdir()
    (tree.root / "sandbox").mkdir()
    workspace = Workspace.open(tree.root)

    def make(kind, box=None):
        digest = file_sha256(tree.root / SOURCE)
        step = Step(kind, SOURCE, TARGET, "winner", "g", box, digest)
        return StepContext(workspace, start_journal(workspace, [step], {"g": "t"}), 0)

    return make


def done(context):
    apply_step(context)
    context.journal.record_done(0)


KINDS = pytest.mark.parametrize(("kind", "box"), [("move", None), ("copy", None), ("crop", BOX)])


@KINDS
def test_a_step_that_is_applied_is_reverted_byte_for_byte(tree, context, kind, box):
    made = context(kind, box)
    before = tree.state()
    done(made)
    assert (tree.root / TARGET).is_file()
    assert (tree.root / SOURCE).exists() is (kind != "move")
    assert revert_obstacle(made) is None
    revert_step(made)
    journal = made.journal.path.relative_to(tree.root).as_posix()
    assert {**tree.state(), journal: None} == {**before, journal: None}


@KINDS
def test_a_step_that_is_applied_twice_is_applied_once(tree, context, kind, box):
    made = context(kind, box)
    done(made)
    after = tree.state()
    apply_step(made)
    assert tree.state() == after


@KINDS
def test_a_step_that_never_began_is_left_as_it_is(tree, context, kind, box):
    made = context(kind, box)
    before = tree.state()
    assert revert_obstacle(made) is None
    revert_step(made)
    assert tree.state() == before


@KINDS
def test_a_name_that_is_taken_stops_a_step(tree, context, kind, box):
    made = context(kind, box)
    tree.file(TARGET, "somebody else's")
    with pytest.raises(ApplyError, match="exists already"):
        apply_step(made)
    assert (tree.root / TARGET).read_text() == "somebody else's"


@KINDS
def test_a_source_that_changed_stops_a_step(tree, context, kind, box):
    made = context(kind, box)
    tree.file(SOURCE, "another picture")
    with pytest.raises(ApplyError, match="has changed since the run began"):
        apply_step(made)
    assert not (tree.root / TARGET).exists()


@KINDS
def test_a_source_that_has_gone_stops_a_step(tree, context, kind, box):
    made = context(kind, box)
    (tree.root / SOURCE).unlink()
    with pytest.raises(ApplyError, match="has gone"):
        apply_step(made)


@pytest.mark.parametrize(("kind", "box"), [("copy", None), ("crop", BOX)])
def test_what_was_edited_since_is_not_thrown_away(tree, context, kind, box):
    made = context(kind, box)
    done(made)
    tree.file(TARGET, "edited")
    assert revert_obstacle(made) == f"{TARGET} has changed since"


def test_a_moved_picture_that_has_gone_cannot_come_back(tree, context):
    made = context("move")
    done(made)
    (tree.root / TARGET).unlink()
    assert revert_obstacle(made) == f"{TARGET} has gone"


def test_an_original_that_has_gone_leaves_the_cropped_copy_alone(tree, context):
    made = context("crop", BOX)
    done(made)
    (tree.root / SOURCE).unlink()
    assert "the original of" in revert_obstacle(made)


def test_another_file_in_the_place_of_the_source_is_not_overwritten(tree, context):
    made = context("move")
    done(made)
    tree.file(SOURCE, "another picture")
    assert revert_obstacle(made) == f"{SOURCE} is not the file that was there"


def test_a_picture_that_cannot_be_cropped_gets_no_name(tree, context):
    tree.file(SOURCE, "no picture")
    with pytest.raises(ImageError):
        apply_step(context("crop", BOX))
    assert not (tree.root / TARGET).exists()


def test_a_folder_is_made_and_removed_unless_something_lies_in_it(tree):
    (tree.root / "sandbox").mkdir()
    workspace = Workspace.open(tree.root)
    step = Step("folder", "", "selected", "folder", "")
    made = StepContext(workspace, start_journal(workspace, [step], {}), 0)
    done(made)
    tree.file("selected/mine.txt", "kept")
    assert revert_obstacle(made) is None
    revert_step(made)
    assert (tree.root / "selected/mine.txt").exists()
