"""The commands, the reference and the built pages say what there is."""

import doctest
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

import prefml
from prefml.cli import app
from prefml.cli._app import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PROSE = "\n".join(
    page.read_text("utf-8")
    for page in (ROOT / "README.md", *DOCS.glob("*.md"))
    if page.name != "commands.md"
)
REFERENCE = "\n".join(page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_spoken_of_beside_its_own_page(name):
    assert re.search(rf"prefml (?:--workspace \S+ )?{name}\b", PROSE)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_has_help(name):
    command = app.get_command(click.Context(app), name)
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert command.help
    assert all(one.help for one in options)


@pytest.mark.parametrize("name", [n for n in prefml.__all__ if not n.startswith("__")])
def test_every_public_name_is_in_the_reference_and_has_an_example_or_parameters(name):
    assert re.search(rf"\b{name}\b", REFERENCE)
    text = inspect.getdoc(getattr(prefml, name))
    assert "Parameters\n---" in text or "Attributes\n---" in text


def directives():
    """Yield what the reference shows: a dotted name, and the members it is limited to."""
    for found in re.finditer(r"^::: (\S+)\n((?:    .*\n?)*)", REFERENCE, re.MULTILINE):
        options = (yaml.safe_load(found[2]) or {}).get("options", {}) if found[2].strip() else {}
        yield pytest.param(found[1], options.get("members", ()), id=found[1])


@pytest.mark.parametrize(("dotted", "members"), list(directives()))
def test_what_the_reference_shows_exists_and_is_described(dotted, members):
    try:
        thing = importlib.import_module(dotted)
    except ModuleNotFoundError:
        home, _, name = dotted.rpartition(".")
        thing = getattr(importlib.import_module(home), name)
    assert inspect.getdoc(thing)
    for name in members:
        assert inspect.getdoc(getattr(thing, name)), name


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the pages, every warning an error."""
    pytest.importorskip("zensical")
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    words = [sys.executable, "-m", "zensical", "build", "--strict"]
    built = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder / "build" / "site"


def test_the_pages_are_built_without_a_warning(site):
    assert (site / "guide.html").is_file()
    assert "win_probability" in (site / "reference" / "rankers.html").read_text("utf-8")


def test_the_built_pages_load_nothing_from_elsewhere(site):
    loads = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=\"(https?:)?//", re.I)
    for page in site.rglob("*.html"):
        assert not loads.search(page.read_text("utf-8")), page.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", sheet.read_text("utf-8")), sheet.name


EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "prefml").rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_of_the_docstrings_say_what_happens(module):
    ran = doctest.testmod(importlib.import_module(module))
    assert ran.attempted
    assert not ran.failed
