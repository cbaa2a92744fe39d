import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml import exceptions
from prefml.exceptions import PrefmlError

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
