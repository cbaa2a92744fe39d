"""What the desk answers, and what other pages and made-up requests can have it do: nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.review import create_app
from prefml.review.security import HEADERS

from .conftest import Client
from .fake_desk import FakeProgram, until
from .test_api_fuzz import bounded, json_values
from .test_look import STATUS

PATHS = ("run_job", "stop_job")


@pytest.fixture
def program(tmp_path):
    made = FakeProgram(tmp_path / "program")
    made.answers("status", STATUS)
    return made


@pytest.fixture
def served(workspace, program):
    app = create_app(workspace, program=program.words)
    client = Client(app)
    yield client
    client.send("stop_job", {})
    app.extensions["prefml"].close()


def done(client):
    return until(lambda: (job := client.get("desk")["job"]) and job["state"] != "running" and job)


def test_a_job_is_begun_watched_and_done(served, program):
    program.answers("suggest", {"sets": 2})
    begun = served.post("run_job", kind="suggest")
    assert begun["job"]["kind"] == "suggest"
    job = done(served)
    assert (job["state"], job["commands"]) == ("done", ["prefml suggest"])
    assert job["result"]["words"][0].startswith("Suggested for 2 sets")


def test_a_second_job_is_refused_while_one_is_at_work_and_after_a_stop_it_is_not(served, program):
    program.is_slow("suggest")
    served.post("run_job", kind="suggest")
    answer = served.send("run_job", {"kind": "train"})
    assert (answer.status_code, "another job" in answer.json["error"]) == (400, True)
    assert served.post("stop_job")["job"]["state"] == "stopped"
    assert served.post("run_job", kind="preview")["job"]["kind"] == "preview"


def test_a_plan_is_applied_by_its_hash_alone(served, program):
    for body in ({"kind": "apply"}, {"kind": "apply", "plan": None}, {"kind": "apply", "plan": "x"},
                 {"kind": "preview", "plan": "a" * 64}):  # fmt: skip
        assert served.send("run_job", body).status_code == 400
    assert program.calls == []
    served.post("run_job", kind="apply", plan="a" * 64)
    done(served)
    assert program.calls == [["apply", "--execute", "--plan", "a" * 64]]


def test_the_page_is_served_with_the_guards_and_without_inline_script(served):
    answer = served.http.get("/desk")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    text = answer.get_data(as_text=True)
    assert served.token in text
    assert "<style" not in text
    assert " style=" not in text
    assert "http" not in text
    assert 'href="/desk"' in served.http.get("/").get_data(as_text=True)


def test_without_a_program_there_is_no_desk(client):
    assert client.http.get("/desk").status_code == 404
    assert client.http.get("/api/automation/desk").status_code == 404
    for path in PATHS:
        assert (
            client.send(path, {"kind": "suggest"} if path == "run_job" else {}).status_code == 404
        )
    assert 'href="/desk"' not in client.http.get("/").get_data(as_text=True)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [{"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}, {"Origin": "http://evil.example"},
     {"Origin": "null"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"},
     {"Sec-Fetch-Site": "same-site"}, {"Content-Type": "text/plain"}],
)  # fmt: skip
def test_no_other_page_begins_or_stops_a_job(served, program, path, headers):
    body = '{"kind": "suggest"}' if path == "run_job" else "{}"
    given = {"X-CSRF-Token": served.token, "Content-Type": "application/json", **headers}
    answer = served.http.post(f"/api/automation/{path}", data=body, headers=given)
    assert answer.status_code == (400 if "Content-Type" in headers else 403)
    assert served.get("desk")["job"] is None
    assert program.calls == []


@pytest.mark.parametrize("path", ["/desk", "/api/automation/desk"])
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_no_other_page_reads_the_desk(served, path, headers):
    assert served.http.get(path, headers=headers).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_a_job_is_begun_by_no_get(served, program, path):
    assert served.http.get(f"/api/automation/{path}?kind=suggest").status_code == 405
    assert program.calls == []


@pytest.mark.parametrize("path", PATHS)
def test_any_json_at_all_is_answered_and_begins_nothing(served, program, path):
    @bounded
    @given(
        body=json_values | st.dictionaries(st.sampled_from(["kind", "plan", "model"]), json_values)
    )
    def send(body):
        assert served.send(path, body).status_code < 500

    send()
    assert program.calls == []


@pytest.mark.parametrize("path", PATHS)
def test_any_bytes_at_all_are_answered(served, path):
    @bounded
    @given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "text/plain"]))
    def send(body, kind):
        headers = {"X-CSRF-Token": served.token, "Content-Type": kind}
        assert (
            served.http.post(f"/api/automation/{path}", data=body, headers=headers).status_code
            < 500
        )

    send()


def test_the_report_is_served_in_a_sandbox_without_scripts(served, workspace):
    assert served.http.get("/report").status_code == 404
    workspace.artifacts.mkdir(exist_ok=True)
    (workspace.artifacts / "report.html").write_text("<p>what it learned</p>")
    answer = served.http.get("/report")
    assert (answer.status_code, answer.data) == (200, b"<p>what it learned</p>")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "script" not in policy
    others = {name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"}
    assert {name: answer.headers[name] for name in others} == others
    assert served.http.get("/report", headers={"Host": "evil.example"}).status_code == 403
    assert served.http.get("/report", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_without_a_desk_there_is_no_report(client, workspace):
    workspace.artifacts.mkdir(exist_ok=True)
    (workspace.artifacts / "report.html").write_text("x")
    assert client.http.get("/report").status_code == 404
