import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.suggest.grouping.proposals import propose_order, read_words


def timed(words):
    return [f"20250101_{i // 60:04}{i % 60:02}_{word}" for i, word in enumerate(words)]


@given(order=st.permutations(["draft", "refined", "final_render", "b2"]), sets=st.integers(4, 12))
def test_the_order_of_words_is_that_in_which_they_follow(order, sets):
    found = read_words(timed(order * sets))
    assert found.timed
    assert propose_order(found) == tuple(order)


def test_words_with_numbers_that_nothing_orders_go_by_the_numbers():
    found = read_words(timed(["step10", "step10", "step2", "step2"]))
    assert set(found.words) == {"step2", "step10"}
    assert found.words == ["step2", "step10"]


def test_words_of_several_parts_are_read_behind_a_number():
    found = read_words([f"scene{i:02}_{word}" for i in range(9) for word in ("face_swap", "ink_1")])
    assert (found.words, found.shared, found.timed) == (["face_swap", "ink_1"], 18, False)


def test_a_stem_alone_belongs_to_its_words():
    found = read_words([name for i in range(9) for name in (f"s{i}", f"s{i}_lit")])
    assert (found.words, found.shared) == (["lit"], 18)


@pytest.mark.parametrize(
    "stems", [[], ["a"], [f"IMG_{i}" for i in range(20)], ["x_a", "y_b", "z_c", "w_d"]]
)
def test_names_that_end_in_no_few_words_propose_nothing(stems):
    assert read_words(stems) is None
