from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.decisions.set_rule import RULES, SetRule, compile_expression, set_rule
from prefml.decisions.stages import STAGES, stage_of
from prefml.exceptions import ConfigError
from prefml.workspace import Config

WORDED = r"(?P<set>\w+)_(?P<stage>[a-z0-9.]+)"


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_described_by_its_name(name):
    assert set_rule(Config(rule=name, table="sets.csv")).name == name


def test_an_option_goes_before_the_configuration_and_none_changes_nothing():
    config = Config(rule="folder", most=5, max_gap=3.0)
    assert set_rule(config, name="burst", most=None, max_gap=None) == SetRule(
        "burst", max_gap=3.0, most=5
    )


def test_without_anything_stated_it_is_auto_with_twelve_at_most():
    assert set_rule(Config()) == SetRule("auto", most=12)


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"expression": WORDED}, "name"),
        ({"preset": "pixel"}, "name"),
        ({"table": "t.csv"}, "table"),
    ],
)
def test_a_setting_of_one_rule_alone_means_that_rule(setting, name):
    assert set_rule(Config(**setting)).name == name


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rule": "stacks"}, "one of auto"),
        ({"most": 1}, "two pictures"),
        ({"stages": ("a", "a")}, "different words"),
        ({"cosine": 1.5}, "at most 1"),
        ({"rule": "table"}, "--table"),
        ({"expression": "("}, "regular expression"),
        ({"expression": r"(\w+)_x"}, "group set"),
        ({"expression": r"(?P<set>a)(?P<seed>b)"}, "group seed"),
    ],
)
def test_a_rule_that_cannot_be_used_is_one_clear_error(settings, words):
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        set_rule(Config(**settings))


@given(st.text(max_size=20))
def test_no_expression_raises_anything_else(text):
    with suppress(ConfigError):
        assert "set" in compile_expression(text).groupindex


@pytest.mark.parametrize("word", STAGES)
def test_known_stage_words_keep_their_numbers(word):
    name = f"20250101_000000_{word}.png"
    assert SetRule().stage(name) == SetRule("stages").stage(name) == stage_of(name)
    some = tuple(STAGES)[1:]
    assert SetRule("stages", stages=some).stage(name) == (STAGES[word] if word in some else None)


def test_other_words_are_numbered_in_their_order():
    rule = SetRule("stages", stages=("draft", "done"))
    assert rule.stage("x/20250101_000000_done.png") == 2.0
    assert rule.stage("20250101_000000_stage1_generated.png") is None


def test_known_words_in_another_order_are_numbered_in_it():
    words = ("stage3_enhanced", "stage1_generated")
    assert SetRule("stages", stages=words).stage_numbers == dict(
        zip(words, (1.0, 2.0), strict=True)
    )


@pytest.mark.parametrize("name", ["folder", "metadata", "burst", "similar", "table", "name"])
def test_a_rule_without_stages_reads_none(name):
    assert SetRule(name).stage("20250101_000000_stage1_generated.png") is None


def test_the_stage_of_an_expression_is_its_place_or_its_number():
    rule = SetRule("name", expression=WORDED)
    assert rule.stage("a_1.5.png") == 1.5
    assert rule.stage("a_ink.png") is None
    assert rule.stage("ä-.png") is None
    assert SetRule("name", ("pen", "ink"), WORDED).stage("p/a_ink.png") == 2.0
    assert SetRule("name", ("pen", "ink"), WORDED).stage("a_oil.png") is None


def test_a_name_fits_an_expression_as_a_whole_with_or_without_its_ending():
    rule = SetRule("name", expression=r"(?P<set>a)(?:\.png)?")
    assert rule.match("x/a.png")
    assert not rule.match("ab.png")
    assert SetRule("folder", expression=r"(?P<set>a)").match("a.png") is None
