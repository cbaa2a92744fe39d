"""Build, check and tag a release: `make release`.

Nothing is uploaded. What must hold first is checked in this order, and the first fault ends it:
the tree is clean, the version is new and has its section in the changelog, nothing is left under
"Unreleased", the addresses of the package answer, and what is built installs and runs.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*words: object, cwd: Path = ROOT) -> str:
    """Run a program and return what it printed; its failure ends the release."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def version() -> str:
    """Return the version that the package states."""
    text = (ROOT / "prefml" / "_version.py").read_text("utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    if found is None:
        raise SystemExit("prefml/_version.py states no version")
    return found[1]


def refuse_unready(number: str, changelog: str, status: str, tags: list[str]) -> None:
    """Refuse a release that is not ready, with what to do.

    Parameters
    ----------
    number : str
        The version.
    changelog : str
        The text of CHANGELOG.md.
    status : str
        What `git status --porcelain` prints.
    tags : list of str
        The tags that exist.
    """
    if status:
        raise SystemExit(f"the tree has changes; commit them first:\n{status}")
    if f"v{number}" in tags:
        raise SystemExit(f"v{number} exists; raise the version in prefml/_version.py")
    if not re.search(rf"^## \[{re.escape(number)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.M):
        raise SystemExit(f"CHANGELOG.md has no section '## [{number}] - YYYY-MM-DD'")
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]
    if unreleased.strip():
        raise SystemExit(f"CHANGELOG.md has entries under Unreleased; move them to [{number}]")


def check_addresses() -> None:
    """Ask every address of `project.urls` whether it is there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, address in project.get("urls", {}).items():
        try:
            urllib.request.urlopen(address, timeout=20).close()
        except OSError as error:
            raise SystemExit(f"project.urls: {name} = {address}: {error}") from error


def check_built(dist: Path, number: str) -> None:
    """Install the wheel where nothing else is, and run it."""
    (wheel,) = dist.glob(f"prefml-{number}-*.whl")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv", with_pip=True)
        python = place / "venv" / "bin" / "python"
        constraints = ROOT / "constraints.txt"
        run(python, "-m", "pip", "install", "--quiet", "-c", constraints, wheel, cwd=place)
        prefml = place / "venv" / "bin" / "prefml"
        if number not in run(prefml, "--version", cwd=place):
            raise SystemExit(f"{wheel.name} does not call itself {number}")
        run(prefml, "sample", "sample", cwd=place)
        for command in ("ingest", "embed", "train"):
            run(prefml, "--workspace", "sample", command, cwd=place)


def main() -> None:
    """Check, build and tag."""
    number = version()
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    status = run("git", "status", "--porcelain")
    refuse_unready(number, changelog, status, run("git", "tag").split())
    check_addresses()
    dist = ROOT / "dist"
    run(sys.executable, "-m", "build", "--outdir", dist)
    check_built(dist, number)
    run("git", "tag", "--annotate", f"v{number}", "--message", f"prefml {number}")
    print(f"dist/ holds prefml {number}, tagged v{number}; nothing was uploaded or pushed")


if __name__ == "__main__":
    main()
