from datetime import UTC, datetime, timedelta, timezone

from prefml.review.pace import seconds_per_set

NOON = datetime(2025, 7, 5, 12, tzinfo=UTC)


def times(*seconds, start=NOON):
    return [start + timedelta(seconds=s) for s in seconds]


def test_the_pace_is_the_mean_time_between_decisions():
    assert seconds_per_set(times(0, 2, 6), NOON) == 3


def test_breaks_and_a_clock_set_back_do_not_count():
    assert seconds_per_set(times(0, 2, 3602, 3604, 3500, 3502), NOON) == 2


def test_yesterday_does_not_count():
    yesterday = times(0, 50, start=NOON - timedelta(days=1))
    assert seconds_per_set([*yesterday, *times(0, 4)], NOON) == 4


def test_today_is_the_day_of_the_person():
    night = datetime(2025, 7, 5, 23, tzinfo=UTC)
    here = night.astimezone(timezone(timedelta(hours=2)))
    assert seconds_per_set([night, night + timedelta(seconds=5)], here) == 5
    assert seconds_per_set([NOON, NOON + timedelta(seconds=5)], here) is None


def test_one_decision_is_no_pace():
    assert seconds_per_set(times(0), NOON) is None
    assert seconds_per_set([], NOON) is None
