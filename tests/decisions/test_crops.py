from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.boxes import FULL_FRAME, keeps_whole

V2 = "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"
NINE = "x_extraction,mojo1,/t/mojo1_final/a.png,2.0,0.0,0.0,1.0,1.0,2025-09-23T00:20:47+00:00"


def boxes(decisions):
    return decisions.crops[["x1", "y1", "x2", "y2"]].to_numpy().tolist()


def test_pixels_and_fractions_stand_in_one_file(bench):
    fractions = bench.crop_row("mojo1/b.png", "0.0,0.1,0.5,0.6")
    bench.crops(bench.crop_row(), fractions)
    assert boxes(bench.read()) == [[0.05, 0.05, 0.55, 0.55], [0.0, 0.1, 0.5, 0.6]]


def test_the_size_is_that_of_the_chosen_image(bench):
    row = "s,g,mojo1,2,1,mojo1/b.png,10,20,110,220,,mojo1/a.png,x,100,100,mojo1/b.png,x,200,400"
    bench.crops(row)
    crops = bench.read().crops
    assert (crops["width"][0], crops["height"][0]) == (200, 400)
    assert boxes(bench.read()) == [[0.05, 0.05, 0.55, 0.55]]


def test_three_images_in_a_row_are_read_by_the_same_rule(bench):
    images = ",".join(f"mojo1/{i}.png,x,{100 * i + 100},{100 * i + 100}" for i in range(3))
    bench.crops(f"s,g,mojo1,3,2,mojo1/2.png,0,0,150,150,,{images}")
    assert boxes(bench.read()) == [[0, 0, 0.5, 0.5]]


def test_nine_fields_say_kept_and_are_no_crop(bench):
    bench.crops(NINE)
    assert bench.reasons() == {"placeholder": 1}


def test_the_placeholder_box_without_a_size_is_no_crop(bench):
    bench.crops(bench.crop_row(box="0,0,1,1", size="0,0"))
    assert bench.reasons() == {"placeholder": 1}


def test_the_full_frame_is_a_crop_label(bench):
    bench.crops(bench.crop_row(box="0,0,200,400"))
    assert boxes(bench.read()) == [[0, 0, 1, 1]]


@pytest.mark.parametrize("fields", [1, 8, 10, 12, 14, 16, 18, 20])
def test_other_lengths_are_wrong_fields(bench, fields):
    bench.crops(",".join(["1"] * fields))
    assert bench.reasons() == {"wrong_fields": 1}


def test_a_row_of_version_two_must_have_the_length_of_its_header(bench):
    bench.crops_v2("2025-10-05T00:00:00Z,mojo2,a.png,0,0,.5,.75,8", f"{',' * 9}")
    assert bench.read().quarantine[["reason", "detail"]].to_numpy().tolist() == [
        ["wrong_fields", "8 fields, 9 columns"],
        ["wrong_fields", "10 fields, 9 columns"],
    ]


def test_a_size_of_zero_without_help_is_unknown(bench):
    bench.crops(bench.crop_row(size="0,0"))
    assert bench.reasons() == {"unknown_size": 1}


@pytest.mark.parametrize("index", ["7", "-1", "x", ""])
def test_a_chosen_index_without_a_size_is_an_unknown_size(bench, index):
    bench.crops(bench.crop_row().replace(",1,0,", f",1,{index},", 1))
    assert bench.reasons() == {"unknown_size": 1}


def test_another_row_of_the_same_image_lends_its_size(bench):
    first = bench.crop_row("crop/mojo1/a.png", when="2025-10-05T01:00:00Z", size="0,0")
    bench.crops(first, bench.crop_row("mojo1/a.png", when="2025-10-06T01:00:00Z"))
    crops = bench.read().crops
    assert crops["line"].tolist() == [2]
    assert crops["width"].tolist() == [200]


def test_no_size_is_lent_between_projects_or_by_part_of_a_name(bench):
    sized = [bench.crop_row("mojo2/a.png"), bench.crop_row("mojo1/aa.png")]
    bench.crops(bench.crop_row("mojo1/a.png", size="0,0"), *sized)
    assert bench.reasons() == {"unknown_size": 1}


