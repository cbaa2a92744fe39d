import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.workspace.progress import VARIABLE, Progress, read_progress, report_part, reported


@pytest.fixture
def told(tmp_path, monkeypatch):
    path = tmp_path / "jobs" / "progress.json"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_without_being_asked_nothing_is_told(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    items = [1, 2]
    assert reported(items, 2, "embedding") is items
    report_part("train")


def test_before_the_first_note_there_is_none(told):
    assert read_progress(told) is None


def test_a_part_is_told_by_its_name(told):
    report_part("train: ranker")
    assert read_progress(told) == Progress("train: ranker")


@given(count=st.integers(0, 30))
def test_in_the_end_all_items_are_through(tmp_path_factory, count):
    path = tmp_path_factory.mktemp("told") / "progress.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(path))
        assert list(reported(iter(range(count)), count, "sets")) == list(range(count))
    assert read_progress(path) == Progress("sets", count, count)


def test_in_between_those_that_are_through_are_told(told):
    items = iter(reported("abc", 3, "sets"))
    next(items)
    assert read_progress(told) == Progress("sets", 0, 3)


def test_a_command_does_not_fail_for_want_of_telling(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "progress.json"))
    assert list(reported("ab", 2, "sets")) == ["a", "b"]


def test_what_is_no_note_tells_nothing(told):
    told.parent.mkdir()
    told.write_text("{")
    assert read_progress(told) is None
