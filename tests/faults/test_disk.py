"""Full disks, folders that cannot be written, clocks that go back, and the order of writes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from prefml import files
from prefml.apply import execute, undo
from prefml.apply.journal import read_journals
from prefml.cli import main
from prefml.exceptions import PrefmlError
from prefml.files import replacing, write_text
from prefml.models.store import load_model
from prefml.proposals import read_lines
from prefml.review.requests import Decide, Shown
from prefml.review.service import ReviewService
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from ..sidecars.single_files import as_single_files
from .test_kill import contents, state
from .trees import reviewed_tree, small_workspace


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB where this process may mount one; else the test is left out."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can only be mounted by the superuser")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fill a disk up to some bytes; others may be writing at the same time."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - left)))
    return ballast


@pytest.mark.slow
def test_a_full_disk_leaves_every_file_old_or_new_and_the_next_run_repairs(small_disk, tell):
    """On a tmpfs of 4 MiB, with less and less room left."""
    root = small_workspace(small_disk / "ws")
    ready = [["embed"], ["train"], ["suggest"]]
    assert all(run(root, *words) == 0 for words in ready)
    sound, failed, tried = read_sidecars(root / "data/sidecar"), 0, 0
    for words in (["embed", "--force"], ["train"], ["suggest"]):
        for left in (0, 4096, 16384, 49152):
            ballast = fill(small_disk, left)
            failed += run(root, *words) != 0
            tried += 1
            assert len(read_sidecars(root / "data/sidecar")) == len(sound)
            assert not read_lines(root / "sandbox/automation_decisions.jsonl").bad
            ballast.unlink()
            assert run(root, *words) == 0
            assert load_model(root / "artifacts/ranker.joblib").n_features_in_ > 0
    assert failed
    assert (read_sidecars(root / "data/sidecar").embeddings == sound.embeddings).all()
    tell("disk full (tmpfs of 4 MiB) in embed, train, suggest", tried, failed=failed,
         repaired=tried)  # fmt: skip


def test_a_take_over_on_a_full_disk_leaves_the_files_of_before(small_disk, capfd, tell):
    root = small_workspace(small_disk / "ws")
    assert run(root, "embed") == 0
    sound, failed, rooms = read_sidecars(root / "data/sidecar"), 0, (0, 4096, 65536, 200_000)
    as_single_files(root / "data/sidecar")
    for left in rooms:
        ballast = fill(small_disk, left)
        ended = run(root, "embed")
        failed += ended != 0
        assert (read_sidecars(root / "data/sidecar").embeddings == sound.embeddings).all()
        ballast.unlink()
        assert ended == 0 or (root / "data/sidecar/embeddings.parquet").is_file()
    capfd.readouterr()
    assert run(root, "embed") == 0
    assert json.loads(capfd.readouterr().out)["computed"] == 0
    assert read_sidecars(root / "data/sidecar").cues.equals(sound.cues)
    assert failed
    tell("disk full (tmpfs of 4 MiB) in embed, taking over files of before", len(rooms),
         failed=failed, repaired=len(rooms))  # fmt: skip


def run(root: Path, *words: str) -> int:
    return main(["--workspace", str(root), *words, "--json"])


def test_an_apply_on_a_full_disk_is_finished_or_undone(small_disk, tell):
    root = reviewed_tree(small_disk / "ws")
    start, originals = state(root), set(contents(root))
    failed, rooms = 0, (0, 4096, 8192, 12288, 20480)
    for left in rooms:
        ballast = fill(small_disk, left)
        failed += run(root, "apply", "--execute") != 0
        assert originals <= set(contents(root))
        ballast.unlink()
        assert run(root, "apply", "--execute") == 0
        while read_journals(Workspace.open(root)):
            undo(Workspace.open(root))
        assert state(root) == start
    assert failed
    tell("disk full (tmpfs of 4 MiB) in apply", len(rooms), failed=failed, undone=len(rooms))


def test_a_decision_on_a_full_disk_is_not_acknowledged_and_earlier_ones_stay(small_disk):
    service = ReviewService(Workspace.open(reviewed_tree(small_disk / "ws")))
    service.decide(Decide("g0", "rejected"))
    ballast = fill(small_disk, 0)
    with pytest.raises(PrefmlError, match=r"full|disk|I/O"):
        decide_for_ever(service)
    ballast.unlink()
    with service.store.ledger() as ledger:
        assert ledger.state("g0") == "rejected"
    service.decide(Decide("g2", "rejected"))
    service.close()
    again = ReviewService(Workspace.open(small_disk / "ws"))
    with again.store.ledger() as ledger:
        assert (ledger.state("g0"), ledger.state("g2")) == ("rejected", "rejected")
    again.close()


def decide_for_ever(service: ReviewService) -> None:
    while True:
        service.decide(Decide("g1", "rejected", shown=Shown(key="x" * 64)))


@pytest.mark.parametrize("step", ["fsync", "replace", "mkstemp", "write"])
def test_no_room_at_any_step_of_a_write_leaves_the_old_file(tmp_path, monkeypatch, step):
    """With a made-up ENOSPC, so that it is tried on every machine."""
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(*given, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    target = {"fsync": (os, "fsync"), "replace": (Path, "replace"), "write": (Path, "write_text"),
              "mkstemp": (files.tempfile, "mkstemp")}[step]  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(*target, full)
        with pytest.raises(OSError, match="No space"):
            write_text(path, "new")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"]


READ_ONLY = {
    "data": ["embed"], "data/sidecar": ["embed"], "artifacts": ["train"], "sandbox": ["suggest"],
}  # fmt: skip


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Forbid writing into a folder: by a mount, which binds the superuser too, or by its mode."""
    superuser = os.getuid() == 0
    if superuser:
        bound = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True)
        if bound.returncode:
            pytest.skip("the superuser may write everything, and cannot mount here")
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    else:
        folder.chmod(0o555)
    try:
        yield
    finally:
        if superuser:
            subprocess.run(["umount", str(folder)], check=True)
        else:
            folder.chmod(0o755)


