import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.suggest.grouping.suffixes import by_product, families

stems = st.from_regex(r"[A-Za-z]{3,8}[0-9]{3,5}", fullmatch=True)
SUFFIXES = ["-Edit", "-Edit-2", "_upscaled", "_4x", "-2x", "_x2", "_v2", " copy", " (1)", "(2)",
            "-Enhanced-NR", "_upscayl_4x_realesrgan-x4plus", "-topaz-denoise", " - Copy",
            "-edited", "~2"]  # fmt: skip


@given(stem=stems, suffix=st.sampled_from(SUFFIXES), more=st.sampled_from(["", *SUFFIXES]))
def test_what_editors_and_upscalers_append_is_stripped(stem, suffix, more):
    name = f"{stem}{suffix}{more}"
    assert families([stem, name])[name] == stem.lower()


@given(stem=stems)
def test_a_name_without_suffix_is_its_own_stem(stem):
    assert families([stem])[stem] == stem.lower()


@pytest.mark.parametrize(
    "tail",
    ["-standard-scale-4_00x-gigapixel", "_[L1][x2.00]", "_waifu2x_photo_noise1", "@2x", "_x4plus",
     "-4x-UltraSharp"],
)  # fmt: skip
def test_what_an_upscaler_was_given_is_known_where_it_is_there(tail):
    assert families(["castle", f"castle{tail}"])[f"castle{tail}"] == "castle"


def test_a_longer_name_without_an_upscaler_in_it_is_another_picture():
    assert families(["castle", "castle_gate"])["castle_gate"] == "castle_gate"
    assert families(["castle", "castle_box24x"])["castle_box24x"] == "castle_box24x"


def test_composed_and_decomposed_letters_are_one_name():
    found = families(["Bäume", "Ba\u0308ume-Edit"])
    assert len(set(found.values())) == 1


def test_a_bare_number_is_a_suffix_only_beside_its_stem():
    assert families(["a-2", "a-3"]) == {"a-2": "a-2", "a-3": "a-3"}
    assert families(["a", "a-2"])["a-2"] == "a"
    assert families(["a-Edit", "a-2"])["a-2"] == "a"


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("00012-77-before-face-restoration", "a picture before a later step"),
        ("00012-77-mask", "a mask"),
        ("00012-77-mask-composite", "a mask"),
        ("grid-0003", "a grid"),
        ("xyz_grid-0001-5", "a grid"),
        ("ComfyUI_temp_abcde_00001_", "a preview"),
        ("anna_fox_0f8fad5b-d9cb-469f-a165-70867728950e", "a grid or an upscale"),
        ("mask of zorro", ""),
        ("unmasked", ""),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", ""),
    ],
)
def test_by_products_are_told_by_name(stem, words):
    assert by_product(stem) == words


def test_all_in_a_folder_of_grids_is_a_grid():
    assert by_product("00001", "new/p/txt2img-grids") == "a grid"
