"""What is built can be installed, and runs from where it was installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
KEPT = ("prefml", "pyproject.toml", "README.md", "LICENSE")
# What the page's JavaScript is checked with.
TOOLS = (".npmrc", "eslint.config.js", "package.json", "package-lock.json", "tsconfig.json")


def pinned(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line)
    return {canonical(package): Version(number) for package, number in pairs}


def canonical(name):
    return name.lower().replace("_", "-")


def wanted(*extras):
    texts = [*PROJECT["dependencies"]]
    for extra in extras:
        texts += PROJECT["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("requirement", wanted("review"), ids=lambda one: one.name)
def test_the_oldest_version_that_is_allowed_is_the_one_that_is_tested(requirement):
    (least,) = [Version(one.version) for one in requirement.specifier if one.operator == ">="]
    assert pinned("constraints-min.txt")[canonical(requirement.name)] == least


@pytest.mark.parametrize("requirement", wanted("review", "docs", "dev"), ids=lambda one: one.name)
def test_the_pinned_version_is_allowed(requirement):
    assert requirement.specifier.contains(pinned("constraints.txt")[canonical(requirement.name)])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the sdist, and the wheel from the sdist, of a copy of the tree."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("built")
    skip = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in (*KEPT, *TOOLS, "tests/js"):
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, folder / "tree" / name, ignore=skip)
        else:
            shutil.copy(place, folder / "tree")
    installed = folder / "tree" / "node_modules" / "typescript"
    installed.mkdir(parents=True)
    (installed / "index.js").touch()
    words = ["-m", "build", "--no-isolation", "--outdir", folder / "dist", folder / "tree"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("prefml/")}
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "prefml").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert here == inside


@pytest.mark.slow
def test_the_sdist_holds_the_licence_and_the_readme(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {Path(name).name for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names


@pytest.mark.slow
def test_nothing_that_checks_the_page_is_in_the_sdist_or_the_wheel(built):
    (sdist,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    with zipfile.ZipFile(wheel) as archive:
        names += archive.namelist()
    assert not {*TOOLS} & {*names}
    assert [name for name in names if name.startswith(("node_modules", "tests/js"))] == []


def test_packages_of_the_page_are_pinned_and_name_no_registry():
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert package["private"] is True
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in package["devDependencies"].values())
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert locked[""]["devDependencies"] == package["devDependencies"]
    assert all("integrity" in one and "resolved" not in one for name, one in locked.items() if name)


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Install the wheel into a new environment that borrows the libraries of this one."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    done = subprocess.run(install, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # A folder named in a .pth file is searched after the environment's own, and the .pth files
    # in it are not read: the installation that this test runs in stays out of the way.
    found = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
    )
    own = sysconfig.get_path("purelib")
    (Path(found.stdout.strip()) / "borrowed.pth").write_text(f"{own}\n")
    return folder


def run(installed, *words, cwd):
    outside = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=outside)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_installed_wheel_works_on_a_workspace(installed, trained, tmp_path):
    shutil.copytree(trained, tmp_path / "workspace")
    prefml = installed / "bin" / "prefml"
    assert "export-model" in run(installed, prefml, "--help", cwd=tmp_path)
    for words in (["ingest"], ["suggest"], ["export-model", "out"], ["status"]):
        run(installed, prefml, "--workspace", "workspace", *words, "--json", cwd=tmp_path)
    script = (
        "import prefml; print(prefml.__file__);"
        "prefml.load_exported('workspace/out/ranker.json');"
        "from prefml.review import create_app;"
        "app = create_app(prefml.Workspace.open('workspace'));"
        "print(app.test_client().get('/', headers={'Host': '127.0.0.1'}).status_code)"
    )
    where, status = run(installed, installed / "bin" / "python", "-c", script, cwd=tmp_path).split()
    assert Path(where).is_relative_to(installed)
    assert status == "200"