@pytest.mark.parametrize("folder", READ_ONLY)
def test_a_folder_that_cannot_be_written_is_named_in_one_line(tmp_path, capfd, folder):
    root = small_workspace(tmp_path / "ws")
    for words in (["embed"], ["train"], ["suggest"]):
        assert run(root, *words) == 0
        if words == READ_ONLY[folder]:
            break
    picture = root / "images/alpha"
    (picture / "later.png").write_bytes(next(picture.glob("*.png")).read_bytes())
    capfd.readouterr()
    with read_only(root / folder):
        assert run(root, *READ_ONLY[folder]) == 1
    line = capfd.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("Error: ")
    assert "unexpected" not in line
    assert str(root) in line
    assert run(root, *READ_ONLY[folder]) == 0


def test_a_clock_that_goes_back_changes_neither_order_nor_state(tmp_path, monkeypatch):
    from datetime import UTC, datetime, timedelta

    from prefml.review import store

    class Backwards(datetime):
        now_ = datetime(2026, 1, 1, tzinfo=UTC)

        @classmethod
        def now(cls, tz=None):
            cls.now_ -= timedelta(hours=5)
            return cls.now_

    monkeypatch.setattr(store, "datetime", Backwards)
    root = reviewed_tree(tmp_path / "ws")
    service = ReviewService(Workspace.open(root))
    for action in ("approved", "skipped", "rejected"):
        service.decide(Decide("g0", action, final_choice=0))
    assert service.progress().rejected == 1
    service.undo()
    assert service.progress().skipped == 1
    pace = service.progress().seconds_per_set
    assert pace is None or pace > 0
    service.close()


def test_pictures_from_the_future_or_before_the_epoch_are_embedded_once(tmp_path):
    root = small_workspace(tmp_path / "ws")
    pictures = sorted((root / "images/alpha").glob("*.png"))
    for path, when in zip(pictures, (4_000_000_000, -10_000_000, 0), strict=False):
        os.utime(path, (when, when))
    assert run(root, "embed") == 0
    before = contents(root / "data/sidecar/embeddings.parquet")
    assert run(root, "embed") == 0
    assert contents(root / "data/sidecar/embeddings.parquet") == before


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """The order in which the system is asked to put things on the disk."""
    made: list[str] = []

    def watch(holder, name, label):
        real = getattr(holder, name)

        def watched(*given, **options):
            made.append(label(*given))
            return real(*given, **options)

        monkeypatch.setattr(holder, name, watched)

    def kind(descriptor):
        place = os.readlink(f"/proc/self/fd/{descriptor}")
        return "fsync folder" if Path(place).is_dir() else "fsync file"

    watch(os, "fsync", kind)
    watch(Path, "replace", lambda source, target: "rename")
    watch(Path, "write_text", lambda *given, **options: "write")
    watch(Path, "write_bytes", lambda *given, **options: "write")
    watch(os, "link", lambda *given, **options: "link")
    watch(Path, "unlink", lambda path, *given, **options: "unlink")
    return made


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")


@needs_proc
def test_a_file_is_written_synced_renamed_and_its_folder_synced(tmp_path, calls):
    write_text(tmp_path / "a.txt", "text")
    assert calls[:4] == ["write", "fsync file", "rename", "fsync folder"]


@needs_proc
def test_a_model_is_on_the_disk_before_its_manifest(tmp_path, calls):
    from sklearn.linear_model import LinearRegression

    from prefml.models.store import save_model

    save_model(LinearRegression(), tmp_path / "ranker.joblib", "ranker", {"encoder": None})
    seen = [call for call in calls if call not in ("unlink", "write")]
    assert seen == ["fsync file", "rename", "fsync folder"] * 2


@needs_proc
def test_apply_syncs_its_journal_before_it_links_a_picture_and_the_link_before_it_unlinks(
    tmp_path, calls
):
    root = reviewed_tree(tmp_path / "ws")
    calls.clear()
    execute(Workspace.open(root))
    first = calls.index("link")
    assert {"fsync file", "rename", "fsync folder"} <= set(calls[:first])
    for place, call in enumerate(calls):
        if call == "link":
            assert calls[place + 1] == "fsync folder"


@needs_proc
def test_sidecars_are_synced_before_the_note_that_says_they_are_whole(tmp_path, calls):
    root = small_workspace(tmp_path / "ws")
    calls.clear()
    assert run(root, "embed") == 0
    last = len(calls) - 1 - calls[::-1].index("rename")
    before = [call for call in calls[: last - 2] if call != "unlink"]
    assert before.count("fsync file") >= 4
    assert calls[last + 1] in ("fsync folder", "unlink")


def test_a_write_that_is_not_synced_is_never_renamed(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, "no sync")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no sync"), replacing(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert not (tmp_path / "a").exists()
