import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from prefml.exceptions import ImageError, WorkspaceError
from prefml.review.thumbnails import SIDES, ThumbnailCache
from prefml.workspace import Workspace

from ..imaging.profiles import rgb_profile
from .drawn_workspace import draw_picture

NAME = "images/a.png"


@pytest.fixture
def thumbnails(tmp_path):
    (tmp_path / "images").mkdir()
    draw_picture(1, 0, (300, 600)).save(tmp_path / NAME)
    thumbnails = ThumbnailCache(Workspace.open(tmp_path), "secret")
    thumbnails.add([NAME])
    return thumbnails


def opened(served):
    return Image.open(BytesIO(served.data))


def test_an_id_says_nothing_about_the_path_and_depends_on_the_secret(thumbnails, tmp_path):
    other = ThumbnailCache(Workspace.open(tmp_path), "another")
    assert thumbnails.id_of(NAME) != other.id_of(NAME)
    assert thumbnails.name_of(thumbnails.id_of(NAME)) == NAME
    assert thumbnails.name_of(other.id_of(NAME)) is None


def test_a_reduced_copy_has_the_side_that_was_asked_for(thumbnails):
    assert opened(thumbnails.reduced(NAME, "small")).size == (240, 480)
    assert opened(thumbnails.reduced(NAME, "view")).size == (300, 600)


def test_a_copy_is_made_once(thumbnails):
    assert not thumbnails.is_ready(NAME, "small")
    first = thumbnails.reduced(NAME, "small")
    assert thumbnails.is_ready(NAME, "small")
    assert thumbnails.reduced(NAME, "small") == first


def test_a_changed_picture_gets_a_new_copy_and_a_new_version(thumbnails, tmp_path):
    before, version = thumbnails.reduced(NAME, "small").data, thumbnails.info(NAME).version
    draw_picture(2, 3, (320, 600)).save(tmp_path / NAME)
    assert thumbnails.reduced(NAME, "small").data != before
    assert thumbnails.info(NAME).version != version


def test_a_copy_cut_by_a_power_failure_is_made_again(thumbnails):
    whole = thumbnails.reduced(NAME, "small").data
    (cached,) = thumbnails.cache.glob("*/*.jpg")
    cached.write_bytes(whole[:100])
    assert thumbnails.reduced(NAME, "small").data == whole


def test_a_turned_picture_is_upright(thumbnails, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    draw_picture(1, 0, (300, 600)).save(tmp_path / "images/turned.jpg", exif=exif)
    info = thumbnails.info("images/turned.jpg")
    assert (info.width, info.height) == (600, 300)
    assert opened(thumbnails.reduced("images/turned.jpg", "small")).size == (480, 240)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_of_a_tiff_is_that_of_its_copy(thumbnails, tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    draw_picture(1, 0, (300, 600)).save(tmp_path / "images/turned.tif", exif=exif)
    info = thumbnails.info("images/turned.tif")
    assert (info.width, info.height) == opened(
        thumbnails.reduced("images/turned.tif", "large")
    ).size


def test_a_wide_gamut_twin_is_shown_like_the_picture_it_is_the_twin_of(thumbnails, tmp_path):
    plain, profile = draw_picture(1, 0, (300, 600)), rgb_profile("display p3")
    target = ImageCms.ImageCmsProfile(BytesIO(profile))
    twin = ImageCms.profileToProfile(plain, ImageCms.createProfile("sRGB"), target)
    twin.save(tmp_path / "images/twin.png", icc_profile=profile)
    shown, expected = (
        np.asarray(opened(thumbnails.reduced(name, "view")), int)
        for name in ("images/twin.png", NAME)
    )
    assert np.abs(shown - expected).mean() < 1
    # The darkest levels of a power are fewer than those of sRGB.
    assert np.abs(shown - expected).max() <= 20


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
def test_full_size_is_the_original_where_browsers_can_show_it(
    thumbnails, tmp_path, name, mode, kind
):
    path = tmp_path / "images" / name
    image = draw_picture(1, 0, (60, 40))
    image = image.convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
    image.save(path)
    served = thumbnails.full(f"images/{name}")
    assert served.content_type == kind
    assert opened(served).size == (60, 40)
    assert (served.data == path.read_bytes()) == (kind != "image/jpeg" or name == "c.jpg")


def test_what_lies_outside_the_workspace_is_not_read(thumbnails, tmp_path):
    outside = tmp_path.parent / "outside.png"
    draw_picture(1, 0, (20, 20)).save(outside)
    (tmp_path / "images/link.png").symlink_to(outside)
    for name in ("../outside.png", str(outside), "images/link.png"):
        assert thumbnails.info(name) is None
        for read in (thumbnails.full, lambda name: thumbnails.reduced(name, "view")):
            with pytest.raises(WorkspaceError):
                read(name)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_damaged_picture_is_an_error_not_a_crash(thumbnails, tmp_path, content):
    (tmp_path / "images/bad.png").write_bytes(content)
    assert thumbnails.info("images/bad.png") is None
    for read in (thumbnails.full, lambda name: thumbnails.reduced(name, "view")):
        with pytest.raises(ImageError):
            read("images/bad.png")


def test_a_missing_picture_is_an_error(thumbnails):
    assert thumbnails.info("images/gone.png") is None
    with pytest.raises(ImageError):
        thumbnails.reduced("images/gone.png", "view")
    with pytest.raises(ImageError):
        thumbnails.full("images/gone.png")


def test_pruning_removes_the_oldest_copies_first(thumbnails, tmp_path):
    for n in range(3):
        draw_picture(n, 0, (40, 40)).save(tmp_path / f"images/{n}.png")
        thumbnails.reduced(f"images/{n}.png", "small")
        target = thumbnails._target(tmp_path / f"images/{n}.png", f"images/{n}.png", "small")
        os.utime(target, (1000 + n, 1000 + n))
    size = max(path.stat().st_size for path in thumbnails.cache.glob("*/*.jpg"))
    assert thumbnails.prune(limit=size) == 2
    assert thumbnails.is_ready("images/2.png", "small")


def test_a_cache_that_cannot_be_written_does_not_stop_the_review(thumbnails):
    thumbnails.cache.parent.mkdir(parents=True)
    thumbnails.cache.write_text("in the way")
    assert opened(thumbnails.reduced(NAME, "small")).size == (240, 480)


def test_a_copy_that_another_review_prunes_meanwhile_is_passed_over(thumbnails, tmp_path):
    thumbnails.reduced(NAME, "small")
    gone = thumbnails.cache / "ab" / "gone.jpg"
    gone.parent.mkdir(exist_ok=True)
    gone.symlink_to(tmp_path / "nowhere")
    assert thumbnails.prune(limit=0) == 1
    assert not thumbnails.is_ready(NAME, "small")


def test_the_cache_can_be_deleted_at_any_time(thumbnails, tmp_path):
    shown = {size: thumbnails.reduced(NAME, size).data for size in SIDES}
    stop = threading.Event()

    def delete():
        while not stop.is_set():
            shutil.rmtree(thumbnails.cache, ignore_errors=True)

    deleting = threading.Thread(target=delete)
    deleting.start()
    with ThreadPoolExecutor(4) as pool:
        asked = [*SIDES] * 40
        served = [copy.data for copy in pool.map(partial(thumbnails.reduced, NAME), asked)]
        pool.submit(thumbnails.prune).result()
    stop.set()
    deleting.join()
    assert served == [shown[size] for size in asked]
    assert thumbnails.reduced(NAME, "small").data == shown["small"]
    assert thumbnails.is_ready(NAME, "small")
