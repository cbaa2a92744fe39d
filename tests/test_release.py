"""What must hold before a release is tagged."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
READY = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-02\n\n- Something.\n"


@pytest.fixture(scope="module")
def release():
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_is_the_one_the_package_states(release):
    import prefml

    assert release.version() == prefml.__version__


def test_a_clean_tree_with_a_new_version_and_its_section_is_ready(release):
    release.refuse_unready("1.2.0", READY, "", ["v1.1.0"])


@pytest.mark.parametrize(
    ("number", "changelog", "status", "tags", "said"),
    [
        ("1.2.0", READY, " M prefml/files.py", [], "commit them first"),
        ("1.2.0", READY, "", ["v1.2.0"], "raise the version"),
        ("1.3.0", READY, "", [], r"no section '## \[1.3.0\]"),
        ("1.2.0", READY.replace(" - 2026-01-02", ""), "", [], "no section"),
        (
            "1.2.0",
            READY.replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n"),
            "",
            [],
            "move them",
        ),
    ],
)
def test_what_is_not_ready_is_refused_with_what_to_do(
    release, number, changelog, status, tags, said
):
    with pytest.raises(SystemExit, match=said):
        release.refuse_unready(number, changelog, status, tags)


def test_an_address_that_does_not_answer_ends_the_release(release, tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "prefml"\n[project.urls]\nSource = "http://127.0.0.1:9/nowhere"\n'
    )
    monkeypatch.setattr(release, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match="Source = http"):
        release.check_addresses()
    monkeypatch.setattr(release, "ROOT", ROOT)
    release.check_addresses()


def test_a_failing_step_is_shown_with_what_it_said(release):
    with pytest.raises(SystemExit, match="no-such-verb"):
        release.run("git", "no-such-verb")
