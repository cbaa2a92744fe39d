from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.documents import (
    as_mapping,
    as_paths,
    as_text,
    is_path,
    parse_json,
    resolve_choice,
)
from prefml.decisions.quarantine import RowRefusedError

# Text that a file can hold: no half of a surrogate pair, no NUL.
storable = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | storable,
    lambda inner: st.lists(inner) | st.dictionaries(storable, inner),
    max_leaves=8,
)


def refused(call, *arguments):
    with pytest.raises(RowRefusedError) as caught:
        call(*arguments)
    return caught.value.refusal


@given(plain, st.booleans())
def test_what_json_holds_is_read_back_whichever_way_it_is_written(document, ascii_only):
    # Six characters that spell an escaped NUL are refused with it, so they are left out here.
    text = json.dumps(document, ensure_ascii=ascii_only)
    if "\\u0000" not in text:
        assert parse_json(text.encode()) == document


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused_as_unreadable(raw):
    try:
        parse_json(raw)
    except RowRefusedError as error:
        assert error.refusal.reason == "unreadable_row"  # noqa: PT017


def test_a_byte_order_mark_is_no_part_of_the_document():
    assert parse_json(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    "raw", [rb'"\ud800"', rb'{"\u0000": 1}', rb'["a", {"b": "\udfff"}]'], ids=repr
)
def test_escapes_of_what_no_file_can_hold_are_refused_at_any_depth(raw):
    refusal = refused(parse_json, raw)
    assert refusal == ("unreadable_row", "text with half a character or a NUL")


@pytest.mark.parametrize("raw", [b"[" * 100_000, b"{", b"", b"\xff"], ids=["deep", "{", "", "ff"])
def test_what_is_no_json_is_refused_with_the_cause(raw):
    refusal = refused(parse_json, raw)
    assert refusal.reason == "unreadable_row"
    assert refusal.detail.startswith("not JSON: ")


@given(plain)
def test_only_an_object_is_a_mapping_and_all_else_is_empty(value):
    assert as_mapping(value) == (value if isinstance(value, dict) else {})


@pytest.mark.parametrize(("value", "text"), [("g", "g"), (7, "7"), (-1, "-1"), (0, "0")])
def test_a_key_is_text_or_a_whole_number(value, text):
    assert as_text(value, "group_id") == text


@pytest.mark.parametrize("value", [None, "", True, False, 1.0, [], {}, ["g"]])
def test_a_key_of_another_type_is_refused_with_its_name(value):
    assert refused(as_text, value, "group_id") == ("wrong_fields", f"group_id is {value!r}")


@pytest.mark.parametrize("value", ["a.png", "x/a.png", r"x\a.png", "/a", " a"])
def test_a_path_names_a_file(value):
    assert is_path(value)


@pytest.mark.parametrize("value", ["", "x/", "x/ ", "\\", "a\0", "\ud800", None, 7, ["a.png"]])
def test_what_names_no_file_is_no_path(value):
    assert not is_path(value)


def test_images_are_a_list_of_paths():
    assert as_paths(["b.png", "x/a.png"]) == ["b.png", "x/a.png"]
    assert as_paths([]) == []


@pytest.mark.parametrize("value", [None, "a.png", {"a.png": 1}, ["a.png", None], [""], [["a"]]])
def test_images_of_another_type_are_refused(value):
    assert refused(as_paths, value) == ("unreadable_list", f"images are {value!r}")


PATHS = ["x/a.png", "x/b.png", "y/b.png"]


@pytest.mark.parametrize(
    ("named", "index", "path"),
    [
        ("x/b.png", None, "x/b.png"),
        ("a.png", None, "x/a.png"),
        (2, None, "y/b.png"),
        (None, 2, "y/b.png"),
        (None, 0, "x/a.png"),
        ("x/a.png", 2, "x/a.png"),
    ],
    ids=["path", "file name", "position", "index", "index 0", "the name goes before the index"],
)
def test_a_choice_is_named_by_path_file_name_or_position(named, index, path):
    assert resolve_choice(named, index, PATHS) == path


@pytest.mark.parametrize(
    ("named", "index"),
    [("b.png", None), ("c.png", 0), (3, None), (-1, None), (True, None), (None, True), (None, 3)],
)
def test_a_choice_that_is_none_of_the_images_or_two_of_them_is_refused(named, index):
    wanted = index if named is None else named
    assert refused(resolve_choice, named, index, PATHS) == (
        "winner_not_in_set",
        f"chosen {wanted!r}",
    )


def test_without_a_name_and_an_index_no_image_is_chosen():
    assert refused(resolve_choice, None, None, PATHS) == ("no_image", "no image is chosen")


@given(st.lists(st.sampled_from("abcd").map("x/{}.png".format), min_size=1), st.data())
def test_a_path_of_the_set_is_resolved_to_itself(paths, data):
    path = data.draw(st.sampled_from(paths))
    assert resolve_choice(path, None, paths) == path
