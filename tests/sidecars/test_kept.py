import json
import os
from dataclasses import dataclass

import pytest

from prefml.sidecars import kept
from prefml.sidecars.find import ImageFile
from prefml.sidecars.kept import Reader, kept_readings


@dataclass
class Note:
    text: str
    number: int = 0


def note_of(path):
    return Note(path.read_text(), 10**20)


def unread(path):
    pytest.fail("opened again")


def placed(root, name, text):
    path = root / name
    path.write_text(text)
    status = path.stat()
    return ImageFile("p", name, name, status.st_size, status.st_mtime_ns)


def load(root, images, read=note_of, version=1):
    with kept_readings(
        root, root / "sandbox" / "notes.jsonl", Reader(Note, read, version)
    ) as notes:
        return notes(images)


def test_a_file_is_opened_once_and_the_largest_numbers_are_kept(tmp_path):
    image = placed(tmp_path, "a.png", "one")
    first = load(tmp_path, [image])
    assert load(tmp_path, [image], unread) == first == {"a.png": Note("one", 10**20)}


def test_a_changed_file_is_read_again_and_others_are_kept(tmp_path):
    images = [placed(tmp_path, "a.png", "one"), placed(tmp_path, "b.png", "two")]
    load(tmp_path, images)
    os.utime(tmp_path / "a.png", ns=(1, 1))
    changed = ImageFile("p", "a.png", "a.png", images[0].file_size, 1)
    assert load(tmp_path, [changed], lambda path: Note("anew"))["a.png"].text == "anew"
    assert len((tmp_path / "sandbox" / "notes.jsonl").read_text().splitlines()) == 2
    assert load(tmp_path, [changed, images[1]], unread)["b.png"].text == "two"


NO_FACTS = {"path": "a.png", "file_size": 1, "mtime_ns": 1, "version": 1}
OTHER_FACTS = NO_FACTS | {"facts": {"text": 3}}


@pytest.mark.parametrize(
    "line", ["{", "[]", json.dumps(NO_FACTS), json.dumps(OTHER_FACTS), '{"path": 3}', "\udcff"]
)
def test_what_cannot_be_used_is_read_anew_and_replaced(tmp_path, line):
    placed(tmp_path, "a.png", "one")
    image = ImageFile("p", "a.png", "a.png", 1, 1)
    (tmp_path / "sandbox").mkdir()
    damaged = line.encode("utf-8", "surrogateescape") + b"\n"
    (tmp_path / "sandbox" / "notes.jsonl").write_bytes(damaged)
    assert load(tmp_path, [image])["a.png"].text == "one"
    assert load(tmp_path, [image], unread)["a.png"].text == "one"


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path, monkeypatch):
    def refuse(path, text):
        raise PermissionError

    monkeypatch.setattr(kept, "write_text", refuse)
    assert load(tmp_path, [placed(tmp_path, "a.png", "one")])["a.png"].text == "one"


def test_what_another_version_read_is_read_anew(tmp_path):
    image = placed(tmp_path, "a.png", "one")
    load(tmp_path, [image])
    assert load(tmp_path, [image], lambda path: Note("two"), version=2)["a.png"].text == "two"
