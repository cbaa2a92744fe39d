from __future__ import annotations

import msgspec
import pytest

from prefml.exceptions import LogError
from prefml.review.page_files import read_page_file, write_page_file


class Kept(msgspec.Struct, forbid_unknown_fields=True):
    """Something that the page keeps."""

    seen: list[str]


def read(path):
    return read_page_file(
        path, lambda raw: msgspec.json.decode(raw, type=Kept), "what was seen", "; once more"
    )


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "folder of the page" / "seen.json"
    path.parent.mkdir()
    write_page_file(path, Kept(["a", "ä"]))
    assert read(path) == Kept(["a", "ä"])


def test_without_a_file_there_is_nothing(tmp_path):
    assert read(tmp_path / "seen.json") is None


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"seen": 1}', b'{"seen": [], "more": 1}', b"\xff", b"[" * 10**5]
)
def test_a_damaged_file_is_refused_with_what_to_do_and_stays(tmp_path, raw):
    path = tmp_path / "seen.json"
    path.write_bytes(raw)
    with pytest.raises(LogError) as refused:
        read(path)
    assert refused.value.expected == "what was seen"
    assert f"rm '{path}'; once more" in str(refused.value)
    assert path.read_bytes() == raw
