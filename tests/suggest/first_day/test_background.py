"""Work beside the answers, in processes of its own."""

import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import StoreUnavailableError
from prefml.suggest.first_day import background as module
from prefml.suggest.first_day.background import Background, Commands, is_due

FIRST = 10


class Answers:
    def __init__(self, count=0):
        self.made, self.exports, self.broken = count, 0, False

    def count(self):
        return self.made

    def unsubmitted(self):
        return self.made

    def export(self):
        if self.broken:
            raise StoreUnavailableError("the table was removed")
        self.exports += 1


def python(code):
    return [sys.executable, "-c", code]


class Steps:
    """Processes that note in a file that they ran."""

    def __init__(self, folder):
        self.path = folder / "steps"
        self.path.touch()

    def __call__(self, name, code="pass"):
        note = f"open({str(self.path)!r}, 'a').write({name + chr(10)!r})"
        return python(f"{note}; {code}")

    @property
    def ran(self):
        return self.path.read_text().split()

    def until(self, *names, count=1):
        """Wait until all were run; fail where that does not happen."""
        for _ in range(2000):
            if all(self.ran.count(name) >= count for name in names):
                return
            time.sleep(0.02)
        raise AssertionError(self.ran)


@pytest.fixture
def steps(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_TICK", 0.02)
    monkeypatch.setattr(module, "_AGAIN", 0.05)
    monkeypatch.setattr(module, "_EXPORT", 0.05)
    return Steps(tmp_path)


def commands(steps, **others):
    names = ("embed", "train", "order", "suggest")
    return Commands(**{name: steps(name) for name in names} | others)


def test_pictures_are_embedded_and_the_questions_ordered_before_any_answer(steps):
    with Background(commands(steps), Answers(), FIRST) as work:
        steps.until("embed", "order")
        while work.phase != "answering":
            time.sleep(0.01)
    assert steps.ran == ["embed", "order"]
    assert (work.orders, work.problem, work.learned) == (1, "", 0)


def test_ten_answers_are_exported_and_trained_on_and_the_questions_ordered_anew(steps):
    answers = Answers()
    with Background(commands(steps), answers, FIRST) as work:
        steps.until("order")
        answers.made = 10
        steps.until("train")
        steps.until("order", count=2)
        assert answers.exports > 0
        while work.learned != 10:
            time.sleep(0.01)
    assert steps.ran[:4] == ["embed", "order", "train", "order"]


def test_what_fails_is_told_and_tried_again(steps, tmp_path):
    flag = tmp_path / "flag"
    code = (
        f"import os, sys; there = os.path.exists({str(flag)!r}); "
        "sys.exit(0 if there else 'Error: another prefml embed is at work')"
    )
    with Background(commands(steps, embed=steps("embed", code)), Answers(), FIRST) as work:
        while work.problem != "another prefml embed is at work":
            time.sleep(0.01)
        assert work.phase == "embedding"
        flag.touch()
        steps.until("order")
        assert work.problem == ""


def test_answers_out_of_reach_are_told_and_the_work_goes_on(steps):
    answers = Answers(3)
    answers.broken = True
    with Background(commands(steps), answers, FIRST) as work:
        while "was removed" not in work.problem:
            time.sleep(0.01)
        answers.broken = False
        while not answers.exports:
            time.sleep(0.01)


def test_suggestions_are_made_when_asked_for_once_there_is_a_model(steps):
    answers = Answers(12)
    with Background(commands(steps), answers, FIRST, learned=12) as work:
        steps.until("order")
        assert "suggest" not in steps.ran
        before = work.orders
        work.suggest()
        steps.until("suggest")
        while work.orders == before:
            time.sleep(0.01)
    assert "train" not in steps.ran


def test_leaving_ends_the_process_that_is_at_work(steps):
    slow = commands(steps, embed=steps("embed", "import time; time.sleep(600)"))
    with Background(slow, Answers(), FIRST):
        steps.until("embed")
    assert steps.ran == ["embed"]
    assert not [one for one in threading.enumerate() if one.name.startswith("prefml")]


answers, seconds = st.integers(0, 500), st.floats(0, 1e4)


@given(answers, answers, seconds, seconds)
def test_training_waits_for_the_first_answers_and_takes_a_small_part_of_the_time(
    answered, learned, since, took
):
    if not is_due(answered, learned, FIRST, since, took):
        return
    assert answered >= FIRST
    if learned:
        assert answered > learned
        assert took <= 0.2 * (since + took) + 1e-6


def test_the_first_training_comes_with_the_tenth_answer():
    assert not is_due(9, 0, FIRST, 1e9, 0)
    assert is_due(10, 0, FIRST, 0, 0)


@given(answers, answers)
def test_with_answers_and_time_enough_it_is_due(answered, learned):
    enough = answered >= FIRST and answered >= 1.2 * learned + 5
    assert is_due(answered, learned, FIRST, 1e9, 1) or not enough


class OneTurn:
    """Turns that come when the test says so."""

    def __init__(self):
        self.free, self.taken = threading.Event(), 0

    def take(self):
        if self.free.is_set():
            self.taken += 1
        return self.free.is_set()

    def give(self):
        self.taken -= 1


def test_each_process_waits_for_its_turn_and_gives_it_back(steps):
    turns = OneTurn()
    with Background(commands(steps), Answers(), FIRST, turns=turns):
        time.sleep(1.2)
        assert steps.ran == []
        turns.free.set()
        steps.until("embed", "order")
    assert turns.taken == 0


def test_a_day_that_ends_waits_for_no_turn(steps):
    with Background(commands(steps), Answers(), FIRST, turns=OneTurn()):
        pass
    assert steps.ran == []
