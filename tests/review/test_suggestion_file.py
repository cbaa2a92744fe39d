import pytest

from prefml.exceptions import WorkspaceError
from prefml.proposals import suggestions_path, write_lines
from prefml.review.seen import StaleSuggestionError
from prefml.review.suggestion_file import SuggestionFile
from prefml.workspace import Workspace

from .drawn_workspace import suggestion

IMAGES = ["images/p/a.png", "images/p/b.png"]


def write(workspace, chosen):
    write_lines(suggestions_path(workspace), [suggestion("g", IMAGES, chosen)])


@pytest.fixture
def place(tmp_path):
    workspace = Workspace.open(tmp_path)
    workspace.sandbox.mkdir()
    write(workspace, 0)
    return workspace


def test_a_file_is_read_again_when_it_was_written_again_and_not_before(place):
    held = SuggestionFile(place)
    assert held.refresh() is False
    for chosen in (1, 0, 1, 0):
        # Of the same size, and often within one tick of the clock.
        write(place, chosen)
        assert held.refresh() is True
        assert held.batch.groups["g"].chosen == chosen


def test_a_lost_file_leaves_what_was_read(place):
    held = SuggestionFile(place)
    suggestions_path(place).unlink()
    assert held.refresh() is False
    assert list(held.batch.groups) == ["g"]


def test_without_a_file_there_is_nothing_to_hold(tmp_path):
    with pytest.raises(WorkspaceError, match="prefml suggest"):
        SuggestionFile(Workspace.open(tmp_path))


def test_the_groups_are_given_for_what_was_on_the_screen_only(place):
    held = SuggestionFile(place)
    version = held.batch.groups["g"].version
    assert held.checked({"g": version}) is held.batch.groups
    write(place, 1)
    held.refresh()
    with pytest.raises(StaleSuggestionError):
        held.checked({"g": version})
