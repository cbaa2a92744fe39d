"""Walk the page "your first change" in a copy of the tree, word for word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from .blocks import ROOT, blocks_of

PAGE = ROOT / "docs" / "first-change.md"
# A walk must be done in fewer lines of code and tests than this.
MOST_LINES = 60
# What make and the tools write, and what no walk needs.
LEFT_OUT = {
    ".git", ".venv", ".venv-min", ".mypy_cache", ".hypothesis", ".cache", "node_modules", "build",
    "sample", "mutants", "artifacts",
}  # fmt: skip
NAMED = re.compile(r"`((?:prefml|tests)/[\w/]+\.py)`")


def steps():
    """Yield (section, file, language, body) for every block that names a file before it."""
    text = PAGE.read_text("utf-8").splitlines()
    for block in blocks_of(PAGE):
        before = "\n".join(text[: block.line - 1])
        section = re.findall(r"^## (.+)$", before, re.M)[-1]
        yield section, NAMED.findall(before)[-1], block.language, block.body


def lines_of(section):
    bodies = [(language, body) for name, _, language, body in steps() if name == section]
    new = [line for language, body in bodies for line in body.splitlines() if line.strip()]
    return [line for line in new if not line.startswith("-")]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Copy the tree and take every step of the page in it."""
    folder = tmp_path_factory.mktemp("walk") / "tree"

    def ignored(place, names):
        top = LEFT_OUT if place == str(ROOT) else set()
        return {name for name in names if name in top or name == "__pycache__"}

    shutil.copytree(ROOT, folder, ignore=ignored)
    shutil.copytree(ROOT / "artifacts", folder / "artifacts")
    for _, path, language, body in steps():
        place = folder / path
        if language == "python":
            assert not place.exists()
            place.write_text(body)
        else:
            text = place.read_text("utf-8")
            for old, new in changes(body):
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            place.write_text(text)
    return folder


def changes(body):
    """Yield each run of `-` lines with the `+` lines that replace it."""
    for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)+)", body, re.M):
        yield tuple(re.sub(r"^[-+]", "", part, flags=re.M) for part in (old, new))


def run(tree, *words):
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("section", ["A cue", "A command"])
def test_a_walk_stays_in_one_room_and_is_short(section):
    files = {path for name, path, *_ in steps() if name == section}
    assert len({tuple(path.split("/")[:2]) for path in files if path.startswith("prefml")}) == 1
    assert len(lines_of(section)) < MOST_LINES


@pytest.mark.slow
def test_the_cue_and_the_command_work_and_keep_every_rule(tree):
    run(tree, "docs/commands.py")
    for words in (["ruff", "check"], ["ruff", "format", "--check"]):
        run(tree, "-m", *words, "prefml/imaging", "prefml/cli", "tests/imaging", "tests/cli")
    run(tree, "-m", "mypy", "prefml/imaging/symmetry.py", "prefml/cli/pictures.py")
    tests = ["tests/imaging/test_symmetry.py", "tests/imaging/test_cues.py",
             "tests/cli/test_pictures.py", "tests/cli/test_app.py", "tests/test_architecture.py",
             "tests/test_readme.py"]  # fmt: skip
    said = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert " passed" in said
