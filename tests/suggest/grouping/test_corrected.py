import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import SetRule
from prefml.suggest.grouping import FormedSet, Grouping, Lone, form_groups
from prefml.suggest.grouping.corrected import hold_to_corrections, score_rule
from prefml.suggest.grouping.outcome import RuleScore

from .pictures import alone_of, picture, pictures, sets_of, sources

A, B, C, D = pictures("a.png", "b.png", "c.png", "d.png")
MADE = Grouping([FormedSet("p", (A, B, C), "name", "why")], [Lone(D, "x")])


def keys(*images):
    return [image.key for image in images]


def test_a_split_set_is_two_and_one_that_was_set_apart_is_alone():
    found = hold_to_corrections(MADE, [keys(A), keys(C, B)])
    assert [(one.images, one.rule) for one in found.sets] == [((C, B), "corrected")]
    assert alone_of(found) == {"a.png": "set apart in the review", "d.png": "x"}


def test_a_moved_picture_leaves_the_others_of_its_set_together():
    found = hold_to_corrections(MADE, [keys(A, D)])
    assert [(one.images, one.rule, one.doubt) for one in found.sets] == [
        ((A, D), "corrected", ""), ((B, C), "name", "why"),
    ]  # fmt: skip


def test_what_remains_of_a_set_says_why_it_is_alone():
    found = hold_to_corrections(MADE, [keys(A, B, picture("gone.png")), [D.key, ("p", "lost")]])
    assert sets_of(found) == [["a.png", "b.png"]]
    assert alone_of(found) == {
        "c.png": "the rest of its set was put into others in the review",
        "d.png": "no other picture of its corrected set is there",
    }


def test_a_person_may_form_a_set_that_is_larger_than_the_most():
    many = pictures(*(f"{i:02}.png" for i in range(20)))
    made = form_groups(many, SetRule("folder", most=3), sources())
    (found,) = hold_to_corrections(made, [keys(*many)]).sets
    assert len(found.images) == 20


def test_without_corrections_nothing_changes():
    assert hold_to_corrections(MADE, []) is MADE


names = [f"{letter}{number}.png" for letter in "abc" for number in range(5)]
images = [picture(name, project) for project in "pq" for name in names]


@st.composite
def corrections(draw):
    found = {}
    for image in draw(st.lists(st.sampled_from(images), unique_by=lambda one: one.key)):
        found.setdefault((image.project, draw(st.integers(0, 3))), []).append(image.key)
    return list(found.values())


@given(st.lists(st.sampled_from(images), unique_by=lambda one: one.key), corrections(),
       st.sampled_from(["folder", "name"]), st.randoms())  # fmt: skip
def test_every_picture_is_in_one_set_or_alone_projects_never_mix_and_order_is_of_no_matter(
    there, corrected, rule, rng
):
    found = hold_to_corrections(form_groups(there, SetRule(rule), sources()), corrected)
    flat = [image.key for one in found.sets for image in one.images]
    flat += [lone.image.key for lone in found.alone]
    assert sorted(flat) == sorted(keys(*there))
    assert all({image.project for image in one.images} == {one.project} for one in found.sets)
    whole = {frozenset(image.key for image in one.images) for one in found.sets}
    for members in corrected:
        left = [key for key in members if key in set(flat)]
        assert len(left) < 2 or frozenset(left) in whole
    shuffled = rng.sample(there, len(there))
    again = form_groups(shuffled, SetRule(rule), sources())
    assert hold_to_corrections(again, corrected) == found


def test_pairs_are_counted_among_the_corrected_pictures_alone():
    made = Grouping([FormedSet("p", (A, B, C, D), "name")])
    score = score_rule("name", made, [keys(A, B), keys(C)])
    assert (score.found, score.right, score.true) == (3, 1, 1)
    assert (score.precision, score.recall) == (pytest.approx(1 / 3), 1)


def test_a_rule_that_finds_no_pair_has_no_precision():
    score = score_rule("name", Grouping(alone=[Lone(A, "x"), Lone(B, "x")]), [keys(A, B)])
    assert (score.precision, score.recall) == (None, 0)


def test_a_rule_that_cannot_be_measured_has_neither():
    score = score_rule("table", Grouping(), [keys(A, B)], "no table")
    assert score == RuleScore("table", true=1, problem="no table")
    assert (score.precision, score.recall) == (None, None)
