"""What another page, another machine or a forged path can get out of the review: nothing."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from prefml.review import create_app
from prefml.review.security import HEADERS

SECRET = "root:x:0:0"
TRAVERSALS = (
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%252f..%252fetc",
    "....//....//etc/passwd", "..\\..\\etc\\passwd", "..%5c..%5cetc%5cpasswd", "/etc/passwd",
    "//etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd", "..%c0%af..%c0%afetc/passwd",
    "%uff0e%uff0e/etc/passwd", "..;/..;/etc/passwd", "prefml.toml", "sandbox/review.sqlite3",
    "images/harbour/x.png", "0" * 31, "0" * 33, "g" * 32, "0" * 32, "0" * 31 + "\0", "\0",
    "0" * 32 + "%00.png", "0" * 32 + "\n", "\uff10" * 32, ".", "..", "~root", "CON", "x" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("trick", TRAVERSALS)
@pytest.mark.parametrize("form", ["/picture/{}/view", "/picture/{}", "/static/{}", "/{}"])
def test_no_forged_path_leads_to_a_file(client, workspace, trick, form):
    (workspace.root / "prefml.toml").write_text(f"# {SECRET}\n")
    for text in (trick, quote(trick, safe="")):
        answer = client.http.get(form.format(text))
        assert answer.status_code in (301, 308, 400, 403, 404)
        assert SECRET.encode() not in answer.data


@pytest.mark.parametrize("size", ["../view", "view/../full", "", "full.png", "%2e", "9" * 400])
def test_no_forged_size_leads_to_a_picture(client, size):
    picture = client.get("load_batch", size=1)["groups"][0]["images"][0]["picture"]
    assert client.http.get(f"{picture}/{size}").status_code in (301, 308, 404)


def test_a_suggestion_cannot_name_a_picture_outside_the_workspace(workspace, tmp_path):
    from .conftest import Client
    from .drawn_workspace import draw_picture, suggestion, write_suggestions

    outside = tmp_path / "outside.png"
    draw_picture(1, 0, (40, 60)).save(outside)
    link = workspace.root / "link.png"
    link.symlink_to(outside)
    names = [str(outside), "../outside.png", "link.png", "a/../../outside.png"]
    write_suggestions(workspace.root, [suggestion("g", names, 0)])
    app = create_app(workspace)
    client = Client(app)
    for image in client.get("load_batch", size=1)["groups"][0]["images"]:
        assert client.http.get(f"{image['picture']}/full").status_code == 404
        assert client.http.get(f"{image['picture']}/view").status_code == 404
    app.extensions["prefml"].close()


DEBUGGERS = (
    "/console", "/?__debugger__=yes&cmd=resource", "/debug", "/metrics", "/docs", "/.git/config",
    "/api", "/server-status",
)  # fmt: skip


@pytest.mark.parametrize("path", DEBUGGERS)
def test_there_are_no_debug_pages(client, path):
    answer = client.http.get(path)
    assert answer.status_code == (200 if path.startswith("/?") else 404)
    assert b"Traceback" not in answer.data
    assert b"debugger" not in answer.data.lower()


def test_an_unexpected_error_tells_the_browser_nothing(client, monkeypatch, caplog):
    def fail():
        raise RuntimeError(SECRET)

    monkeypatch.setattr(client.app.extensions["prefml"], "progress", fail)
    answer = client.http.get("/api/automation/progress")
    assert answer.status_code == 500
    assert SECRET.encode() not in answer.data
    assert SECRET in caplog.text


@pytest.mark.parametrize("path", ["/", "/api/openapi.json", "/api/automation/queue", "/nowhere",
                                  "/static/main.js"])  # fmt: skip
def test_every_answer_carries_the_guards(client, path):
    answer = client.http.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    answer.close()


CHANGES = ("decide", "tag", "approve_batch", "undo", "redo", "submit_batch", "set_keys")


@pytest.mark.parametrize("path", CHANGES)
def test_no_change_without_the_token_or_from_another_page(client, path):
    address = f"/api/automation/{path}"
    assert client.http.post(address, json={}).status_code == 403
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"},
                    {"Sec-Fetch-Site": "cross-site"}):  # fmt: skip
        given = {"X-CSRF-Token": client.token, **headers}
        assert client.http.post(address, json={}, headers=given).status_code == 403
    assert client.get("progress")["pending"] == 6


def test_a_body_beyond_the_limit_is_refused_unread(client):
    headers = {"X-CSRF-Token": client.token, "Content-Type": "application/json"}
    sent = b'{"group_id": "' + b"x" * 3 * 1024**2 + b'"}'
    answer = client.http.post("/api/automation/decide", data=sent, headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("letters", ["\0", "\ud800", "a\0b"])
def test_a_decision_that_no_file_could_hold_is_refused(client, letters):
    group = client.get("queue")["group_ids"][0]
    body = {"group_id": group, "action": "approved", "shown": {"key": letters}}
    assert client.send("decide", body).status_code == 400
    assert client.post("submit_batch")["submitted"] == 0
