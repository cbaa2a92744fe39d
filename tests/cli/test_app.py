import subprocess
import sys

import click
import pytest

from prefml.cli import app
from prefml.cli._app import COMMANDS

CONTEXT = click.Context(app)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_json(prefml, name):
    ran = prefml(name, "--help")
    assert ran.status == 0
    assert app.get_command(CONTEXT, name).help
    assert "--json" in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name):
    for param in app.get_command(CONTEXT, name).params:
        if isinstance(param, click.Option):
            assert param.help, f"{name} {param.name}"


def test_an_unknown_command_is_wrong_usage(prefml):
    assert prefml("nonsense").status == 2


def test_a_missing_workspace_gives_one_line_and_no_traceback(prefml, tmp_path):
    ran = prefml("--workspace", tmp_path / "none", "ingest")
    assert ran.status == 1
    assert ran.err.startswith("Error: no folder")
    assert len(ran.err.splitlines()) == 1


def test_debug_adds_the_traceback(prefml, tmp_path):
    ran = prefml("--workspace", tmp_path / "none", "--debug", "ingest")
    assert "Traceback" in ran.err


def test_the_workspace_may_be_named_after_the_command(prefml, tmp_path):
    before = prefml("--workspace", tmp_path, "ingest")
    after = prefml("ingest", "--workspace", tmp_path)
    assert before == after


def test_an_unexpected_error_is_one_line(prefml, monkeypatch, tmp_path):
    monkeypatch.setattr("prefml.workspace.Workspace.open", lambda *_: 1 / 0)
    ran = prefml("--workspace", tmp_path, "ingest")
    assert ran.status == 1
    assert ran.err == (
        "Error: unexpected ZeroDivisionError: division by zero; run the same command with --debug\n"
    )


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from prefml.cli import main; main(['--help']);"
        "heavy = {'numpy', 'pandas', 'lightgbm', 'torch', 'cv2', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_an_interrupted_command_says_that_it_can_be_taken_up_again(prefml, monkeypatch, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("prefml.workspace.Workspace.open", interrupt)
    ran = prefml("--workspace", tmp_path, "ingest")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.strip() == "Error: interrupted; the same command resumes"
