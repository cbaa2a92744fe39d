"""A run stopped before, after or within each operation is finished or undone by the next run."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from prefml.apply import execute, export_picks, primitives, undo
from prefml.apply import steps as steps_module
from prefml.apply.journal import read_journals
from prefml.decisions.xmp import new_packet
from prefml.exceptions import ApplyError

from .reports import reasons

# The module: its name in the package is that of its function.
RUN = sys.modules[execute.__module__]
OPERATIONS = (
    "append_durably",
    "hard_link",
    "append",
    "copy_file",
    "write_new",
    "make_folder",
    "remove_folder",
    "unlink",
    "sync_file",
    "rename",
    "replace",
)


class StoppedError(BaseException):
    """Stands for the process dying: nothing may catch it."""


class Stopper:
    """Counts operations and stops the run at one of them."""

    def __init__(self, monkeypatch, at=None, when="before"):
        self.calls, self.at, self.when = 0, at, when
        for name in OPERATIONS:
            monkeypatch.setattr(primitives, name, self.wrap(getattr(primitives, name), name))
        write = steps_module.write_cropped
        monkeypatch.setattr(steps_module, "write_cropped", self.wrap(write, "write_cropped"))

    def wrap(self, operation, name):
        def wrapped(*args):
            self.calls += 1
            now = self.calls == self.at
            if now and self.when == "before":
                raise StoppedError
            if now and self.when == "within" and name in ("append_durably", "append"):
                args = (args[0], args[1][: len(args[1]) // 2])
            result = operation(*args)
            if now and self.when == "within" and name in ("write_cropped", "copy_file"):
                os.truncate(args[1], 20)
            if now:
                raise StoppedError
            return result

        return wrapped


def count_operations(monkeypatch, run):
    with monkeypatch.context() as patch:
        stopper = Stopper(patch)
        run()
    return stopper.calls


def interrupted(monkeypatch, at, when, run):
    with monkeypatch.context() as patch:
        Stopper(patch, at, when)
        with pytest.raises(StoppedError):
            run()


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(params=["links", "no links"])
def file_system(request, monkeypatch):
    if request.param == "no links":
        monkeypatch.setattr(primitives, "_NO_LINKS", {*primitives._NO_LINKS, 77})

        def link(*args, **kwargs):
            raise OSError(77, "no hard links here")

        monkeypatch.setattr(os, "link", link)
    return request.param


@pytest.fixture
def few(tree):
    """A cropped winner with a companion, a loser, a manual crop: every kind of step, few files."""
    pair = [tree.picture(f"new/alpha/{name}.png") for name in "ab"]
    tree.file("new/alpha/a.yaml", "a")
    tree.set("cropped", pair)
    tree.decide("cropped", "overridden", pair[0], crop_coords=[0.1, 0.0, 0.6, 0.5])
    tree.set("byhand", [tree.picture("new/beta/c.png", shade=3)])
    tree.decide("byhand", "approved", crop_by_hand=True)
    return tree


def test_no_operation_on_files_is_left_out_of_these_tests():
    assert set(OPERATIONS) == set(primitives.__all__)


def check_every_interruption(tree, monkeypatch, when, keep_sources):
    workspace = tree.write()
    start = tree.state()
    total = count_operations(monkeypatch, lambda: execute(workspace, keep_sources))
    end = tree.state()
    undo(workspace)
    assert total > 30
    for at in range(1, total + 1):
        interrupted(monkeypatch, at, when, lambda: execute(workspace, keep_sources))
        undo(workspace)
        assert tree.state() == start, f"undo after a stop {when} operation {at}"
        interrupted(monkeypatch, at, when, lambda: execute(workspace, keep_sources))
        execute(workspace, keep_sources)
        assert without_journal(tree.state()) == without_journal(end), f"{when} operation {at}"
        undo(workspace)
        assert tree.state() == start, f"undo of a resumed run, {when} operation {at}"


@pytest.mark.parametrize("when", ["before", "after", "within"])
def test_an_interruption_at_any_operation_is_finished_or_undone(few, monkeypatch, when):
    check_every_interruption(few, monkeypatch, when, keep_sources=False)


@pytest.mark.slow
@pytest.mark.parametrize("keep_sources", [False, True])
@pytest.mark.parametrize("when", ["before", "after", "within"])
def test_the_same_holds_for_copies_and_without_hard_links(
    few, monkeypatch, file_system, when, keep_sources
):
    check_every_interruption(few, monkeypatch, when, keep_sources)


def test_an_interruption_before_any_operation_on_every_kind_of_set(reviewed, monkeypatch):
    workspace = reviewed.write()
    start = reviewed.state()
    total = count_operations(monkeypatch, lambda: execute(workspace))
    undo(workspace)
    for at in range(1, total + 1):
        interrupted(monkeypatch, at, "before", lambda: execute(workspace))
        execute(workspace)
        undo(workspace)
        assert reviewed.state() == start, f"operation {at}"


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after", "within"])
def test_an_interrupted_undo_is_ended_by_the_next_run(few, monkeypatch, file_system, when):
    workspace = few.write()
    start = few.state()
    execute(workspace)
    end = few.state()
    total = count_operations(monkeypatch, lambda: undo(workspace))
    for at in range(1, total + 1):
        execute(workspace)
        interrupted(monkeypatch, at, when, lambda: undo(workspace))
        undo(workspace)
        assert few.state() == start, f"{when} operation {at}"
        execute(workspace)
        interrupted(monkeypatch, at, when, lambda: undo(workspace))
        execute(workspace)
        assert without_journal(few.state()) == without_journal(end), f"{when} operation {at}"
        undo(workspace)


def without_journal(state):
    return {name: value for name, value in state.items() if "journal" not in name}


KILLED = """
import os, signal, sys
from prefml.apply import execute, primitives
from prefml.apply import steps
from prefml.workspace import Workspace
calls = 0
def wrap(operation):
    def wrapped(*args):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return operation(*args)
    return wrapped
