import pytest

from prefml.proposals.corrections import name_of_set
from prefml.proposals.near_duplicates import is_near_duplicates, name_of_duplicates

MARK = {"near_duplicates": {"distance": [0, 2], "cosine": [1.0, 0.99]}}


@pytest.mark.parametrize("line", [MARK, {"suggestion": MARK}])
def test_a_question_and_its_answer_are_told_by_their_mark(line):
    assert is_near_duplicates(line)


@pytest.mark.parametrize("line", [{}, {"suggestion": None}, {"near_duplicates": True}])
def test_other_lines_are_about_sets(line):
    assert not is_near_duplicates(line)


def test_near_duplicates_have_another_name_than_a_set_of_the_same_pictures():
    names = ["a.png", "b.png"]
    name = name_of_duplicates("p", names)
    assert name != name_of_set("p", names)
    assert name.startswith("p_a_")
    assert name == name_of_duplicates("p", names) != name_of_duplicates("p", names[::-1])