def test_the_picture_is_asked_last_for_a_size(bench):
    rows = [bench.crop_row(f"mojo1/{name}.png", size="0,0") for name in "ab"]
    bench.crops(*rows)
    asked = []

    def size_of(project, name):
        asked.append((project, name))
        return (200, 400) if name == "a.png" else None

    assert bench.read(image_size=size_of).crops["filename"].tolist() == ["a.png"]
    assert asked == [("mojo1", "a.png"), ("mojo1", "b.png")]


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ("10,20,110,220", (100, 200)),
        ("10,20,110,220", (99, 399)),
        ("10,20,110,220", (108, 400)),
        ("10,20,110,220", (200, 218)),
        ("1,1,101,201", (100, 200)),
        ("0,0,100,200", (101, 201)),
        ("0,0,100,200", (99, 199)),
    ],
)
def test_a_picture_that_was_cropped_since_does_not_tell_the_size(bench, box, size):
    bench.crops(bench.crop_row(box=box, size="0,0"))
    decisions = bench.read(image_size=lambda project, name: size)
    assert decisions.quarantine["reason"].tolist() == ["unknown_size"]


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ("10,20,110,220", (109, 400)),
        ("10,20,110,220", (200, 219)),
        ("0,0,100,200", (102, 200)),
        ("0,0,100,200", (100, 202)),
        ("0,0,100,200", (100, 400)),
    ],
)
def test_a_picture_that_holds_the_box_and_is_not_the_crop_tells_the_size(bench, box, size):
    bench.crops(bench.crop_row(box=box, size="0,0"))
    crops = bench.read(image_size=lambda project, name: size).crops
    assert [(crops["width"][0], crops["height"][0])] == [size]


def test_a_picture_tells_the_size_that_version_two_leaves_out(bench):
    bench.crops_v2("2025-10-05T00:00:00Z,mojo2,a.png,0,0,.5,.75,0,0")
    crops = bench.read(image_size=lambda project, name: (200, 400)).crops
    assert crops["height"].tolist() == [400]


@pytest.mark.parametrize(
    "box",
    ["10,20,10,220", "110,20,10,220", "-5,0,100,100", "0,0,205,100", "nan,0,1,1", "0,inf,1,1",
     "a,b,c,d", ",,,"],
)  # fmt: skip
def test_an_impossible_box_is_quarantined(bench, box):
    bench.crops(bench.crop_row(box=box))
    assert bench.reasons() == {"impossible_box": 1}


def test_images_of_two_projects_in_one_row_are_refused(bench):
    row = "s,g,,2,1,mojo1/b.png,1,2,11,22,,mojo2/a.png,x,100,100,mojo1/b.png,x,200,400"
    bench.crops(row)
    assert bench.reasons() == {"mixed_projects": 1}


def test_the_directory_tells_the_project_of_a_bare_name(bench):
    bench.crops(bench.crop_row("b.png").replace("s,g,,", "s,g,mojo1,"))
    assert bench.read().crops["project"].tolist() == ["mojo1"]


def test_a_crop_that_names_no_image_is_quarantined(bench):
    bench.crops(bench.crop_row("mojo1/"))
    bench.crops_v2("2025-10-05,mojo1,,0,0,1,1,10,10")
    assert bench.reasons() == {"no_image": 2}


def test_version_two_is_fractions_of_a_named_project(bench):
    bench.crops_v2("2025-10-05T00:00:00Z,mojo2,20250705_214520_stage2_upscaled.png,0,0,.5,.75,8,16")
    crop = bench.read().crops.iloc[0]
    assert (crop["project"], crop["stage"], crop["width"]) == ("mojo2", 2.0, 8)
    assert [crop["x2"], crop["y2"]] == [0.5, 0.75]


def test_version_two_needs_no_columns_but_those_of_the_crop(bench):
    header = "filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height"
    bench.log("crops.csv", header, "mojo1/a.png,0,0,.5,.75,200,400")
    crops = bench.read().crops
    assert crops["project"].tolist() == ["mojo1"]
    assert crops["session_id"].tolist() == [""]