for name in sys.argv[3].split(","):
    setattr(primitives, name, wrap(getattr(primitives, name)))
steps.write_cropped = wrap(steps.write_cropped)
execute(Workspace.open(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "end"),
    [(2, undo), (7, undo), (16, undo), (33, undo), (6, execute), (11, execute), (25, execute)],
)
def test_kill_minus_nine_loses_nothing(reviewed, at, end):
    workspace = reviewed.write()
    start = reviewed.state()
    command = [sys.executable, "-c", KILLED, str(reviewed.root), str(at), ",".join(OPERATIONS)]
    killed = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    end(workspace)
    if end is execute:
        assert (reviewed.root / "selected/beta/x.jpg").exists()
        undo(workspace)
    assert reviewed.state() == start


def test_a_source_changed_during_an_interruption_leaves_its_set_out(reviewed, monkeypatch):
    workspace = reviewed.write()
    start = reviewed.state()
    interrupted(monkeypatch, 10, "before", lambda: execute(workspace))
    path = Path(reviewed.root, "new/beta/r1.png")
    content = path.read_bytes()
    path.write_bytes(b"another picture")
    report = execute(workspace)
    group = group_of(report.finished, path.name)
    assert "has changed since the run began" in report.finished.dropped[group]
    assert group in reasons(report)
    assert group not in report.finished.carried_out
    assert path.read_bytes() == b"another picture"
    undo(workspace)
    path.write_bytes(content)
    assert reviewed.state() == start


def test_a_name_taken_during_an_interruption_leaves_its_set_out(reviewed, monkeypatch):
    workspace = reviewed.write()
    start = reviewed.state()
    interrupted(monkeypatch, 10, "before", lambda: execute(workspace))
    taken = Path(reviewed.root, "delete_staging/beta/r1.png")
    taken.parent.mkdir(parents=True, exist_ok=True)
    taken.write_bytes(b"somebody else's")
    report = execute(workspace)
    group = group_of(report.finished, taken.name)
    assert "delete_staging/beta/r1.png exists already" in reasons(report)[group]
    assert taken.read_bytes() == b"somebody else's"
    undo(workspace)
    assert taken.read_bytes() == b"somebody else's"
    left = {n: h for n, h in reviewed.state().items() if not n.startswith("delete_staging")}
    assert left == start


