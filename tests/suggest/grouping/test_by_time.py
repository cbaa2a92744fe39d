from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.suggest.grouping.by_time import group_by_time
from prefml.suggest.grouping.facts import PictureFacts

from .pictures import alone_of, pictures, sets_of


def grouped(names, facts=None, **settings):
    images = pictures(*names)
    told = {image.path: (facts or {})[image.filename] for image in images if facts}
    return group_by_time(images, SetRule(name="burst", **settings), told)


def test_the_id_of_a_burst_makes_a_set():
    names = ["IMG_20231014_183246_BURST001_COVER.jpg", "IMG_20231014_183246_BURST002.jpg",
             "IMG_20231014_183247_BURST001.jpg"]  # fmt: skip
    assert sets_of(grouped(names)) == [names[:2]]


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=10, unique=True), st.integers(1, 10**7))
def test_exif_times_are_held_against_the_gap_exactly(times, gap):
    names = [f"{i}.jpg" for i in range(len(times))]
    facts = {name: PictureFacts(taken=at) for name, at in zip(names, times, strict=True)}
    made = grouped(names, facts, max_gap=gap / 10**6, most=100)
    found = [sorted(facts[name].taken for name in one) for one in sets_of(made)]
    inside = [b - a for one in found for a, b in pairwise(one)]
    assert all(pause <= gap for pause in inside)
    ordered = sorted(times)
    assert len(inside) == sum(b - a <= gap for a, b in pairwise(ordered))


def test_frames_383_milliseconds_apart_are_one_burst_across_a_full_second():
    names = ["PXL_20231026_210642900.jpg", "PXL_20231026_210643283.jpg"]
    assert sets_of(grouped(names)) == [names]


def test_the_milliseconds_of_a_name_go_before_whole_seconds_of_exif():
    names = ["PXL_20231026_210642900.jpg", "PXL_20231026_210643283.jpg"]
    facts = {names[0]: PictureFacts(taken=0), names[1]: PictureFacts()}
    assert sets_of(grouped(names, facts)) == [names]


def test_pictures_20_seconds_apart_are_two():
    assert grouped(["20240101_000000.jpg", "20240101_000020.jpg"]).sets == []


def test_two_cameras_and_two_folders_are_never_one_burst():
    facts = {
        "a/1.jpg": PictureFacts(taken=0, camera="x"), "a/2.jpg": PictureFacts(taken=0, camera="y"),
        "b/3.jpg": PictureFacts(taken=0, camera="x"),
    }  # fmt: skip
    assert grouped(list(facts), facts).sets == []


def test_the_id_that_a_phone_keeps_in_xmp_makes_a_set():
    facts = {f"{i}.jpg": PictureFacts(job="b1", taken=i * 10**8) for i in range(3)}
    assert len(grouped(list(facts), facts).sets) == 1


def test_a_picture_without_any_time_is_told_so():
    assert alone_of(grouped(["x.jpg"])) == {"x.jpg": "no time in its EXIF and none in its name"}
