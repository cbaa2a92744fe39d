from __future__ import annotations

import os

import pytest

from prefml.exceptions import WorkspaceError
from prefml.imaging import formats
from prefml.sidecars.find import count_passed_over, find_images, require_images, scan_images
from prefml.workspace import Workspace

from .conftest import FirstFolder, draw


@pytest.fixture
def touch(tmp_path):
    def make(*names: str) -> None:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())

    return make


@pytest.fixture
def scan(tmp_path):
    return lambda: scan_images(Workspace.open(tmp_path), FirstFolder())


def paths(found) -> list[str]:
    return [image.path for image in found.images]


def test_pictures_of_every_suffix_are_found_in_order(touch, scan):
    names = ["a.png", "b.JPG", "c.jpeg", "d.webp", "e.bmp", "f.tif", "g.TIFF"]
    touch(*(f"images/p/{name}" for name in reversed(names)), "images/p/a.txt", "images/p/a.yaml")
    assert paths(scan()) == [f"images/p/{name}" for name in names]


def test_size_and_time_are_those_of_the_file(touch, scan, tmp_path):
    touch("images/p/a.png")
    os.utime(tmp_path / "images/p/a.png", ns=(5, 7_000_000_001))
    image = scan().images[0]
    assert (image.file_size, image.mtime_ns) == (14, 7_000_000_001)


def test_hidden_files_and_folders_are_left_out(touch, scan):
    touch("images/p/._a.png", "images/.thumbs/a.png", "images/p/b.png")
    assert paths(scan()) == ["images/p/b.png"]


def test_the_first_of_two_equal_names_counts(touch, scan):
    touch("images/p/sub/a.png", "images/p/a.png", "images/q/a.png", "training data/p/a.png")
    found = scan()
    assert paths(found) == ["images/p/a.png", "images/q/a.png"]
    assert found.shadowed == ["images/p/sub/a.png", "training data/p/a.png"]


def test_a_name_is_compared_exactly(touch, scan):
    touch("images/p/a.png", "images/p/aa.png", "images/p/sub/A.png")
    assert len(scan().images) == 3


def test_pictures_without_a_project_are_unknown_and_named(touch, scan):
    touch("images/a.png", "images/p/b.png")
    found = scan()
    assert [image.project for image in found.images] == ["unknown", "p"]
    assert found.unknown == ["images/a.png"]


def test_loops_of_links_end(touch, scan, tmp_path):
    touch("images/p/a.png")
    (tmp_path / "images/p/again").symlink_to(tmp_path / "images")
    (tmp_path / "images/self").symlink_to(tmp_path / "images/self")
    assert paths(scan()) == ["images/p/a.png"]


def test_linked_folder_is_read(touch, scan, tmp_path):
    touch("elsewhere/a.png", "images/p/b.png")
    (tmp_path / "images/q").symlink_to(tmp_path / "elsewhere")
    assert paths(scan()) == ["images/p/b.png", "images/q/a.png"]


def test_what_only_looks_like_a_picture_is_reported(touch, scan, tmp_path):
    touch("images/p/a.png", "images/p/x.png/inside.png")
    os.mkfifo(tmp_path / "images/p/pipe.png")
    (tmp_path / "images/p/gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "images/p/loop.png").symlink_to(tmp_path / "images/p/loop.png")
    found = scan()
    assert paths(found) == ["images/p/a.png"]
    reasons = {failure.path.split("/")[-1]: failure.reason for failure in found.failures}
    assert set(reasons) == {"gone.png", "loop.png", "pipe.png", "x.png"}
    assert "folder" in reasons["x.png"]
    assert reasons["pipe.png"] == "not a regular file"


def test_name_that_is_not_utf8_is_reported(touch, scan, tmp_path):
    touch("images/p/a.png")
    with open(os.fsencode(tmp_path / "images/p") + b"/\xff.png", "wb"):
        pass
    found = scan()
    assert paths(found) == ["images/p/a.png"]
    assert "UTF-8" in found.failures[0].reason
    found.failures[0].path.encode()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_unreadable_folder_is_reported(touch, scan, tmp_path):
    touch("images/p/a.png", "images/q/b.png")
    (tmp_path / "images/q").chmod(0)
    found = scan()
    (tmp_path / "images/q").chmod(0o755)
    assert paths(found) == ["images/p/a.png"]
    assert len(found.failures) == 1


def test_top_level_folder_named_like_a_project_is_searched(touch, tmp_path):
    class Known(FirstFolder):
        names = frozenset({"mojo1", "mojo1_final"})

        def from_path(self, path: str) -> str | None:
            return "mojo1" if path.startswith("mojo1") else None

    touch("mojo1/a.png", "mojo1_final/b.png", "mojo10/c.png")
    found = find_images(Workspace.open(tmp_path), Known())
    assert [image.path for image in found] == ["mojo1/a.png", "mojo1_final/b.png"]


def test_empty_workspace_has_no_pictures(scan):
    assert scan().images == []


def test_pictures_that_are_not_read_are_counted_with_the_way_out(touch, scan):
    touch("images/p/a.png", "images/p/b.NEF", "images/p/c.nef", "images/q/d.psd", "images/e.exr")
    touch("images/p/a.txt", "images/p/a.yaml", "images/p/.d.nef")
    found = scan()
    assert paths(found) == ["images/p/a.png"]
    assert [(one.path, one.format) for one in found.passed_over] == [
        ("images/e.exr", "OpenEXR"),
        ("images/p/b.NEF", "RAW"),
        ("images/p/c.nef", "RAW"),
        ("images/q/d.psd", "Photoshop"),
    ]
    assert count_passed_over(found.passed_over)[0] == (
        ("RAW", "develop them to JPEG, PNG or TIFF"), 2
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".heic", ".HEIF", ".avif", ".jxl"])
def test_without_its_decoder_a_format_is_passed_over_by_name(touch, scan, monkeypatch, suffix):
    for probe in ("_has_avif", "_has_heif", "_has_jxl"):
        monkeypatch.setattr(formats, probe, lambda: False)
    touch(f"images/p/a{suffix}")
    (one,) = scan().passed_over
    assert one.path == f"images/p/a{suffix}"
    assert one.advice.startswith("pip install")


@pytest.mark.parametrize("name", ["photo", "photo.jpg_large", "photo.001", "photo.jpg~"])
def test_a_picture_of_another_name_is_told_by_its_content(tmp_path, scan, name):
    draw(tmp_path / "images/p/photo.png", 0)
    (tmp_path / "images/p/photo.png").rename(tmp_path / "images/p" / name)
    (one,) = scan().passed_over
    assert (one.path, one.format) == (f"images/p/{name}", "PNG")
    assert one.advice == "rename them to end in .png"


def test_other_files_are_no_pictures(touch, scan):
    touch("images/p/a.png", "images/p/b.bin", "images/p/LICENSE", "images/p/c.db")
    assert scan().passed_over == []


def test_where_nothing_is_read_the_error_names_what_is_there_and_the_way_out(touch, tmp_path):
    touch("images/p/b.nef", "images/p/c.nef", "images/p/d.psd")
    workspace = Workspace.open(tmp_path)
    with pytest.raises(WorkspaceError, match="but 2 RAW that are not read here, 1 Phot") as error:
        require_images(scan_images(workspace, FirstFolder()), workspace)
    assert error.value.run == "develop them to JPEG, PNG or TIFF"