def test_a_source_gone_during_an_interruption_leaves_its_set_out(reviewed, monkeypatch):
    workspace = reviewed.write()
    interrupted(monkeypatch, 10, "before", lambda: execute(workspace))
    Path(reviewed.root, "new/beta/r1.png").unlink()
    report = execute(workspace)
    group = group_of(report.finished, "r1.png")
    assert "new/beta/r1.png has gone" in report.finished.dropped[group]
    assert group in reasons(report)
    assert len(report.finished.carried_out) == len(report.finished.groups) - 1


def group_of(journal, name):
    return next(step.group for step in journal.steps if Path(step.source).name == name)


def test_a_copy_that_differs_from_its_source_gets_no_name(reviewed, monkeypatch):
    workspace = reviewed.write()
    start = reviewed.state()

    def spoil(source, target):
        target.write_bytes(source.read_bytes()[:-1])

    with monkeypatch.context() as patch:
        patch.setattr(primitives, "copy_file", spoil)
        report = execute(workspace, keep_sources=True)
    assert not report.plan.groups
    assert all("the copy differs from its source" in why for why in reasons(report).values())
    undo(workspace)
    assert reviewed.state() == start


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 12))
@pytest.mark.parametrize("end", [execute, undo])
def test_taking_a_failed_set_back_may_be_interrupted_too(reviewed, monkeypatch, at, when, end):
    workspace = reviewed.write()
    start = reviewed.state()
    really = RUN.apply_step
    failed = []

    def failing(context):
        if context.step.role == "loser" and context.step.group == "cropped":
            if not failed:
                failed.append(context)
                Stopper(monkeypatch, at, when)
            raise ApplyError("it cannot be moved")
        really(context)

    with monkeypatch.context() as patch:
        patch.setattr(RUN, "apply_step", failing)
        with suppress(StoppedError):
            execute(workspace)
    monkeypatch.undo()
    if end is execute:
        report = execute(workspace)
        assert not list(reviewed.root.rglob(".prefml-*"))
        # Taken back in the first run, it is planned anew in the second.
        assert "cropped" in {*report.plan.groups, *report.finished.carried_out}
    while read_journals(workspace):
        undo(workspace)
    assert reviewed.state() == start


def apply_with_picks(workspace):
    groups = set(execute(workspace).plan.groups)
    return export_picks(workspace, groups=groups)


def test_sidecars_of_a_run_are_taken_back_with_it_whatever_interrupts_the_undo(few, monkeypatch):
    kept = new_packet({("urn:other", "note"): "mine"})
    (few.root / "new/alpha/a.xmp").write_bytes(kept)
    workspace = few.write()
    start = few.state()
    apply_with_picks(workspace)
    assert (few.root / "selected/alpha/a.xmp").read_bytes() != kept
    total = count_operations(monkeypatch, lambda: undo(workspace))
    assert few.state() == start
    for at in range(1, total + 1):
        when = ("before", "after", "within")[at % 3]
        apply_with_picks(workspace)
        interrupted(monkeypatch, at, when, lambda: undo(workspace))
        undo(workspace)
        assert few.state() == start, f"{when} operation {at}"


def test_a_changed_picture_keeps_sidecars_and_pictures_from_being_taken_back(few):
    workspace = few.write()
    apply_with_picks(workspace)
    (few.root / "delete_staging/alpha/b.png").write_bytes(b"another")
    end = few.state()
    for _ in range(2):
        with pytest.raises(ApplyError, match=r"b\.png"):
            undo(workspace)
        assert few.state() == end


def test_sidecars_that_are_written_later_are_a_run_of_their_own(few):
    workspace = few.write()
    execute(workspace)
    end = without_journal(few.state())
    export_picks(workspace)
    undo(workspace)
    assert without_journal(few.state()) == end
