import hashlib

import pytest

from prefml.files import file_sha256, replacing, write_text


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
