"""The arrows between the rooms, read from the imports."""

import ast
import importlib.util
from pathlib import Path

import pytest

import prefml

PACKAGE = Path(prefml.__file__).parent
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

# Room or module -> what of prefml it imports besides itself, all of it and nothing else.
IMPORTS = {
    "_typing": set(),
    "_estimators": {"_typing"},
    "_version": set(),
    "exceptions": set(),
    "boxes": {"_typing", "exceptions"},
    "sets": {"_typing"},
    "intervals": {"_typing"},
    "files": {"exceptions"},
    "workspace": {"exceptions", "files"},
    "proposals": {"boxes", "exceptions", "files", "intervals", "workspace"},
    "imaging": {"_typing", "boxes", "exceptions"},
    "encoders": {"_typing", "exceptions", "files"},
    "ranking": {"_estimators", "_typing", "intervals", "sets"},
    "cropping": {"_estimators", "_typing", "boxes", "exceptions", "intervals"},
    "decisions": {"boxes", "exceptions", "files", "proposals", "workspace"},
    "sidecars": {
        "_typing", "decisions", "encoders", "exceptions", "files", "imaging", "workspace",
    },
    "features": {
        "_typing", "decisions", "duplicates", "exceptions", "sets", "sidecars", "workspace",
    },
    "models": {
        "_typing", "_version", "cropping", "decisions", "exceptions", "features", "files",
        "imaging", "ranking", "sidecars", "workspace",
    },
    "prediction": {
        "_typing", "boxes", "cropping", "decisions", "encoders", "exceptions", "features",
        "imaging", "models", "ranking", "sidecars", "workspace",
    },
    "evaluation": {
        "_typing", "_version", "boxes", "cropping", "exceptions", "features", "files", "imaging",
        "ranking", "sets", "sidecars", "status", "workspace",
    },
    "cluster": {"encoders", "exceptions", "ranking", "sidecars", "workspace"},
    "duplicates": {"_typing", "exceptions", "files", "sidecars", "workspace"},
    "suggest": {
        "_typing", "decisions", "duplicates", "exceptions", "prediction", "proposals",
        "ranking", "sidecars", "workspace",
    },
    "review": {
        "_version", "boxes", "exceptions", "files", "imaging", "proposals", "workspace",
    },
    "apply": {
        "boxes", "decisions", "exceptions", "files", "imaging", "proposals", "workspace",
    },
    "status": {"boxes", "decisions", "intervals", "proposals", "workspace"},
    "doctor": {
        "decisions", "encoders", "exceptions", "imaging", "models", "sidecars", "workspace",
    },
    "sample": {"_typing", "boxes", "exceptions", "files"},
}  # fmt: skip
# Below everything that knows files, pictures or logs.
ARRAYS = ("ranking", "cropping")
ARRAYS_MAY_USE = {"_estimators", "_typing", "boxes", "exceptions", "intervals", "sets"}
LEAVES = {"cli"}
# Package -> the only files that may import it.
CONFINED = {
    "torch": {"encoders/openclip.py", "encoders/export.py", "evaluation/neural.py"},
    "open_clip": {"encoders/openclip.py", "encoders/export.py"},
    "click": {"cli/"},
    "flask": {"review/"},
    "waitress": {"review/"},
    "dask": {"cluster/"},
    "distributed": {"cluster/"},
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
def test_a_file_imports_only_what_its_room_may(path):
    room = room_of(path)
    if room in LEAVES:
        return
    names = {name.split(".")[1] for name in imported_modules(path) if name.startswith("prefml.")}
    assert names <= IMPORTS[room] | {room}, f"{path.name} imports {names - IMPORTS[room]}"


@pytest.mark.parametrize("room", IMPORTS)
def test_every_permission_is_used(room):
    files = [path for path in FILES if room_of(path) == room]
    names = {name for path in files for name in imported_modules(path)}
    used = {name.split(".")[1] for name in names if name.startswith("prefml.")}
    assert IMPORTS[room] - used == set(), "take them out of the table"


def test_every_room_is_in_the_table():
    assert {room_of(path) for path in FILES} == set(IMPORTS) | LEAVES


@pytest.mark.parametrize("room", ARRAYS)
def test_what_knows_arrays_only_stands_on_the_ground(room):
    assert IMPORTS[room] <= ARRAYS_MAY_USE


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


def module_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_when_loaded(path):
    """Name the modules that a file imports while it is itself being imported."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prefml"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in names)


MODULES = {module_of(path) for path in [*FILES, PACKAGE / "__init__.py"]}


def test_no_module_imports_itself_through_others():
    arrows = {module_of(path): set(imports_when_loaded(path)) for path in FILES}
    done, left = set(), set(arrows)
    while left:
        free = {name for name in left if arrows[name] - {name} <= done}
        assert free, f"a circle among {sorted(left)}"
        done |= free
        left -= free


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
