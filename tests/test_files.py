import errno
import fcntl
import hashlib
import os

import pytest

from prefml.exceptions import WorkspaceError
from prefml.files import (
    file_sha256,
    folder_lock,
    is_locked,
    remove_leftovers,
    replacing,
    write_text,
)


def test_the_new_text_replaces_the_old_one(tmp_path):
    write_text(tmp_path / "deep" / "a.txt", "old")
    write_text(tmp_path / "deep" / "a.txt", "neu ü")
    assert (tmp_path / "deep" / "a.txt").read_text("utf-8") == "neu ü"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    write_text(tmp_path / "a.txt", "old")

    def fail():
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_the_digest_is_that_of_the_content(tmp_path):
    write_text(tmp_path / "a.txt", "abc")
    assert file_sha256(tmp_path / "a.txt") == hashlib.sha256(b"abc").hexdigest()


def test_a_folder_is_held_by_one_at_a_time_and_nothing_is_left_in_it(tmp_path):
    busy = WorkspaceError("busy")
    with folder_lock(tmp_path, busy):
        assert is_locked(tmp_path)
        with pytest.raises(WorkspaceError, match="busy"), folder_lock(tmp_path, busy):
            pass
    assert not is_locked(tmp_path)
    assert not list(tmp_path.iterdir())


def refuse_locks(monkeypatch, number):
    def refuse(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_where_folders_cannot_be_locked_nothing_is_held(tmp_path, monkeypatch):
    refuse_locks(monkeypatch, errno.EBADF)
    with folder_lock(tmp_path, WorkspaceError("busy")):
        assert not is_locked(tmp_path)


def test_another_failure_to_lock_is_told(tmp_path, monkeypatch):
    refuse_locks(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)), folder_lock(tmp_path, None):
        pass


def test_what_a_killed_writer_left_of_a_file_is_removed_and_nothing_else(tmp_path):
    names = {".a.txt.x1.tmp", ".b.txt.x1.tmp", "a.txt", ".a.txt"}
    for name in names:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, "a.txt")
    remove_leftovers(tmp_path / "nowhere", "a.txt")
    assert {path.name for path in tmp_path.iterdir()} == names - {".a.txt.x1.tmp"}
