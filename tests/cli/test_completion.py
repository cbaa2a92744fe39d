"""Check that words are completed in every shell that the guide names."""

import pytest

from prefml.cli import main
from prefml.cli._app import COMMANDS


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(request, monkeypatch, capsys):
    """Return what a shell would offer after some words."""
    shell = request.param

    def offered(*words):
        monkeypatch.setenv("_PREFML_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(["prefml", *words]))
        last = words[-1] if shell == "fish" else str(len(words))
        monkeypatch.setenv("COMP_CWORD", last)
        assert main([]) == 0
        return capsys.readouterr().out

    return offered


def test_a_command_is_completed(complete):
    out = complete("tra")
    assert "train" in out
    assert "review" not in out


def test_every_command_is_offered(complete):
    out = complete("")
    assert all(name in out for name in COMMANDS)


def test_an_option_is_completed(complete):
    out = complete("evaluate", "--se")
    assert "--seeds" in out
    assert "--folds" not in out


def test_the_choices_of_an_option_are_completed(complete):
    out = complete("suggest", "--order", "unc")
    assert "uncertain" in out


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_script_that_the_guide_names_is_printed(shell, monkeypatch, capsys):
    monkeypatch.setenv("_PREFML_COMPLETE", f"{shell}_source")
    assert main([]) == 0
    assert "_PREFML_COMPLETE" in capsys.readouterr().out
