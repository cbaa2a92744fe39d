"""What a review had not written out when it was killed."""

import pytest

from prefml.proposals import read_decided
from prefml.review.earlier import submit_earlier
from prefml.review.requests import Decide
from prefml.review.service import ReviewService
from prefml.workspace import Workspace

FIRST = "valley/g000"


@pytest.fixture
def killed(workspace):
    """A workspace whose review was killed with an answer that was not submitted."""
    service = ReviewService(workspace)
    service.decide(Decide(FIRST, "rejected"))
    service.close()
    return workspace


def test_answers_are_written_out_once(killed):
    assert FIRST not in read_decided(killed)
    submit_earlier(killed)
    assert read_decided(killed)[FIRST]["action"] == "rejected"
    path = killed.sandbox / "approved_decisions.jsonl"
    before = path.stat().st_ino
    submit_earlier(killed)
    assert path.stat().st_ino == before


def test_a_workspace_without_a_review_stays_as_it_is(tmp_path, workspace):
    (tmp_path / "bare").mkdir()
    submit_earlier(Workspace.open(tmp_path / "bare"))
    assert list((tmp_path / "bare").iterdir()) == []
    assert not (workspace.sandbox / "review.sqlite3").exists()
    submit_earlier(workspace)
    assert not (workspace.sandbox / "review.sqlite3").exists()
