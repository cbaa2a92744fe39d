from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.suggest.grouping.clock import SECOND, last_number, microseconds, time_in

moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))
FORMS = [
    "{:%Y%m%d_%H%M%S}_stage.png", "IMG_{:%Y%m%d_%H%M%S}_BURST001.jpg", "{:%Y-%m-%d_%H-%M-%S}_1234",
    "DALL·E {:%Y-%m-%d %H.%M.%S} - a fox", "ChatGPT Image {:%b %-d, %Y, %I_%M_%S %p}",
    "Screenshot {:%Y-%m-%d} at {0:%H.%M.%S}", "DSC_0001_BURST{:%Y%m%d%H%M%S}000.JPG",
    "{:%Y%m%d-%H%M%S}",
]  # fmt: skip


@given(when=moments, form=st.sampled_from(FORMS))
def test_every_form_gives_the_time_that_was_written(when, form):
    name = form.replace("{:%Y-%m-%d} at {0:", "{0:%Y-%m-%d} at {0:").format(when)
    assert time_in(name) == microseconds(when.replace(microsecond=0, tzinfo=UTC))


@given(when=moments)
def test_milliseconds_behind_the_seconds_count(when):
    thousandth = when.microsecond // 1000
    name = f"PXL_{when:%Y%m%d_%H%M%S}{thousandth:03}.jpg"
    whole = microseconds(when.replace(microsecond=0, tzinfo=UTC))
    assert time_in(name) == whole + thousandth * 1000


@pytest.mark.parametrize(
    "name", ["IMG_1234", "20251399_101010", "20250231_101010", "00001-20250101123", ""]
)  # fmt: skip
def test_what_no_clock_shows_is_no_time(name):
    assert time_in(name) is None


def test_a_time_counts_from_1970_in_utc():
    zone = timezone(timedelta(hours=2))
    assert microseconds(datetime(1970, 1, 1, 2, 0, 1, tzinfo=zone)) == SECOND


def test_the_last_number_counts_and_one_too_long_does_not():
    assert last_number("IMG_12-3") == 3
    assert last_number("9" * 19) is None
    assert last_number("none") is None
