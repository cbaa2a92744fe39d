from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.stages import STAGES, form_sets, split_path, stage_of, timestamp_of

NAMES = {stage: name for name, stage in STAGES.items()}
START = datetime(2025, 7, 5, 21, 45, 20, tzinfo=UTC)


def picture(stage: float, seconds: int = 0) -> str:
    return f"{START + timedelta(seconds=seconds):%Y%m%d_%H%M%S}_{NAMES[stage]}.png"


def stages_of(pictures: list[float], gap: int = 83) -> tuple[list[list[float]], list[float]]:
    names = [picture(stage, index * gap) for index, stage in enumerate(pictures)]
    formed = form_sets(names)
    staged = [[stage_of(name) for name in members] for members in formed.sets]
    return staged, [stage_of(name) for name in formed.lone]


@pytest.mark.parametrize(("name", "stage"), STAGES.items())
def test_each_stage_is_read_from_its_name(name, stage):
    assert stage_of(f"training data/mojo1/20250705_214520_{name}.png") == stage


@pytest.mark.parametrize(
    "name",
    [
        "holiday.png",
        "stage1_generated.png",
        "20250705_214520.png",
        "20250705_214520_stage2_upscaled_v2.png",
        "20250705_214520_stage1x5_face_swapped.png",
        "x20250705_214520_stage2_upscaled.png",
        "20250705_214520_stage2_upscaled.png/other.png",
    ],
)
def test_other_names_have_no_stage(name):
    assert stage_of(name) is None


def test_a_stem_without_its_ending_keeps_its_stage():
    assert stage_of("20250705_214520_stage1.5_face_swapped") == 1.5


def test_the_time_in_a_name_is_utc():
    assert timestamp_of("crop/20250705_214520_stage2_upscaled.png") == START


def test_a_time_that_no_clock_shows_is_none():
    assert timestamp_of("20251399_256199_stage2_upscaled.png") is None


def test_windows_paths_are_split_too():
    assert split_path(r"C:\training data\mojo1\a.png") == ("C:/training data/mojo1", "a.png")


def test_a_set_waits_for_the_nearest_higher_stage():
    assert stages_of([1, 3, 2, 3]) == ([[1, 2, 3]], [3])


def test_equal_times_are_ordered_by_stage():
    assert stages_of([1, 3, 2, 3], gap=0)[0] == [[1, 2, 3]]


def test_equal_stages_never_join():
    assert stages_of([1, 1.5, 2, 2, 3]) == ([[1, 1.5, 2], [2, 3]], [])


def test_a_lower_stage_ends_a_set():
    assert stages_of([1, 2, 1, 3]) == ([[1, 2], [1, 3]], [])


def test_a_lone_image_forms_no_set():
    assert stages_of([2]) == ([], [2])


def test_no_gap_splits_a_set_unless_asked():
    names = [picture(1), picture(2, 86_400)]
    assert form_sets(names).sets == [tuple(names)]
    assert form_sets(names, max_gap=300).lone == names


def test_a_gap_is_measured_between_neighbours():
    names = [picture(1), picture(1.5, 200), picture(2, 400)]
    assert form_sets(names, max_gap=200).sets == [tuple(names)]


def test_names_without_a_stage_stay_alone_and_split_nothing():
    names = [picture(1), "20250705_214600.png", "portrait.png", picture(2, 83)]
    formed = form_sets(names)
    assert formed.sets == [(names[0], names[3])]
    assert formed.lone == ["20250705_214600.png", "portrait.png"]


names_of_pictures = st.lists(
    st.one_of(
        st.builds(picture, st.sampled_from(list(NAMES)), st.integers(0, 40)),
        st.sampled_from(["a.png", "20250705_214520.png"]),
    ),
    max_size=40,
)
gaps = st.one_of(st.none(), st.floats(1, 100))


@given(names_of_pictures, gaps)
def test_every_picture_stands_in_one_set_or_alone(names, gap):
    formed = form_sets(names, gap)
    together = [name for members in formed.sets for name in members]
    assert sorted(together + formed.lone) == sorted(names)


@given(names_of_pictures, gaps)
def test_stages_rise_strictly_inside_a_set(names, gap):
    for members in form_sets(names, gap).sets:
        stages = [stage_of(name) for name in members]
        assert len(members) > 1
        assert all(low < high for low, high in pairwise(stages))


@given(names_of_pictures, st.randoms(), gaps)
def test_the_order_in_which_names_are_given_does_not_matter(names, random, gap):
    shuffled = list(names)
    random.shuffle(shuffled)
    assert form_sets(shuffled, gap) == form_sets(names, gap)


def test_ten_thousand_pictures_take_no_quadratic_time():
    names = [picture(1), *(picture(3, second) for second in range(1, 20_000))]
    assert len(form_sets(names).sets) == 1
