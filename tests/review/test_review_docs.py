import json
import re
import threading
import urllib.request
from importlib.resources import files
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from prefml.review import create_app
from prefml.review.openapi import describe_api
from prefml.review.requests import TAGS

DOC = (Path(__file__).resolve().parents[2] / "docs/review.md").read_text("utf-8")
STATIC = files("prefml.review").joinpath("static")


def test_every_key_of_the_page_is_documented():
    table = re.search(r"KEYS = \{(.*?)\};", STATIC.joinpath("keys.js").read_text("utf-8"))[1]
    keys = [key.strip('"') for key in re.findall(r'("\?"|\w+):', table)]
    assert len(keys) > 10
    for key in keys:
        assert f"`{key.upper() if len(key) == 1 else key}`" in DOC


def test_every_route_is_documented():
    for path in describe_api()["paths"]:
        assert path.split("{")[0] in DOC


def test_every_exported_field_is_documented(client, workspace):
    client.post("decide", group_id="valley/g000", action="approved")
    client.post("submit_batch")
    line = (workspace.sandbox / "approved_decisions.jsonl").read_text().splitlines()[0]
    for name in json.loads(line):
        assert f"`{name}`" in DOC


def test_the_script_of_the_documentation_decides(workspace, capsys):
    app = create_app(workspace)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    (script,) = re.findall(r"```python\n(.*?)```", DOC, re.S)
    opened = []

    def remember(*words):
        opened.append(original(*words))
        return opened[-1]

    original = urllib.request.urlopen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urllib.request, "urlopen", remember)
        exec(script.replace("8765", str(server.port)), {})
    for answer in opened:
        answer.close()
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["prefml"].close()
    assert capsys.readouterr().out == "approved\n"


def test_the_picture_of_the_documentation_exists():
    (picture,) = re.findall(r"!\[.*?\]\((.*?)\)", DOC)
    assert (Path(__file__).resolve().parents[2] / "docs" / picture).is_file()


def test_the_tags_are_those_of_the_format():
    assert len(set(TAGS)) == 8
