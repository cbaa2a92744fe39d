import pytest

from prefml.apply import execute, undo
from prefml.apply.lock import exclusive_run
from prefml.exceptions import ApplyError
from prefml.workspace import Workspace


def test_kill_within_the_first_write_leaves_nothing_behind(reviewed):
    workspace = reviewed.write()
    start = reviewed.state()
    folder = reviewed.root / "sandbox" / "journal"
    folder.mkdir()
    (folder / ".000001.jsonl.abc.tmp").write_text('{"for')
    undo(workspace)
    assert reviewed.state() == start


def test_two_runs_at_once_are_refused(reviewed):
    workspace = reviewed.write()
    with exclusive_run(workspace), pytest.raises(ApplyError, match="at work"):
        execute(workspace)


def test_the_lock_is_free_after_a_run(reviewed):
    workspace = reviewed.write()
    execute(workspace)
    undo(Workspace.open(reviewed.root))


def test_a_run_needs_the_folder_of_decisions(tmp_path):
    run = exclusive_run(Workspace.open(tmp_path))
    with pytest.raises(ApplyError, match="prefml review"):
        run.__enter__()


def test_half_a_journal_is_removed_and_a_whole_one_stays(reviewed):
    workspace = reviewed.write()
    folder = workspace.sandbox / "journal"
    folder.mkdir()
    for name in (".000002.jsonl.x.tmp", "000001.jsonl"):
        (folder / name).write_text("{}")
    with exclusive_run(workspace):
        assert [path.name for path in folder.iterdir()] == ["000001.jsonl"]
