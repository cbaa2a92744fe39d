import errno
import fcntl
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import ConfigError, SidecarError, WorkspaceError
from prefml.files import (
    file_sha256,
    folder_lock,
    is_locked,
    is_storable,
    move,
    open_synced,
    path_from_url,
    read_consistently,
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


@given(st.text(st.characters()))
def test_text_is_storable_if_it_survives_utf8_and_has_no_nul(text):
    survives = text.encode("utf-8", "replace").decode("utf-8") == text
    assert is_storable(text) == (survives and "\0" not in text)


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "a.png\udcff"])
def test_half_a_surrogate_pair_and_nul_are_not_storable(text):
    assert not is_storable(text)
    assert is_storable("é😀\u2028\x01")


def test_a_file_url_is_a_folder_of_this_machine(tmp_path):
    folder = tmp_path / "side car"
    assert path_from_url(folder.as_uri()) == folder
    assert isinstance(path_from_url("file:///x"), Path)


def test_a_url_of_no_file_system_names_what_to_install():
    with pytest.raises(ConfigError, match=r"nosuch://x: .*run: pip install 'prefml\[scale\]'"):
        path_from_url("nosuch://x")


@pytest.mark.parametrize(
    "url", ["file://host/x", "file://fileserver/share", "ftp://host/x", "http://h/x", "https://h/x"]
)
def test_a_place_where_files_cannot_be_replaced_is_refused(url):
    with pytest.raises(ConfigError, match=f"{url}: .*expected a folder, file:///FOLDER"):
        path_from_url(url)


def test_localhost_is_this_machine():
    assert path_from_url("file://localhost/x/y") == Path("/x/y")


def test_a_stream_is_written_and_moved_over_what_was_there(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with open_synced(tmp_path / "b") as stream:
        stream.write(b"new")
    move(tmp_path / "b", tmp_path / "a")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"new")]


class Reader:
    """Reader that fails a number of times before it returns."""

    def __init__(self, failures: int) -> None:
        self.calls, self.failures = 0, failures

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise SidecarError("of two runs")
        return "sound"


def test_sound_files_are_read_once_and_nobody_is_asked():
    reader = Reader(0)
    assert read_consistently(reader, pytest.fail, SidecarError, 5) == "sound"
    assert reader.calls == 1


def test_files_are_read_again_while_they_are_replaced():
    reader = Reader(3)
    assert read_consistently(reader, lambda: True, SidecarError, 5) == "sound"
    assert reader.calls == 4


def test_files_that_were_just_replaced_are_read_once_more():
    reader = Reader(1)
    assert read_consistently(reader, lambda: False, SidecarError, 5) == "sound"
    assert reader.calls == 2


@pytest.mark.parametrize(("is_changing", "timeout"), [(False, 5), (True, -1)])
def test_what_stays_broken_is_the_readers_error(is_changing, timeout):
    with pytest.raises(SidecarError, match="of two runs"):
        read_consistently(Reader(99), lambda: is_changing, SidecarError, timeout)


def test_another_error_is_not_retried():
    with pytest.raises(SidecarError):
        read_consistently(Reader(1), lambda: True, WorkspaceError, 5)
