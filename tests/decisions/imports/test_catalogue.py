import contextlib
import hashlib
import random
import sqlite3

import pytest

from prefml.boxes import Box
from prefml.decisions.imports.catalogue import NEWEST, is_catalogue, read_catalogue
from prefml.decisions.xmp.marks import Marks
from prefml.exceptions import ForeignFileError

from .catalogues import make_catalogue

CROP = "s = { CropAngle = %s, CropBottom = 0.9, CropLeft = 0.1, CropRight = 0.6, CropTop = 0.2 }"


@pytest.fixture
def catalogue(tmp_path):
    return make_catalogue(
        tmp_path / "a.lrcat", "/photos",
        [
            ("trip/a.png", {"pick": 1.0, "rating": 4.0, "colorLabels": "Red", "stack": "x"}),
            ("trip/b.png", {"pick": -1.0, "stack": "x"}),
            ("c.png", {"rating": None, "crop": CROP % "0", "orientation": "BC",
                       "fileWidth": 60, "fileHeight": 40}),
            ("d.png", {"crop": CROP % "2.5"}),
            ("e.png", {"masterImage": 3}),
        ],
    )  # fmt: skip


def tree(folder):
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
    }


def test_marks_stacks_and_crops_are_read(catalogue):
    found = read_catalogue(catalogue)
    a, b, c, d = found.pictures
    assert (a.path, a.marks.flag, a.marks.rating, a.marks.label) == (
        "/photos/trip/a.png", "picked", 4, "Red",
    )  # fmt: skip
    assert b.marks.flag == "rejected"
    assert a.stack == b.stack != c.stack == ""
    assert (c.marks.box, c.marks.orientation, c.size) == (Box(0.1, 0.2, 0.6, 0.9), 6, (40, 60))
    assert d.marks == Marks(crop_problem="turned_crop")
    assert found.passed_over == {"virtual_copy": 1}


def test_a_catalogue_is_read_without_a_trace(catalogue):
    before = tree(catalogue.parent)
    read_catalogue(catalogue)
    assert tree(catalogue.parent) == before


def refused(path, words):
    before = tree(path.parent)
    with pytest.raises(ForeignFileError, match=words):
        read_catalogue(path)
    assert tree(path.parent) == before


@pytest.mark.parametrize("ending", [".lock", "-lock", "-wal", "-journal"])
def test_a_catalogue_that_is_open_is_refused(catalogue, ending):
    catalogue.with_name(catalogue.name + ending).write_bytes(b"x")
    refused(catalogue, "in use")


def test_a_catalogue_that_is_locked_is_refused(catalogue):
    other = sqlite3.connect(catalogue)
    other.execute("BEGIN EXCLUSIVE")
    refused(catalogue, "locked")
    other.close()


def test_a_newer_catalogue_is_refused_and_one_without_a_version_is_read(tmp_path):
    path = make_catalogue(tmp_path / "n.lrcat", "/p", [], version=f"{NEWEST + 1}00000")
    refused(path, f"Lightroom {NEWEST + 1}")
    assert read_catalogue(make_catalogue(path, "/p", [], version="?")).pictures == []


def test_what_is_no_catalogue_is_refused(tmp_path):
    path = tmp_path / "a.lrcat"
    path.write_bytes(b"no database")
    refused(path, "no SQLite database")
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE other (a)")
    database.close()
    refused(path, "has no Adobe_images")
    with pytest.raises(ForeignFileError, match="no file"):
        read_catalogue(tmp_path / "b.lrcat")


def test_views_in_the_place_of_tables_are_not_followed(catalogue):
    with sqlite3.connect(catalogue) as database:
        database.execute("ALTER TABLE Adobe_images RENAME TO other")
        database.execute("CREATE VIEW Adobe_images AS SELECT * FROM other")
    database.close()
    refused(catalogue, "has no Adobe_images")


def test_values_that_cannot_be_are_counted_and_not_guessed(tmp_path):
    pictures = [
        ("a.png", {"pick": 7}),
        ("b.png", {"rating": "many"}),
        ("c.png", {"pick": "yes"}),
        ("", {}),
    ]
    found = read_catalogue(make_catalogue(tmp_path / "a.lrcat", "/p", pictures))
    assert [one.problem for one in found.pictures] == ["unreadable"] * 3
    assert found.passed_over == {"no_name": 1}


def test_damaged_catalogues_are_read_or_refused_and_stay_as_they_are(catalogue):
    sound, draw = catalogue.read_bytes(), random.Random(0)
    for _ in range(60):
        raw = bytearray(sound)
        for _ in range(draw.randint(1, 40)):
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        if draw.random() < 0.3:
            del raw[draw.randrange(len(raw)) :]
        catalogue.write_bytes(raw)
        before = tree(catalogue.parent)
        with contextlib.suppress(ForeignFileError):
            read_catalogue(catalogue)
        assert tree(catalogue.parent) == before


def test_a_database_under_another_name_is_known_by_its_content(catalogue, tmp_path):
    other = catalogue.rename(tmp_path / "backup.db")
    assert is_catalogue(other)
    assert not is_catalogue(tmp_path)
