"""Turns of the desk's jobs and of a first day's work: never both."""

import pytest

from prefml.exceptions import LogError
from prefml.review.turns import Turns


def test_a_job_is_refused_while_the_other_work_goes_on_and_not_afterwards():
    turns = Turns()
    assert turns.take()
    with pytest.raises(LogError, match="first day's work"), turns.of_job():
        pass
    turns.give()
    with turns.of_job():
        pass


def test_the_other_work_waits_while_a_job_is_at_work():
    turns, running = Turns(), [True]
    turns.watch(lambda: running[0])
    assert not turns.take()
    running[0] = False
    assert turns.take()


def test_a_job_that_could_not_begin_gives_its_turn_back():
    turns = Turns()
    with pytest.raises(LogError, match="no such"), turns.of_job():
        raise LogError("no such")
    assert turns.take()
