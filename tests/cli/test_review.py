import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from prefml.cli import main

REVIEW = [sys.executable, "-c", "from prefml.cli import run; run()", "review"]


@pytest.fixture
def suggested(tmp_path):
    (tmp_path / "sandbox").mkdir()
    row = {"group_id": "g", "images": ["images/a.png", "images/b.png"]}
    (tmp_path / "sandbox/automation_decisions.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def one_line(capsys):
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


def test_without_suggestions_the_line_names_the_command(tmp_path, capsys):
    assert main(["review", "--no-browser", "--workspace", str(tmp_path)]) == 1
    assert "prefml suggest" in one_line(capsys)


def test_a_taken_port_is_named_with_the_way_on(suggested, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = ["review", "--no-browser", "--port", port, "--workspace", str(suggested)]
        assert main(words) == 1
    line = one_line(capsys)
    assert f"port {port} is in use" in line
    assert "prefml review --port" in line


def test_without_flask_the_line_names_the_extra(suggested, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("prefml.review")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "flask", None)
    assert main(["review", "--workspace", str(suggested)]) == 1
    assert "pip install 'prefml[review]'" in one_line(capsys)


def test_a_port_that_is_none_is_wrong_usage(suggested):
    assert main(["review", "--port", "70000", "--workspace", str(suggested)]) == 2


def test_the_browser_is_opened_unless_told_not_to(suggested, monkeypatch, capsys):
    import webbrowser

    from prefml.cli import review

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(
        "prefml.review.serve", lambda app, port, ready: ready(f"http://127.0.0.1:{port}/")
    )
    assert review.command.name == "review"
    main(["review", "--workspace", str(suggested)])
    main(["review", "--no-browser", "--workspace", str(suggested)])
    assert opened == ["http://127.0.0.1:8765/"]
    assert "http://127.0.0.1:8765/" in capsys.readouterr().out


def test_with_pictures_and_no_suggestions_the_desk_is_opened(tmp_path, monkeypatch, capsys):
    import webbrowser

    opened = []
    (tmp_path / "new/p").mkdir(parents=True)
    (tmp_path / "new/p/a.png").write_bytes(b"")
    monkeypatch.setattr(webbrowser, "open", opened.append)

    def serve(app, port, ready):
        ready("http://127.0.0.1:8765/")
        app.extensions["prefml"].close()

    monkeypatch.setattr("prefml.review.serve", serve)
    assert main(["review", "--json", "--workspace", str(tmp_path)]) == 0
    assert opened == ["http://127.0.0.1:8765/desk"]
    told = json.loads(capsys.readouterr().out)
    assert told == {"url": "http://127.0.0.1:8765/", "desk": "http://127.0.0.1:8765/desk"}


def _heed_interrupts():
    """Heed interrupts, which a process started in the background of a shell ignores."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_the_server_listens_on_this_machine_only_and_ends_on_interrupt(suggested):
    words = [*REVIEW, "--port", "0", "--no-browser", "--json", "--workspace", str(suggested)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_heed_interrupts
    ) as server:
        address = json.loads(server.stdout.readline())["url"]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        with urllib.request.urlopen(address) as answer:
            assert b"prefml" in answer.read()
        with socket.socket() as elsewhere:
            elsewhere.settimeout(2)
            port = int(address.rstrip("/").rsplit(":", 1)[1])
            assert elsewhere.connect_ex(("127.0.0.2", port)) != 0
        os.kill(server.pid, signal.SIGINT)
        server.communicate(timeout=60)
