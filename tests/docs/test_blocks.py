import functools
import shutil

import pytest

import prefml.sample

from . import blocks

PAGES = blocks.PAGES


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


def test_a_block_without_reason_or_program_is_refused():
    with pytest.raises(AssertionError, match="not run: REASON"):
        blocks.run_line(["curl", "x"])
