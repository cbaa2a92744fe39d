from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from prefml.boxes import FULL_FRAME
from prefml.exceptions import WorkspaceError
from prefml.sample import SampleReport, write_sample
from prefml.sample.crop_rule import decide_crop, ideal_box
from prefml.sample.encode import encode
from prefml.sample.plan import DAMAGES, PROJECTS, plan_project
from prefml.sample.render import render
from prefml.workspace import Workspace

SMALL = 0.05


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    return write_sample(tmp_path_factory.mktemp("samples") / "sample", share=SMALL)


@pytest.fixture(scope="module")
def truth(report: SampleReport) -> dict:
    return json.loads((report.folder / "truth.json").read_text())


@pytest.fixture(scope="module")
def plans() -> list:
    return [s for project in PROJECTS for s in plan_project(project)[: project.sets]]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_highest_stage_is_chosen_in_about_96_percent(plans):
    share = np.mean([not plan.lower_stage for plan in plans])

    assert 0.95 <= share <= 0.97


def test_at_least_thirty_sets_choose_a_lower_stage(plans):
    assert sum(plan.lower_stage for plan in plans) >= 30


def test_share_of_lower_stage_sets_differs_between_projects():
    shares = [project.lower / project.sets for project in PROJECTS]

    assert min(shares) < 0.01
    assert 0.08 < max(shares) < 0.12


def test_a_lower_stage_is_chosen_only_when_every_higher_one_is_badly_damaged(plans):
    for plan in plans:
        higher = plan.images[plan.chosen + 1 :]
        assert all(image.damage and image.damage.severity > 0.5 for image in higher)


def test_the_chosen_picture_is_never_badly_damaged(plans):
    assert all(not s.chosen_image.damage or s.chosen_image.damage.severity < 0.5 for s in plans)


def test_every_kind_of_damage_occurs_in_lower_stage_sets(plans):
    assert {s.images[-1].damage.kind for s in plans if s.lower_stage} == set(DAMAGES)


def test_stages_of_a_picture_lie_14_to_300_seconds_apart(plans):
    from datetime import datetime

    for plan in plans:
        times = [datetime.strptime(image.name[:15], "%Y%m%d_%H%M%S") for image in plan.images]
        gaps = np.diff(np.array(times)) / np.timedelta64(1, "s")
        assert ((gaps >= 14) & (gaps <= 300)).all()


def test_stages_rise_inside_a_set_and_fall_between_sets():
    for project in PROJECTS:
        planned = plan_project(project)
        for plan in planned:
            assert all(np.diff([image.stage for image in plan.images]) > 0)
        for before, after in itertools.pairwise(planned):
            assert after.images[0].stage <= before.images[-1].stage
            assert after.images[0].name > before.images[-1].name


def test_later_stages_are_larger(plans):
    for plan in plans:
        areas = [image.width * image.height for image in plan.images]
        assert areas == sorted(areas)


def test_logged_crops_keep_the_aspect_within_a_pixel(plans):
    for plan in plans:
        if plan.crop:
            x1, y1, x2, y2 = plan.crop.pixels
            ideal = (x2 - x1) / plan.chosen_image.width * plan.chosen_image.height
            assert abs(ideal - (y2 - y1)) <= 1.5


def test_logged_crops_lie_inside_the_picture(plans):
    for plan in plans:
        if plan.crop:
            x1, y1, x2, y2 = plan.crop.pixels
            assert 0 <= x1 < x2 <= plan.chosen_image.width
            assert 0 <= y1 < y2 <= plan.chosen_image.height


def test_about_one_crop_in_twelve_keeps_the_whole_picture(plans):
    crops = [plan.crop for plan in plans if plan.crop]

    assert 0.06 < np.mean([crop.ideal == FULL_FRAME for crop in crops]) < 0.11


def test_a_crop_is_either_whole_or_clearly_smaller(plans):
    for plan in plans:
        if plan.crop:
            x1, y1, x2, y2 = plan.crop.pixels
            area = (x2 - x1) * (y2 - y1) / plan.chosen_image.width / plan.chosen_image.height
            assert area == 1 or area < 0.90


