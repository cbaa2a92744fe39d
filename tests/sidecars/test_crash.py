"""Stop a run at any moment and check what is left."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from prefml.exceptions import SidecarError
from prefml.sidecars.build import BuildOptions, build_sidecars
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from .conftest import FirstFolder, Killed, MeanColour, die_at, draw, same

PICTURES, BATCH = 24, 3
# Embeds the workspace argv[1] slowly; each encoded batch leaves a line of its length in argv[2].
SLOW = textwrap.dedent(
    """
    import sys, time
    sys.path.insert(0, {tests!r})
    from conftest import FirstFolder, MeanColour
    from prefml.imaging import cues, shape, tone
    from prefml.sidecars.build import BuildOptions, build_sidecars
    from prefml.workspace import Workspace

    cues.GROUPS, cues.CUE_NAMES = (shape, tone), (*shape.NAMES, *tone.NAMES)

    class Slow(MeanColour):
        def encode(self, batch):
            with open(sys.argv[2], "a") as log:
                log.write(f"{{len(batch)}}\\n")
            time.sleep(0.02)
            return super().encode(batch)

    build_sidecars(Workspace.open(sys.argv[1]), FirstFolder(), Slow(), BuildOptions({batch}, 2))
    """
).format(tests=str(Path(__file__).parent), batch=BATCH)


def pictures(root: Path) -> Workspace:
    for number in range(PICTURES):
        draw(root / f"images/p{number % 3}/{number:03d}.png", number)
    return Workspace.open(root)


def uninterrupted(root: Path):
    workspace = pictures(root)
    build_sidecars(workspace, FirstFolder(), MeanColour(), BuildOptions(BATCH, 2))
    return read_sidecars(workspace.sidecars)


def encoded(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def start(workspace: Workspace, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SLOW, str(workspace.root), str(log)])


def kill_after(workspace: Workspace, log: Path, batches: int, delay: float) -> None:
    """Start a run and kill it some time after it has begun so many more batches."""
    goal = len(encoded(log)) + batches
    run = start(workspace, log)
    deadline = time.monotonic() + 60
    while len(encoded(log)) < goal and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(delay)
    run.send_signal(signal.SIGKILL)
    run.wait()


def test_killed_runs_resume_and_lose_at_most_a_batch_each(tmp_path):
    workspace, log = pictures(tmp_path / "killed"), tmp_path / "log"
    kills = [(1, 0.0), (2, 0.011), (1, 0.023)]
    for batches, delay in kills:
        kill_after(workspace, log, batches, delay)
    assert start(workspace, log).wait() == 0
    assert PICTURES <= sum(encoded(log)) <= PICTURES + len(kills) * BATCH
    assert same(read_sidecars(workspace.sidecars), uninterrupted(tmp_path / "whole"))


def test_two_processes_at_once_corrupt_nothing(tmp_path):
    workspace, log = pictures(tmp_path / "both"), tmp_path / "log"
    first = start(workspace, log)
    while not encoded(log) and first.poll() is None:
        time.sleep(0.005)
    with pytest.raises(SidecarError, match="another prefml embed is at work"):
        build_sidecars(workspace, FirstFolder(), MeanColour())
    assert first.wait() == 0
    assert same(read_sidecars(workspace.sidecars), uninterrupted(tmp_path / "whole"))


STEPS = [
    *((Path, name) for name in ("replace", "unlink", "write_text", "mkdir", "rmdir")),
    (os, "fsync"),
]


def test_every_step_on_the_disk_may_be_the_last(tmp_path, monkeypatch, workspace, build, read):
    build(MeanColour("first"))
    old = read()
    build(MeanColour("other"), force=True)
    new = read()
    for moment in itertools.count():
        build(MeanColour("first"), force=True)
        with monkeypatch.context() as patch:
            die_at(patch, moment, STEPS)
            try:
                build(MeanColour("other"))
                break
            except Killed:
                pass
        assert same(read(), old) or same(read(), new)
        report = build(MeanColour("other"))
        assert report.failed == 0
        assert same(read(), new)
        assert list((workspace.sidecars / "parts").iterdir()) == []
        assert not [*workspace.sidecars.glob("*.next"), *workspace.sidecars.glob("commit*")]
    assert moment > 20
