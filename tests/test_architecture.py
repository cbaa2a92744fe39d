"""The arrows between the rooms, read from the imports."""

import ast
import importlib.util
from pathlib import Path

import pytest

import prefml

PACKAGE = Path(prefml.__file__).parent
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

# Room or module -> what of prefml it may import besides itself.
MAY_IMPORT = {
    "exceptions": set(),
    "files": {"exceptions"},
    "workspace": {"exceptions", "files"},
    "decisions": {"exceptions", "files", "sandbox", "workspace"},
    "imaging": {"exceptions"},
    "encoders": {"exceptions", "files"},
    "sidecars": {"exceptions", "files", "workspace", "imaging", "encoders", "decisions"},
    "ranking": {"exceptions"},
    "cropping": {"exceptions"},
    "features": {"exceptions", "decisions", "imaging", "sidecars"},
    "sample": {"exceptions", "files"},
    "models": {"exceptions", "files"},
    "exported": {"exceptions", "files", "workspace", "models", "ranking", "cropping"},
    "evaluation": {
        "exceptions", "files", "workspace", "decisions", "sidecars", "features", "ranking",
        "cropping", "imaging", "status",
    },
    "training": {
        "exceptions", "files", "workspace", "decisions", "sidecars", "features", "ranking",
        "cropping", "evaluation", "models", "history", "promotion",
    },
    "serving": {
        "exceptions", "workspace", "decisions", "imaging", "encoders", "sidecars", "features",
        "ranking", "cropping", "models",
    },
    "duplicates": {"exceptions", "files", "workspace", "sidecars"},
    "suggest": {
        "exceptions", "files", "workspace", "sandbox", "decisions", "sidecars", "features",
        "ranking", "duplicates", "serving",
    },
    "status": {"workspace", "sandbox", "decisions"},
    "replay": set(),
    "history": {"exceptions", "files", "workspace", "models"},
    "comparison": {
        "exceptions", "workspace", "decisions", "sidecars", "features", "models", "history",
        "promotion", "replay",
    },
    "promotion": {
        "exceptions", "workspace", "models", "history", "replay", "features", "ranking", "cropping",
    },
    "sandbox": {"exceptions", "files", "workspace"},
    "review": {"exceptions", "files", "workspace", "sandbox", "imaging"},
    "scale": {"exceptions", "workspace", "imaging", "encoders", "sidecars", "ranking"},
    "apply": {"exceptions", "files", "workspace", "decisions", "sandbox", "cropping"},
    "doctor": {"exceptions", "workspace", "imaging", "decisions", "encoders", "sidecars", "models"},
}  # fmt: skip
LEAVES = {"cli"}
# Package -> the only files that may import it.
CONFINED = {
    "torch": {"encoders/openclip.py", "encoders/export.py", "evaluation/neural.py"},
    "open_clip": {"encoders/openclip.py", "encoders/export.py"},
    "click": {"cli/"},
    "flask": {"review/"},
    "waitress": {"review/"},
    "dask": {"scale/"},
    "distributed": {"scale/"},
    "upath": {"files.py"},
}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
            if node.module == "prefml":
                yield from (f"prefml.{alias.name}" for alias in node.names)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_lies_below_it(path):
    room = room_of(path)
    if room in LEAVES:
        return
    names = {name.split(".")[1] for name in imported_modules(path) if name.startswith("prefml.")}
    allowed = MAY_IMPORT[room] | {room, "__version__"}
    assert names <= allowed, f"{path.name} imports {sorted(names - allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_stay_in_their_rooms(path):
    place = str(path.relative_to(PACKAGE))
    for name in imported_modules(path):
        package = name.split(".")[0]
        homes = CONFINED.get(package)
        assert homes is None or any(place.startswith(home) for home in homes), (place, package)


def test_no_room_imports_the_command_line():
    for path in FILES:
        if room_of(path) not in LEAVES:
            assert not any(name.startswith("prefml.cli") for name in imported_modules(path))


@pytest.fixture(scope="module")
def diagram():
    script = PACKAGE.parent / "docs" / "diagram.py"
    if not script.is_file():
        pytest.skip("the documents are not here")
    spec = importlib.util.spec_from_file_location("diagram", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_of_the_rooms_is_drawn_from_their_imports(diagram):
    assert diagram.PICTURE.read_text("utf-8") == diagram.svg(), "run: python docs/diagram.py"


def test_no_arrow_leads_back_to_where_it_came_from(diagram):
    arrows = diagram.imports()
    depth = diagram.levels(arrows)
    assert all(depth[room] > depth[other] for room, others in arrows.items() for other in others)


def test_every_room_has_its_line_on_the_architecture_page(diagram):
    page = (diagram.HERE / "architecture.md").read_text("utf-8")
    assert {room for room in diagram.imports() if f"| `{room}` |" not in page} == set()