def test_the_ideal_box_holds_the_subject():
    assert ideal_box((0.4, 0.4, 0.6, 0.6)) == pytest.approx((0.366, 0.346, 0.634, 0.614))


def test_a_subject_that_fills_the_picture_is_kept_whole():
    crop = decide_crop((0.02, 0.05, 0.97, 0.95), 300, 200, np.random.default_rng(0))

    assert crop.pixels == (0, 0, 300, 200)


def test_rendering_twice_gives_the_same_pixels(plans):
    first, second = render(plans[0]), render(plans[0])

    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_rendered_pictures_have_the_planned_size(plans):
    for image, pixels in zip(plans[5].images, render(plans[5]), strict=True):
        assert pixels.shape == (image.height, image.width, 3)


@pytest.mark.parametrize(
    ("encoding", "extension", "tolerance"),
    [
        (None, ".png", 0),
        ("sixteen_bit", ".png", 0),
        ("alpha", ".png", 0),
        ("palette", ".png", 12),
        (None, ".jpg", 12),
        ("exif_rotated", ".jpg", 12),
        ("cmyk", ".jpg", 25),
    ],
)
def test_an_encoded_picture_shows_the_same_picture(plans, encoding, extension, tolerance):
    pixels = render(plans[0])[0]

    opened = ImageOps.exif_transpose(Image.open(io.BytesIO(encode(pixels, extension, encoding))))
    again = np.asarray(opened.convert("RGB")).astype(int)

    assert again.shape == pixels.shape
    assert np.abs(again - pixels).mean() <= tolerance


def test_two_samples_have_the_same_bytes(report, tmp_path):
    write_sample(tmp_path, share=SMALL)

    assert contents(tmp_path) == contents(report.folder)


def test_a_second_run_writes_nothing(report):
    assert write_sample(report.folder, share=SMALL).written == 0


def test_an_interrupted_sample_is_finished(report, tmp_path):
    write_sample(tmp_path, share=SMALL)
    removed = sorted((tmp_path / "images").rglob("*.jpg"))[::7]
    for path in removed:
        path.unlink()

    again = write_sample(tmp_path, share=SMALL)

    assert again.written == len(removed)
    assert contents(tmp_path) == contents(report.folder)


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")

    with pytest.raises(WorkspaceError, match="holds other files"):
        write_sample(tmp_path)

    assert contents(tmp_path) == {"mine.txt": b"keep me"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "sample").write_text("")

    with pytest.raises(WorkspaceError, match="is a file"):
        write_sample(tmp_path / "sample")


def test_the_configuration_names_the_encoder_and_the_alias(report):
    config = Workspace.open(report.folder).config

    assert config.encoder == "builtin"
    assert config.aliases == {"garden_shoot": "garden"}


def test_every_logged_picture_of_a_usable_row_exists(report, truth):
    pictures = {path.name for path in report.folder.rglob("*") if path.suffix in (".png", ".jpg")}

    logged = {image["name"] for entry in truth["sets"].values() for image in entry["images"]}

    assert logged <= pictures


def test_the_truth_counts_the_rows_of_every_log(report, truth):
    for name, counts in truth["logs"].items():
        with (report.folder / name).open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        assert counts["rows"] == len(rows)
        assert counts["usable"] <= counts["rows"]


def test_old_crop_rows_have_15_or_9_fields(report):
    with (report.folder / "data/training/select_crop_log_mixed_schemas.csv").open() as file:
        lengths = {len(row) for row in list(csv.reader(file))[1:]}

    assert lengths == {15, 9}


def test_undecided_sets_lie_below_new(report):
    assert report.new_sets == 20
    assert {path.name for path in (report.folder / "new").iterdir()} == {
        project.name for project in PROJECTS
    }


def test_pictures_of_odd_encodings_are_among_them(plans):
    encodings = {image.encoding for plan in plans for image in plan.images}

    assert encodings == {None, "palette", "sixteen_bit", "alpha", "exif_rotated", "cmyk"}
