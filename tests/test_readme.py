import importlib.util
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from prefml.cli._app import COMMANDS
from prefml.workspace import read_config

from .docs.blocks import LANGUAGES, blocks_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_a_page_names_exists(page):
    # A made-up command may stand in code that is shown.
    text = re.sub(r"^```python$.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)
    named = re.findall(r"`(?:\$ )?prefml (?:--\S+ \S+ )*([a-z][a-z-]+)", text)
    assert set(named) <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_target_of_the_makefile_that_the_readme_names_exists():
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make ([a-z]+)", (ROOT / "README.md").read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_page_of_commands_is_that_of_the_commands():
    if Version(version("click")) < Version("8.4"):
        pytest.skip("an older click words ranges in another way")
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "commands.py")
    commands = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(commands)
    assert commands.PAGE.read_text("utf-8") == commands.page(), "run: python docs/commands.py"


EVERY = [block for page in PAGES for block in blocks_of(page)]


def where(block):
    return f"{block.page.name}:{block.line}"


@pytest.mark.parametrize("block", EVERY, ids=where)
def test_a_block_names_its_language(block):
    assert block.language in LANGUAGES


@pytest.mark.parametrize("block", [b for b in EVERY if b.reason], ids=where)
def test_a_block_that_is_not_run_gives_a_reason(block):
    assert len(block.reason.split()) >= 4
    for test in re.findall(r"tests/[\w/]+(?:\.py)?", block.reason):
        assert (ROOT / test).exists(), test


@pytest.mark.parametrize("block", [b for b in EVERY if b.language == "toml"], ids=where)
def test_a_configuration_is_understood(block, tmp_path):
    (tmp_path / "prefml.toml").write_text(block.body)
    read_config(tmp_path / "prefml.toml")


def test_no_code_hides_in_an_indented_block():
    for page in PAGES:
        outside = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)
        assert not re.search(r"^    (?:prefml|make|pip|python) ", outside, re.M), page.name


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        place = page.relative_to(ROOT / "docs").as_posix()
        assert place in text, f"add {place} to the nav of mkdocs.yml"
