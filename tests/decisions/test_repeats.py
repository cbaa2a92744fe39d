from __future__ import annotations

import pytest

EARLY, LATE = "2025-10-05T01:00:00Z", "2025-10-05T02:00:00Z"


def lines(frame):
    return list(zip(frame["source"].str.rpartition("/")[2], frame["line"], strict=True))


def test_the_earliest_crop_of_an_image_counts_wherever_it_stands(bench):
    bench.crops(bench.crop_row("crop/mojo1/a.png", when=LATE), bench.crop_row(when=EARLY))
    decisions = bench.read()
    assert lines(decisions.crops) == [("select_crop_log.csv", 3)]
    assert decisions.quarantine["reason"].tolist() == ["repeat_crop"]
    assert decisions.quarantine["detail"].tolist() == [
        "first in data/training/select_crop_log.csv:3"
    ]


def test_crops_repeat_across_files(bench):
    bench.crops(bench.crop_row(when=EARLY), name="b.csv")
    bench.crops_v2(f"{LATE},mojo1,a.png,0,0,.5,.5,200,400", name="a.csv")
    assert lines(bench.read().crops) == [("b.csv", 2)]


def test_at_the_same_moment_the_row_that_knows_its_size_counts(bench):
    bench.crops(bench.crop_row(size="0,0"), name="a.csv")
    bench.crops(bench.crop_row(), name="b.csv")
    assert lines(bench.read().crops) == [("b.csv", 2)]


def test_at_the_same_moment_the_order_of_files_and_lines_counts(bench):
    bench.crops(bench.crop_row(), name="b.csv")
    bench.crops(bench.crop_row(), bench.crop_row(), name="a.csv")
    assert lines(bench.read().crops) == [("a.csv", 2)]


def test_a_row_without_a_time_comes_last(bench):
    bench.crops(bench.crop_row(when=""), bench.crop_row(when=LATE))
    assert lines(bench.read().crops) == [("select_crop_log.csv", 3)]


def test_an_impossible_first_crop_does_not_take_the_name(bench):
    bench.crops(bench.crop_row(box="0,0,999,999", when=EARLY), bench.crop_row(when=LATE))
    assert lines(bench.read().crops) == [("select_crop_log.csv", 3)]


def test_the_same_name_in_another_project_is_another_image(bench):
    bench.crops(bench.crop_row("mojo1/a.png"), bench.crop_row("mojo2/a.png"))
    assert len(bench.read().crops) == 2


WON_BY_A = "mojo1/a.png,\"['mojo1/b.png']\","
WON_BY_B = "mojo1/b.png,\"['mojo1/a.png']\","


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"s,g,{WON_BY_A}", f"s,g,{WON_BY_A}"),
        (f"s,g,{WON_BY_A}", "s,g,mojo1/x.png,\"['mojo1/y.png']\","),
        (f"s,g,{WON_BY_A}", f"t,h,{WON_BY_A}"),
        (f"s,g,{WON_BY_A}", "t,h,mojo1_final/z/a.png,['b.png'],"),
    ],
    ids=["same row", "same key", "same images and winner", "other folders"],
)
def test_a_set_that_comes_again_is_a_repeat(bench, first, second):
    bench.selections(first, name="a.csv")
    bench.selections(second, name="b.csv")
    decisions = bench.read()
    assert decisions.quarantine["reason"].tolist() == ["repeat_set"]
    assert set(decisions.items["source"]) == {"data/training/a.csv"}


def test_another_winner_under_another_key_is_kept(bench):
    bench.selections(f"s,g,{WON_BY_A}", f"t,g,{WON_BY_B}")
    assert bench.read().items["set_id"].nunique() == 2


def test_a_key_is_unique_only_inside_project_and_session(bench):
    rows = [
        f"s,group_8,{WON_BY_A}",
        "t,group_8,mojo1/c.png,\"['mojo1/d.png']\",",
        f"s,group_8,{WON_BY_A.replace('mojo1', 'mojo2')}",
    ]
    bench.selections(*rows)
    assert bench.read().items["set_id"].nunique() == 3
