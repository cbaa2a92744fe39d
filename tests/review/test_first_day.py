"""What the page of the first day asks for."""

import pytest

from prefml.review import create_app
from prefml.review.answers import DayReport
from prefml.review.turns import Turns

from .conftest import Client
from .fake_desk import FakeProgram, until


class Day:
    def __init__(self):
        self.asked, self.turns = 0, Turns()

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


def test_the_day_has_the_desk_with_its_guards_and_jobs_wait_for_its_work(workspace, day, tmp_path):
    program = FakeProgram(tmp_path / "program")
    app = create_app(workspace, day=day, program=program.words)
    client = Client(app)
    assert client.http.get("/desk").status_code == 200
    assert day.turns.take()
    refused = client.send("run_job", {"kind": "preview"})
    assert (refused.status_code, "first day's work" in refused.json["error"]) == (400, True)
    day.turns.give()
    assert client.send("run_job", {"kind": "preview"}, **{"X-CSRF-Token": "x"}).status_code == 403
    client.post("run_job", kind="preview")
    until(lambda: client.get("desk")["job"]["state"] == "done")
    assert program.calls == [["apply"]]
    app.extensions["prefml"].close()
