import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.proposals.fields import as_list, as_mapping, index_of, read_share

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(values)
def test_a_field_of_another_kind_is_read_as_an_empty_one(value):
    assert as_mapping(value) == (value if isinstance(value, dict) else {})
    assert as_list(value) == (value if isinstance(value, list) else [])


@given(values)
def test_a_share_is_a_number_between_nought_and_one_or_nothing(value):
    found = read_share(value)
    assert found is None or 0 <= found <= 1
    assert (found is not None) == (type(value) in (int, float) and 0 <= value <= 1)


@pytest.mark.parametrize("value", [True, "0.5", 10**400, -(10**400), float("nan"), None])
def test_what_is_no_probability_is_none(value):
    assert read_share(value) is None


@pytest.mark.parametrize(
    ("choice", "index"),
    [
        ("new/a.png", 0),
        ("b.png", 1),
        ("elsewhere/b.png", 1),
        (1, 1),
        (2, None),
        (-1, None),
        (True, None),
        (None, None),
        ("c.png", None),
        (["new/a.png"], None),
    ],
)
def test_a_choice_is_a_path_a_name_or_a_position(choice, index):
    assert index_of(choice, ["new/a.png", "new/b.png"]) == index


def test_a_name_that_two_images_share_names_neither():
    assert index_of("a.png", ["x/a.png", "y/a.png"]) is None
