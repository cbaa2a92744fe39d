import re

import pytest
from PIL import Image

from prefml.exceptions import WorkspaceError
from prefml.proposals import suggestions_path
from prefml.review import create_app
from prefml.review.requests import TAGS
from prefml.workspace import Workspace

from .conftest import Client

FIRST = "valley/g000"


def test_pictures_come_by_opaque_id(client):
    for image in client.group(FIRST)["images"]:
        assert re.fullmatch(r"/picture/[0-9a-f]{32}", image["picture"])
        for size in ("small", "view", "large", "full"):
            answer = client.http.get(f"{image['picture']}/{size}?v={image['version']}")
            assert answer.status_code == 200
            assert answer.content_type in ("image/jpeg", "image/png")


@pytest.mark.parametrize(
    "path",
    ["/picture/../../etc/passwd/full", "/picture/%2e%2e%2f%2e%2e%2fetc%2fpasswd/full",
     "/picture/images/valley/full", "/picture/" + "0" * 32 + "/full", "/static/../app.py",
     "/static/%2e%2e/app.py", "/static/..%5capp.py", "/picture/" + "a" * 9000 + "/view",
     "/picture/%00/view", "/nothing", "/console"],
)  # fmt: skip
def test_no_trick_of_the_address_reads_a_file(client, path):
    answer = client.http.get(path, buffered=True)
    assert answer.status_code in (404, 308)
    assert b"root:" not in answer.data
    assert b"import" not in answer.data


def test_an_unknown_size_of_picture_is_not_found(client):
    picture = client.group(FIRST)["images"][0]["picture"]
    assert client.http.get(f"{picture}/huge").status_code == 404


def test_a_picture_that_is_gone_is_a_404_and_a_gap(client, workspace):
    image = client.group(FIRST)["images"][0]
    (workspace.root / "images/valley" / image["name"]).unlink()
    assert client.http.get(f"{image['picture']}/view").status_code == 404
    assert client.group(FIRST)["images"][0]["version"] is None


def test_another_host_gets_nothing(client):
    answer = client.http.get("/api/automation/queue", headers={"Host": "evil.example"})
    assert (answer.status_code, set(answer.json)) == (403, {"error"})


def test_a_decision_without_the_token_is_not_taken(client):
    answer = client.send(
        "decide", {"group_id": FIRST, "action": "approved"}, **{"X-CSRF-Token": "x"}
    )
    assert answer.status_code == 403
    assert client.get("progress")["pending"] == 6


def test_every_answer_carries_the_content_policy(client):
    for path in ("/", "/static/main.js", "/api/automation/queue", "/nothing"):
        headers = client.http.get(path, buffered=True).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_has_no_inline_script_or_style_and_names_no_other_host(client):
    text = client.http.get("/").get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text)
    assert "http" not in text


def test_an_unexpected_error_tells_the_page_nothing(client, monkeypatch):
    service = client.app.extensions["prefml"]

    def broken():
        raise RuntimeError("inner detail")

    monkeypatch.setattr(service, "progress", broken)
    answer = client.http.get("/api/automation/progress")
    assert answer.status_code == 500
    assert "inner" not in answer.get_data(as_text=True)


def test_the_pictures_in_the_cache_are_no_pictures_of_the_workspace(client, workspace):
    client.http.get(client.group(FIRST)["images"][0]["picture"] + "/view")
    cached = next((workspace.root / "data/cache/review").glob("*/*.jpg"))
    with Image.open(cached) as image:
        assert image.format == "JPEG"
    assert not list(workspace.root.glob("images/**/*.jpg"))


def test_the_page_names_its_scripts_and_tags(client):
    text = client.http.get("/").get_data(as_text=True)
    assert "/static/main.js" in text
    assert all(tag in text for tag in TAGS)


def test_the_address_of_a_version_may_be_kept_for_ever_and_the_bare_one_not(client):
    image = client.group(FIRST)["images"][0]
    named = client.http.get(f"{image['picture']}/view?v={image['version']}")
    bare = client.http.get(f"{image['picture']}/view")
    assert "immutable" in named.headers["Cache-Control"]
    assert "no-cache" in bare.headers["Cache-Control"]
    assert client.http.get("/api/automation/queue").headers["Cache-Control"] == "no-store"


def test_an_error_is_one_object_with_its_words(client):
    for path, code in (("/nothing", 404), ("/api/automation/load_batch?size=0", 400)):
        answer = client.http.get(path)
        assert (answer.status_code, list(answer.json)) == (code, ["error"])


def test_a_request_holds_the_copies_made_ahead_back(client, monkeypatch):
    service, held = client.app.extensions["prefml"], []
    progress = service.progress

    def noting():
        held.append(service.prefetcher._foreground)
        return progress()

    monkeypatch.setattr(service, "progress", noting)
    client.get("progress")
    assert held == [1]
    assert service.prefetcher._foreground == 0


def test_without_suggestions_there_is_no_application(tmp_path):
    with pytest.raises(WorkspaceError, match="prefml suggest"):
        create_app(Workspace.open(tmp_path))


def test_with_pictures_and_no_suggestions_there_is_nothing_to_review_until_there_are(workspace):
    lines = suggestions_path(workspace)
    kept = lines.read_bytes()
    lines.unlink()
    app = create_app(workspace)
    client = Client(app)
    assert client.get("progress")["total"] == 0
    lines.write_bytes(kept)
    assert len(client.get("queue")["group_ids"]) == 6
    app.extensions["prefml"].close()


def test_a_table_that_cannot_be_written_now_is_a_503_that_says_why(client, workspace):
    group = client.get("load_batch", size=1)["groups"][0]["group_id"]
    (workspace.sandbox / "review.sqlite3").unlink()
    answer = client.send("decide", {"group_id": group, "action": "rejected"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "was removed, replaced or written over" in answer.json["error"]


@pytest.mark.parametrize("key", ["9" * 5000, "-" + "9" * 5000, "\u0663" * 5000, "1e5000", "²" * 9])
def test_a_tag_for_no_picture_of_the_set_is_refused_whatever_its_key(client, key):
    group = client.get("load_batch", size=1)["groups"][0]["group_id"]
    answer = client.send("tag", {"group_id": group, "image_tags": {key: ["long_hand"]}})
    assert answer.status_code == 400
    assert "no image" in answer.json["error"]
