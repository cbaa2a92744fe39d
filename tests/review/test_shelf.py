import os
import subprocess
import sys
from io import BytesIO

import pytest
from PIL import Image

from prefml.exceptions import ImageError, WorkspaceError
from prefml.review.pictures import PictureShelf
from prefml.review.warmer import Warmer
from prefml.workspace import Workspace

from .drawn_workspace import draw_picture

NAME = "images/a.png"


@pytest.fixture
def shelf(tmp_path):
    (tmp_path / "images").mkdir()
    draw_picture(1, 0, (300, 600)).save(tmp_path / NAME)
    shelf = PictureShelf(Workspace.open(tmp_path), "secret")
    shelf.add([NAME])
    return shelf


def opened(served):
    return Image.open(BytesIO(served.data))


def test_an_id_says_nothing_about_the_path_and_depends_on_the_secret(shelf, tmp_path):
    other = PictureShelf(Workspace.open(tmp_path), "another")
    assert shelf.id_of(NAME) != other.id_of(NAME)
    assert shelf.name_of(shelf.id_of(NAME)) == NAME
    assert shelf.name_of(other.id_of(NAME)) is None


def test_a_reduced_copy_has_the_side_that_was_asked_for(shelf):
    assert opened(shelf.reduced(NAME, "small")).size == (240, 480)
    assert opened(shelf.reduced(NAME, "view")).size == (300, 600)


def test_a_copy_is_made_once(shelf):
    assert not shelf.is_ready(NAME, "small")
    first = shelf.reduced(NAME, "small")
    assert shelf.is_ready(NAME, "small")
    assert shelf.reduced(NAME, "small") == first


def test_a_changed_picture_gets_a_new_copy_and_a_new_version(shelf, tmp_path):
    before, version = shelf.reduced(NAME, "small").data, shelf.stat(NAME).version
    draw_picture(2, 3, (320, 600)).save(tmp_path / NAME)
    assert shelf.reduced(NAME, "small").data != before
    assert shelf.stat(NAME).version != version


def test_a_copy_cut_by_a_power_failure_is_made_again(shelf):
    whole = shelf.reduced(NAME, "small").data
    (cached,) = shelf.cache.glob("*/*.jpg")
    cached.write_bytes(whole[:100])
    assert shelf.reduced(NAME, "small").data == whole


def test_a_turned_picture_is_upright(shelf, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    draw_picture(1, 0, (300, 600)).save(tmp_path / "images/turned.jpg", exif=exif)
    stat = shelf.stat("images/turned.jpg")
    assert (stat.width, stat.height) == (600, 300)
    assert opened(shelf.reduced("images/turned.jpg", "small")).size == (480, 240)


@pytest.mark.parametrize(
    ("name", "mode", "kind"),
    [
        ("a.png", "RGB", "image/png"),
        ("b.webp", "RGB", "image/webp"),
        ("c.jpg", "RGB", "image/jpeg"),
        ("d.tif", "RGB", "image/jpeg"),
        ("e.jpg", "CMYK", "image/jpeg"),
        ("f.png", "I;16", "image/jpeg"),
    ],
)
def test_full_size_is_the_original_where_browsers_can_show_it(shelf, tmp_path, name, mode, kind):
    path = tmp_path / "images" / name
    image = draw_picture(1, 0, (60, 40))
    image = image.convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
    image.save(path)
    served = shelf.full(f"images/{name}")
    assert served.content_type == kind
    assert opened(served).size == (60, 40)
    assert (served.data == path.read_bytes()) == (kind != "image/jpeg" or name == "c.jpg")


def test_what_lies_outside_the_workspace_is_not_read(shelf, tmp_path):
    outside = tmp_path.parent / "outside.png"
    draw_picture(1, 0, (20, 20)).save(outside)
    (tmp_path / "images/link.png").symlink_to(outside)
    for name in ("../outside.png", str(outside), "images/link.png"):
        assert shelf.stat(name) is None
        for read in (shelf.full, lambda name: shelf.reduced(name, "view")):
            with pytest.raises(WorkspaceError):
                read(name)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_damaged_picture_is_an_error_not_a_crash(shelf, tmp_path, content):
    (tmp_path / "images/bad.png").write_bytes(content)
    assert shelf.stat("images/bad.png") is None
    for read in (shelf.full, lambda name: shelf.reduced(name, "view")):
        with pytest.raises(ImageError):
            read("images/bad.png")


def test_a_missing_picture_is_an_error(shelf):
    assert shelf.stat("images/gone.png") is None
    with pytest.raises(ImageError):
        shelf.reduced("images/gone.png", "view")
    with pytest.raises(ImageError):
        shelf.full("images/gone.png")


def test_pruning_removes_the_oldest_copies_first(shelf, tmp_path):
    for n in range(3):
        draw_picture(n, 0, (40, 40)).save(tmp_path / f"images/{n}.png")
        shelf.reduced(f"images/{n}.png", "small")
        target = shelf._target(tmp_path / f"images/{n}.png", f"images/{n}.png", "small")
        os.utime(target, (1000 + n, 1000 + n))
    size = max(path.stat().st_size for path in shelf.cache.glob("*/*.jpg"))
    assert shelf.prune(limit=size) == 2
    assert shelf.is_ready("images/2.png", "small")


def test_a_cache_that_cannot_be_written_does_not_stop_the_review(shelf):
    shelf.cache.parent.mkdir(parents=True)
    shelf.cache.write_text("in the way")
    assert opened(shelf.reduced(NAME, "small")).size == (240, 480)


@pytest.fixture
def warmer(shelf):
    warmer = Warmer(shelf, workers=1)
    yield warmer
    warmer.stop()


def until(condition, seconds=10.0):
    import time

    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_copies_are_made_ahead(shelf, warmer):
    warmer.aim(["images/gone.png", NAME], "view")
    assert until(lambda: shelf.is_ready(NAME, "view"))


def test_nothing_is_made_ahead_while_somebody_waits(shelf, warmer):
    with warmer.stepping_aside():
        warmer.aim([NAME], "view")
        assert not until(lambda: shelf.is_ready(NAME, "view"), seconds=0.15)
    assert until(lambda: shelf.is_ready(NAME, "view"))


def test_the_oldest_wishes_are_dropped_when_there_are_too_many(shelf):
    warmer = Warmer(shelf, workers=0, limit=2)
    warmer.aim(["a", "b"], "view")
    warmer.aim(["c"], "view")
    assert list(warmer._waiting) == [("c", "view"), ("a", "view")]


def test_a_copy_that_another_review_prunes_meanwhile_is_passed_over(shelf, tmp_path):
    shelf.reduced(NAME, "small")
    gone = shelf.cache / "ab" / "gone.jpg"
    gone.parent.mkdir(exist_ok=True)
    gone.symlink_to(tmp_path / "nowhere")
    assert shelf.prune(limit=0) == 1
    assert not shelf.is_ready(NAME, "small")


ENDING = """
import sys, time
import cv2, numpy as np
from prefml.review.warmer import Warmer

class Busy:
    def is_ready(self, *item):
        return False

    def reduced(self, *item):
        cv2.resize(np.zeros((3000, 3000, 3), np.uint8), (700, 700), interpolation=cv2.INTER_AREA)

warmer = Warmer(Busy(), workers=4)
warmer.aim(map(str, range(2000)), "view")
time.sleep(0.2)
"""


def test_a_process_that_ends_while_copies_are_made_ends_well():
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
