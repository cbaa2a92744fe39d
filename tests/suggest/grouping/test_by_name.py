import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.exceptions import ConfigError
from prefml.suggest.grouping.by_name import group_by_name

from .pictures import alone_of, picture, pictures, sets_of

JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
WORDS = r"(?P<set>\w+)_(?P<stage>draft|final)"


def grouped(*names, **settings):
    return group_by_name(pictures(*names), SetRule(name="name", **settings))


def test_the_stem_before_a_suffix_makes_a_set():
    made = grouped("IMG_1.jpg", "IMG_1-Edit.tif", "edited/IMG_1_4x.png", "IMG_2.jpg")
    assert sets_of(made) == [["IMG_1-Edit.tif", "IMG_1.jpg", "edited/IMG_1_4x.png"]]
    assert alone_of(made) == {"IMG_2.jpg": "no other picture has a name of the same set"}


def test_an_edit_of_a_known_source_stays_with_its_original():
    names = ["PXL_20230330_184138390.jpg", "PXL_20230330_184138390-Edit.tif"]
    assert len(sets_of(grouped(*names))) == 1


def test_a_job_makes_a_set_whatever_its_prompt():
    names = [f"anna_fox_{JOB}_{i}.png" for i in range(4)]
    assert sets_of(grouped(*names)) == [names]


def test_consecutive_seeds_make_a_set_and_lost_ones_do_not_part_it():
    names = ["00001-500.png", "00002-501.png", "00004-503.png", "00005-9000.png"]
    assert sets_of(grouped(*names)) == [names[:3]]


def test_times_are_parted_by_their_own_pauses_or_by_the_stated_one():
    names = [f"ChatGPT Image Apr 27, 2025, 09_{minute:02}_{second:02} PM.png"
             for minute, second in ((1, 0), (1, 40), (2, 10), (30, 0), (30, 20))]  # fmt: skip
    assert [len(one) for one in sets_of(grouped(*names))] == [3, 2]
    assert [len(one) for one in sets_of(grouped(*names, max_gap=35.0))] == [2, 2]


def test_prompts_in_names_tell_sets_where_they_are_shared():
    same = [f"DALL·E 2024-12-09 10.39.{second} - {prompt}.png"
            for second, prompt in ((10, "fox"), (12, "fox"), (14, "owl"), (15, "owl"))]  # fmt: skip
    assert [len(one) for one in sets_of(grouped(*same))] == [2, 2]
    each = [f"DALL·E 2024-12-09 10.39.{second} - {second} owls.png" for second in (10, 12, 14)]
    assert [len(one) for one in sets_of(grouped(*each))] == [3]


def test_pictures_of_one_second_are_the_nearest():
    names = [f"ChatGPT Image Apr 27, 2025, 09_{minute:02}_00 PM{copy}.png"
             for minute in (1, 2, 5) for copy in ("", " (1)")]  # fmt: skip
    assert [len(one) for one in sets_of(grouped(*names))] == [2, 2, 2]


def test_a_preset_leaves_names_of_other_sources_alone():
    made = grouped(f"a_{JOB}_0.png", f"a_{JOB}_1.png", "IMG_1.jpg", "IMG_1-Edit.jpg",
                   preset="midjourney")  # fmt: skip
    assert len(made.sets) == 1
    assert set(alone_of(made).values()) == {"its name is none of midjourney"}
    with pytest.raises(ConfigError, match="preset"):
        grouped("a.png", preset="kodak")


def test_an_expression_groups_by_its_set_and_orders_by_its_stage():
    made = grouped("a_final.png", "b_draft.png", "a_draft.png", "odd.png", "b_final.png",
                   expression=WORDS, stages=("draft", "final"))  # fmt: skip
    assert sorted(sets_of(made)) == [
        ["a_draft.png", "a_final.png"], ["b_draft.png", "b_final.png"],
    ]  # fmt: skip
    assert alone_of(made) == {"odd.png": "its name does not fit the expression"}


def test_the_time_of_an_expression_is_held_against_the_gap_exactly():
    form = r"(?P<set>[a-z]+)-(?P<time>\d{8}_\d{6})"
    names = [
        "a-20250101_000000.png",
        "a-20250101_000130.png",
        "a-never.png",
        "a-20259999_000000.png",
    ]
    assert len(grouped(*names, expression=form, max_gap=90.0).sets) == 1
    made = grouped(*names, expression=form, max_gap=89.0)
    assert len(made.sets) == 0
    assert alone_of(made)["a-20259999_000000.png"] == "no time can be read from its name"


@given(names=st.lists(st.sampled_from(["a", "a-Edit", "a_4x", "b", "b (1)"]), unique=True))
def test_two_projects_never_share_a_set(names):
    files = [picture(f"{name}.png", project) for name in names for project in ("p", "q")]
    made = group_by_name(files, SetRule(name="name"))
    assert all(len({image.project for image in one.images}) == 1 for one in made.sets)
