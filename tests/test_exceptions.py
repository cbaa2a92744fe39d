import ast
import itertools
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prefml
from prefml import exceptions
from prefml.exceptions import PrefmlError, counted, visible
from prefml.files import is_storable

ERRORS = [getattr(exceptions, name) for name in exceptions.__all__]
texts = st.none() | st.text()


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_caught_as_one_of_the_family(error):
    with pytest.raises(PrefmlError, match=r"^found; expected this; run: that$"):
        raise error("found", "this", "that")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("no images",), "no images"),
        (("no images", "pictures"), "no images; expected pictures"),
        (("no images", None, "prefml sample"), "no images; run: prefml sample"),
        (("no images", "", ""), "no images"),
    ],
)
def test_a_message_leaves_out_what_is_not_given(parts, message):
    assert str(PrefmlError(*parts)) == message


@given(st.sampled_from(ERRORS), st.text(), texts, texts)
def test_an_error_survives_pickling_with_its_parts(error, found, expected, run):
    before = error(found, expected, run)
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is error
    assert (after.found, after.expected, after.run) == (found, expected, run)
    assert str(after) == str(before)


@pytest.mark.parametrize("error", [exceptions.BoxError, exceptions.NotEnoughDataError])
def test_errors_of_arrays_are_value_errors_as_in_scikit_learn(error):
    with pytest.raises(ValueError, match="too few"):
        raise error("too few")


def test_weights_that_cannot_be_fetched_are_an_encoder_that_cannot_be_used():
    with pytest.raises(exceptions.EncoderError):
        raise exceptions.WeightsUnavailableError("offline")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\u202egpj.png", "a\\u202egpj.png"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\x9b31m", "a\\u009b31m"),
        ("half \udc80", "half \\udc80"),
        ("a\u200bb", "a\\u200bb"),
        ("two\r\nlines\t", "two\\u000d\nlines\t"),
        ("\u05e9\u05dc\u05d5\u05dd zoe\u0308 \U0001f468\u200d\U0001f469", None),
    ],
)
def test_deceptive_characters_are_shown_as_codes(name, shown):
    assert visible(name) == (name if shown is None else shown)


@given(st.text())
def test_what_is_visible_stays_so(text):
    assert visible(visible(text)) == visible(text)
    assert is_storable(visible(text))


# Verbs and prepositions that end like a plural.
NO_NOUNS = {
    "as", "is", "has", "was", "this", "does", "its", "lies", "gives", "takes", "holds", "names",
    "means", "maps", "needs", "wants", "lacks", "stands", "looks", "leads", "exists", "stays",
    "puts", "sees", "states",
    "encodes", "mixes", "predicts", "measures", "writes", "belongs", "lists", "times",
    "pixels", "bits", "ms", "fields", "values", "megapixels", "s",
}  # fmt: skip
NOUN = re.compile(r" (?:more |latest |decided )?([a-z]+s)\b(?! (?:no|a|the)\b)")
WORDS = {"kind", "precision", "old.shape", "name"}
# Counted by arrays, which know nothing above them, or never one.
SEVERAL = {
    "prefml/ranking/risk.py", "prefml/ranking/validation.py", "prefml/sidecars/batches.py",
    "prefml/status/first_day.py", "prefml/review/regroups.py", "prefml/encoders/export.py",
    "prefml/suggest/first_day/questions.py", "prefml/suggest/grouping/by_likeness.py",
    "prefml/suggest/grouping/chains.py",
}  # fmt: skip
PACKAGE = Path(prefml.__file__).parent


def plurals_behind_numbers(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, after in itertools.pairwise(node.values):
            if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                word, number = NOUN.match(after.value), ast.unparse(value.value)
                constant = number.isupper()
                if word and not constant and word[1] not in NO_NOUNS and number not in WORDS:
                    yield f"{path.name}:{node.lineno}: {number}{after.value}"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_a_noun_behind_a_number_agrees_with_it(path):
    if path.relative_to(PACKAGE.parent).as_posix() not in SEVERAL:
        assert not list(plurals_behind_numbers(path)), "use prefml.exceptions.counted"


def test_one_is_singular_and_all_else_plural():
    assert [counted(n, "set") for n in (0, 1, 2)] == ["0 sets", "1 set", "2 sets"]
    assert counted(1, "reply", "replies") == "1 reply"
    assert counted(2, "reply", "replies") == "2 replies"
