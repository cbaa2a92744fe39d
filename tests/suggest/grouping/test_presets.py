import pytest

from prefml.exceptions import ConfigError
from prefml.suggest.grouping.presets import PRESETS, chosen_presets, place_name

JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("stem", "name", "key"),
    [
        ("IMG_20231014_183246_BURST001_COVER", "huawei", "img_20231014_183246"),
        ("DSC_0001_BURST20230709220904977_COVER", "xperia", "burst20230709220904977"),
        ("00001IMG_00001_BURST20171111030039", "nexus", "burst20171111030039"),
        ("20231207_101605_031", "samsung", "20231207_101605"),
        ("PXL_20230330_184138390.MOTION-01.COVER", "pixel", ""),
        (f"anna_a_red_fox_{JOB}_3", "midjourney", JOB),
        ("DALL·E 2024-12-09 10.39.49 - A red fox", "dalle", "a red fox"),
        ("ChatGPT Image Apr 27, 2025, 09_10_29 PM", "chatgpt", ""),
        ("2024-03-05_11-22-33_4821", "fooocus", ""),
        ("00001-1234567890-a red fox", "a1111", "a red fox"),
    ],
)
def test_the_names_of_each_source_are_read(stem, name, key):
    place = place_name(stem)
    assert (place.preset.name, place.set) == (name, key)


@pytest.mark.parametrize("stem", ["IMG_1234", "PXL_20239930_184138390", "", "20231207_101605"])
def test_other_names_are_read_by_none(stem):
    assert place_name(stem) is None


def test_one_preset_is_chosen_by_its_name_and_all_without():
    assert [preset.name for preset in chosen_presets("pixel")] == ["pixel"]
    assert chosen_presets("") == PRESETS
    assert chosen_presets("suffix") == ()


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="midjourney"):
        chosen_presets("kodak")


def test_every_preset_says_where_its_form_was_read():
    assert all(preset.read_in for preset in PRESETS)
