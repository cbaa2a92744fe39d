"""What the page of the first day asks for."""

import pytest

from prefml.review import create_app
from prefml.review.answers import DayReport

from .conftest import Client


class Day:
    def __init__(self):
        self.asked = 0

    def report(self):
        return DayReport("answering", 3, False, self.asked, ["3 answers."], "")

    def suggest(self):
        self.asked += 1


@pytest.fixture
def day():
    return Day()


@pytest.fixture
def served(workspace, day):
    app = create_app(workspace, day=day)
    yield Client(app)
    app.extensions["prefml"].close()


def test_the_page_is_told_what_goes_on(served):
    assert served.get("first_day") == {
        "phase": "answering", "until_model": 3, "can_suggest": False, "orders": 0,
        "words": ["3 answers."], "problem": "",
    }  # fmt: skip
    assert b'data-first-day="true"' in served.http.get("/", buffered=True).data


def test_suggestions_for_the_rest_are_asked_for_with_the_token_alone(served, day):
    assert served.post("suggest_rest")["orders"] == 1
    answer = served.http.post("/api/automation/suggest_rest")
    assert answer.status_code == 403
    assert served.send("suggest_rest", {"other": 1}).status_code == 400
    given = {"X-CSRF-Token": served.token}
    for body, kind, status in ((b"{}", "text/plain", 400), (b"[1]", "application/json", 400),
                               (b"", "text/plain", 200)):  # fmt: skip
        answer = served.http.post(
            "/api/automation/suggest_rest", data=body, content_type=kind, headers=given
        )
        assert answer.status_code == status, (body, kind)
    assert day.asked == 2


def test_in_a_review_alone_there_is_no_first_day(client):
    assert client.http.get("/api/automation/first_day").status_code == 404
    assert client.send("suggest_rest").status_code == 404
    assert b'data-first-day="true"' not in client.http.get("/", buffered=True).data
