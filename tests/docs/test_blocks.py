import functools
import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

import prefml.sample
from prefml.workspace import read_config

spec = importlib.util.spec_from_file_location("blocks", Path(__file__).with_name("blocks.py"))
blocks = importlib.util.module_from_spec(spec)
sys.modules["blocks"] = blocks
spec.loader.exec_module(blocks)

PAGES = blocks.PAGES
EVERY = [block for page in PAGES for block in blocks.blocks_of(page)]


def where(block):
    return f"{block.page.name}:{block.line}"


def running(page):
    return [block for block in blocks.blocks_of(page) if block.runs]


@pytest.fixture
def beside(trained, tmp_path, monkeypatch):
    """Go to a folder that holds what the pages speak of."""
    shutil.copytree(trained, tmp_path / "my" / "workspace")
    (tmp_path / "artifacts").symlink_to(tmp_path / "my" / "workspace" / "artifacts")
    (tmp_path / "examples").symlink_to(blocks.ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "page", [page for page in PAGES if running(page)], ids=lambda page: page.name
)
def test_the_blocks_of_a_page_run_from_first_to_last(page, beside, monkeypatch):
    # The whole sample is 2,000 pictures.
    small = functools.partial(prefml.sample.write_sample, share=0.12)
    monkeypatch.setattr(prefml.sample, "write_sample", small)
    if page.name == "guide.md":
        shutil.rmtree("my")
    names = {}
    for block in running(page):
        blocks.run_block(block, names)


@pytest.mark.parametrize("block", EVERY, ids=where)
def test_a_block_names_its_language(block):
    assert block.language in blocks.LANGUAGES


@pytest.mark.parametrize("block", [b for b in EVERY if b.reason], ids=where)
def test_a_block_that_is_not_run_gives_a_reason(block):
    assert len(block.reason.split()) >= 4
    for test in re.findall(r"tests/[\w/]+(?:\.py)?", block.reason):
        assert (blocks.ROOT / test).exists(), test


@pytest.mark.parametrize("block", [b for b in EVERY if b.language == "toml"], ids=where)
def test_a_configuration_is_understood(block, tmp_path):
    (tmp_path / "prefml.toml").write_text(block.body)
    read_config(tmp_path / "prefml.toml")


def test_no_code_hides_in_an_indented_block():
    for page in PAGES:
        outside = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.M | re.S)
        assert not re.search(r"^    (?:prefml|make|pip|python) ", outside, re.M), page.name


def test_a_block_without_reason_or_program_is_refused():
    with pytest.raises(AssertionError, match="not run: REASON"):
        blocks.run_line(["curl", "x"])