def test_session_and_time_of_a_crop_are_kept_in_both_versions(bench):
    bench.crops(bench.crop_row(when="2025-10-05T01:24:18Z").replace("s,g", "evening,g", 1))
    bench.log("crops.csv", f"session_id,{V2}", "night,20251006_020000,mojo2,b.png,0,0,1,1,8,8")
    crops = bench.read().crops.sort_values("filename")
    assert crops["session_id"].tolist() == ["evening", "night"]
    assert [when.isoformat() for when in crops["timestamp"]] == [
        "2025-10-05T01:24:18+00:00",
        "2025-10-06T02:00:00+00:00",
    ]


def test_the_date_gives_the_project_of_version_two(bench):
    bench.project("mojo3", "2025-10-01", "2025-10-11")
    bench.crops_v2("2025-10-05T00:00:00Z,,a.png,0,0,.5,.75,200,400")
    assert bench.read().crops["project"].tolist() == ["mojo3"]


def test_version_one_may_leave_out_index_directory_and_session(bench):
    header = "chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,width_0,height_0"
    bench.log("crops.csv", header, "a.png,10,20,110,220,200,400")
    decisions = bench.read()
    assert boxes(decisions) == [[0.05, 0.05, 0.55, 0.55]]
    assert decisions.crops["session_id"].tolist() == [""]
    assert decisions.unmatched.empty


def test_version_one_may_state_its_project(bench):
    header = "chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,width_0,height_0,project_id"
    bench.log("crops.csv", header, "a.png,10,20,110,220,200,400,mojo2")
    assert bench.read().crops["project"].tolist() == ["mojo2"]


def test_version_two_may_not_know_the_size(bench):
    bench.crops_v2("2025-10-05T00:00:00Z,mojo2,a.png,0,0,.5,.75,0,0")
    assert bench.read().crops["width"].isna().tolist() == [True]


@pytest.mark.parametrize("box", ["0,0,1.5,1", "0,0,100,100", "-.5,0,1,1"])
def test_version_two_has_no_pixels(bench, box):
    bench.crops_v2(f"2025-10-05T00:00:00Z,mojo2,a.png,{box},200,400")
    assert bench.reasons() == {"impossible_box": 1}


def test_the_date_gives_the_project_when_the_path_does_not(bench):
    bench.project("mojo3", "2025-10-01", "2025-10-11")
    rows = [
        bench.crop_row(f"crop/group_04/{hour}.png", when=f"2025-10-{hour}Z")
        for hour in ("11T00:00:01", "11T23:59:59", "12T00:00:00")
    ]
    bench.crops(*rows)
    decisions = bench.read()
    assert decisions.crops["project"].tolist() == ["mojo3", "mojo3", "unknown"]
    assert decisions.unmatched.to_dict("records") == [
        {"folder": "crop", "rows": 3, "by_date": 2, "unknown": 1},
        {"folder": "group_04", "rows": 3, "by_date": 2, "unknown": 1},
    ]


def test_an_unreadable_time_keeps_the_row_without_one(bench):
    bench.crops(bench.crop_row(when="yesterday"))
    assert bench.read().crops["timestamp"].isna().tolist() == [True]


# from where to where along one side: at least a ninth of it, anywhere
reach = st.tuples(st.floats(1 / 9, 1), st.floats(0, 1)).map(
    lambda drawn: ((1 - drawn[0]) * drawn[1], (1 - drawn[0]) * drawn[1] + drawn[0])
)
side = st.integers(50, 4000)
labels = st.lists(st.tuples(side, side, reach, reach, st.booleans()), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(labels)
def test_a_log_that_is_written_is_read_back(bench, labels):
    expected, rows = [], []
    for number, (width, height, (left, right), (top, bottom), in_pixels) in enumerate(labels):
        box = [left, top, min(right, 1), min(bottom, 1)]
        scale = (width, height) * 2 if in_pixels else (1,) * 4
        logged = [value * unit for value, unit in zip(box, scale, strict=True)]
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(logged)
        size = f"{width},{height}"
        rows.append(bench.crop_row(f"mojo1/{number}.png", text.getvalue(), size=size))
        expected.append(pytest.approx(FULL_FRAME if keeps_whole(box) else box))
    bench.crops(*rows)
    assert boxes(bench.read()) == expected
