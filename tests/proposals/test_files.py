import pytest

from prefml.exceptions import ApplyError, WorkspaceError
from prefml.proposals.files import (
    decisions_path,
    read_decided,
    read_suggestions,
    single_writer,
    suggestions_path,
)
from prefml.proposals.lines import write_lines
from prefml.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "sandbox").mkdir()
    return Workspace.open(tmp_path)


def test_the_last_line_of_a_group_counts_in_either_file(workspace):
    write_lines(suggestions_path(workspace), [{"group_id": "g", "n": n} for n in (1, 2)])
    write_lines(decisions_path(workspace), [{"group_id": "g", "n": n} for n in (3, 4)])
    assert read_suggestions(workspace) == {"g": {"group_id": "g", "n": 2}}
    assert read_decided(workspace) == {"g": {"group_id": "g", "n": 4}}


def test_lines_without_the_name_of_a_group_belong_to_none(workspace):
    write_lines(decisions_path(workspace), [{"group_id": 3}, {"action": "approved"}])
    assert read_decided(workspace) == {}


def test_a_second_writer_is_refused_with_its_own_kind_of_error(workspace):
    with single_writer(workspace, ApplyError), pytest.raises(WorkspaceError, match="at work"):  # noqa: SIM117
        with single_writer(workspace, WorkspaceError):
            pass


def test_the_files_are_free_again_after_a_failure(workspace):
    with pytest.raises(ValueError, match="inside"), single_writer(workspace, ApplyError):
        raise ValueError("inside")
    with single_writer(workspace, ApplyError):
        assert workspace.sandbox.is_dir()
