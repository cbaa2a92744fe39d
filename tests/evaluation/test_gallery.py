from __future__ import annotations

import base64
import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prefml.evaluation.gallery import Thumbnailer, crop_views, find_mistakes, make_thumbnailer
from prefml.workspace import Workspace


def no_picture(project, filename):
    return None


def name_as_picture(project, filename):
    return f"data:{project}/{filename}"


def test_mistakes_are_wrong_choices_the_surest_first(choice_runs):
    shown = find_mistakes(choice_runs, no_picture)

    assert shown
    assert [m.confidence for m in shown] == sorted((m.confidence for m in shown), reverse=True)
    for mistake in shown:
        parts = [(image.chosen, image.suggested) for image in mistake.images]
        assert sorted(parts) == [(False, True), (True, False)]


def test_no_more_mistakes_than_asked_for_are_shown(choice_runs):
    assert len(find_mistakes(choice_runs, no_picture, most=1)) == 1


def test_best_crops_overlap_more_than_worst(crop_runs):
    best, worst = crop_views(crop_runs, name_as_picture, most=3)

    assert len(best) == len(worst) == 3
    assert min(view.iou for view in best) >= max(view.iou for view in worst)


def test_boxes_are_in_per_cent(crop_runs):
    best, _ = crop_views(crop_runs, name_as_picture, most=1)

    assert best[0].proposed == (20, 20, 70, 70)


def test_crops_without_pictures_are_not_shown(crop_runs):
    assert crop_views(crop_runs, no_picture) == ([], [])


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "images" / "p"
    folder.mkdir(parents=True)
    Image.new("RGB", (640, 320), (200, 30, 30)).save(folder / "a.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return Workspace.open(tmp_path)


@pytest.fixture
def sidecars():
    index = pd.DataFrame(
        {
            "project": ["p", "p", "p"],
            "filename": ["a.png", "broken.png", "gone.png"],
            "path": ["images/p/a.png", "images/p/broken.png", "images/p/gone.png"],
        }
    )
    rows = {("p", name): row for row, name in enumerate(index["filename"])}
    return SimpleNamespace(
        index=index,
        positions=lambda p, f: np.array([rows.get((a, b), -1) for a, b in zip(p, f, strict=True)]),
    )


def test_a_thumbnail_is_a_small_jpeg_of_the_same_shape(workspace, sidecars):
    uri = make_thumbnailer(workspace, sidecars)("p", "a.png")

    header, _, content = uri.partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert header == "data:image/jpeg;base64"
    assert picture.size == (220, 110)


@pytest.mark.parametrize("name", ["broken.png", "gone.png", "unknown.png"])
def test_a_picture_that_cannot_be_shown_is_left_out(workspace, sidecars, name):
    assert make_thumbnailer(workspace, sidecars)("p", name) is None


def test_without_sidecars_there_are_no_thumbnails(workspace):
    assert make_thumbnailer(workspace, None)("p", "a.png") is None


def test_thumbnails_end_where_there_is_no_room_and_those_left_out_are_counted(workspace, sidecars):
    whole = Thumbnailer(workspace, sidecars)
    size = len(whole("p", "a.png"))
    small = Thumbnailer(workspace, sidecars, most_bytes=2 * size)
    made = [small("p", "a.png") for _ in range(4)]
    assert [bool(one) for one in made] == [True, True, False, False]
    assert (whole.left_out, small.left_out) == (0, 2)
