import errno
import io
import json
import os
import sys
import threading

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.cli import main
from prefml.cli._shared import (
    busy,
    emit,
    json_option,
    open_workspace,
    progress,
    report_error,
    tolerate_encoding,
    workspace_options,
)
from prefml.exceptions import ModelFileError, PrefmlError, visible

ERRORS = (PrefmlError, ValueError, KeyError, OSError, RuntimeError)


@click.group()
@workspace_options
def group():
    """Stand for the command group."""


@group.command()
@json_option
def where(as_json):
    """Print the folders of the workspace that is opened."""
    workspace = open_workspace()
    folders = {"root": str(workspace.root), "artifacts": str(workspace.artifacts)}
    emit(folders, "some text", as_json)


def run(*words):
    group.main(args=[str(word) for word in words], standalone_mode=False)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_workspace_and_artifacts_may_be_named_before_or_after_the_command(tmp_path, capsys, after):
    options = ["--workspace", tmp_path, "--artifacts", tmp_path / "models"]
    run(*(["where", *options, "--json"] if after else [*options, "where", "--json"]))
    found = json.loads(capsys.readouterr().out)
    assert found == {"root": str(tmp_path), "artifacts": str(tmp_path / "models")}


def test_what_is_named_last_counts(tmp_path, capsys):
    (tmp_path / "other").mkdir()
    run("--workspace", tmp_path, "where", "--workspace", tmp_path / "other", "--json")
    assert json.loads(capsys.readouterr().out)["root"] == str(tmp_path / "other")


def test_the_current_folder_is_the_workspace_unless_another_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("where", "--json")
    assert json.loads(capsys.readouterr().out)["root"] == str(tmp_path)


def test_a_person_reads_the_text(tmp_path, capsys):
    run("--workspace", tmp_path, "where")
    assert capsys.readouterr().out == "some text\n"


def test_what_is_no_json_is_not_printed(capsys):
    with pytest.raises(ValueError, match="JSON"):
        emit({"value": float("nan")}, "", as_json=True)
    assert capsys.readouterr().out == ""


def test_items_pass_through_the_bar_unchanged_and_nothing_is_drawn_into_a_file(capsys):
    assert list(progress(iter([3, 1, 2]), None, "counting")) == [3, 1, 2]
    assert capsys.readouterr() == ("", "")


@given(kind=st.sampled_from(ERRORS), text=st.text())
def test_any_error_is_one_line_and_a_failure(kind, text):
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("click.echo", lambda line, err: lines.append(line))
        assert report_error(kind(text), debug=False) == 1
    (line,) = lines
    assert line.startswith("Error: ")
    assert len(line.split("\n")) == 1


def test_an_error_of_prefml_keeps_its_words(capsys):
    report_error(ModelFileError("no model x", "a trained one", "prefml train"), debug=False)
    assert capsys.readouterr().err == (
        "Error: no model x; expected a trained one; run: prefml train\n"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_an_error_of_the_disk_names_the_place_and_is_no_fault_of_prefml(capsys, number):
    report_error(OSError(number, os.strerror(number), "some/file"), debug=False)
    error = capsys.readouterr().err
    assert error.startswith(f"Error: some/file: {os.strerror(number)}; expected a place")
    assert "unexpected" not in error


def test_an_error_of_the_disk_without_a_place_names_none(capsys):
    report_error(OSError(errno.ENOSPC, "No space left on device"), debug=False)
    assert capsys.readouterr().err.startswith("Error: No space left on device; expected")


def test_any_other_error_is_unexpected_and_names_its_class(capsys):
    assert report_error(OSError(errno.ENOTDIR, "Not a directory"), debug=False) == 1
    assert "unexpected NotADirectoryError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [(SystemExit(3), 3), (SystemExit("text"), 1), (SystemExit(), 1), (SystemExit(0), 0)],
)
def test_a_process_that_ends_itself_keeps_its_status(error, status):
    assert report_error(error, debug=True) == status


def test_wrong_usage_is_told_apart_from_failure(capsys):
    assert report_error(click.UsageError("no such option"), debug=False) == 2
    assert "no such option" in capsys.readouterr().err


@pytest.mark.parametrize("error", [click.Abort(), KeyboardInterrupt()])
def test_an_interruption_can_be_resumed(capsys, error):
    assert report_error(error, debug=False) == 1
    assert capsys.readouterr().err == "Error: interrupted; the same command resumes\n"


def test_the_traceback_is_printed_if_asked_for(capsys):
    report_error(ValueError("odd"), debug=True)
    error = capsys.readouterr().err
    assert "ValueError: odd" in error.splitlines()
    assert error.splitlines()[-1].startswith("Error: unexpected ValueError: odd")


def test_names_cannot_change_what_the_terminal_shows(capsys):
    emit({}, "a\u202egpj.png \x1b[2J\nb", as_json=False)
    report_error(PrefmlError("no \x1b[31mpicture\u202e"), debug=False)
    captured = capsys.readouterr()
    assert captured.out == "a\\u202egpj.png \\u001b[2J\nb\n"
    assert captured.err == "Error: no \\u001b[31mpicture\\u202e\n"


@pytest.mark.parametrize("words", [["crop", "a.png", "b\x1b[2J\u202e.png"], ["emb\x1b[31med"]])
def test_wrong_usage_quotes_no_name_that_deceives(capsys, words):
    assert main(words) == 2
    shown = capsys.readouterr().err
    assert shown == visible(shown)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp437", "utf-8"])
def test_a_terminal_of_any_encoding_shows_every_name(monkeypatch, encoding):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding))
    tolerate_encoding()
    emit({}, "zoë 猫 \U0001f468 half \udc80", as_json=False)
    sys.stdout.flush()
    assert raw.getvalue().decode(encoding).startswith("zo")


def test_what_is_no_text_stream_is_left_alone(monkeypatch):
    monkeypatch.setattr("sys.stdout", io.StringIO())
    tolerate_encoding()


def test_a_hint_of_an_error_repeats_the_folders_and_names_the_first_step(tmp_path, capsys):
    error = ModelFileError("no model", "a trained one", "prefml models")
    report_error(error, debug=False, options={"workspace": str(tmp_path)})
    assert capsys.readouterr().err.endswith(f"run: prefml models --workspace {tmp_path}\n")
    report_error(
        ModelFileError("no model", None, "prefml train"), debug=False,
        options={"workspace": str(tmp_path)},
    )  # fmt: skip
    assert "run: put your logs (.csv) into data/training/" in capsys.readouterr().err


def test_a_wait_is_shown_on_a_terminal_after_two_seconds(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("prefml.cli._shared._TICK", 0.01)
    now = iter(range(1000))
    monkeypatch.setattr("prefml.cli._shared.time.monotonic", lambda: next(now))
    shown = threading.Event()

    def echo(text, **options):
        if text.endswith(" s"):
            lines.append(text)
            shown.set()

    lines = []
    monkeypatch.setattr("prefml.cli._shared.click.echo", echo)
    with busy("train") as tell:
        tell("crop")
        assert shown.wait(60)
    assert lines[0] == "\r\x1b[Ktrain: crop, 2 s"


def test_a_wait_is_not_shown_where_nobody_looks(capsys):
    with busy("train") as tell:
        tell("crop")
    assert capsys.readouterr().err == ""
