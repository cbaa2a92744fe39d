import re
import tomllib
from pathlib import Path

import prefml
from prefml._version import __version__

ROOT = Path(__file__).resolve().parents[1]


def test_the_version_is_written_once_and_has_its_section_in_the_changelog():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == (
        "prefml._version.__version__"
    )
    assert prefml.__version__ == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_version_is_semantic():
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
