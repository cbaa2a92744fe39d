"""Defaults in docstrings, and those that the reference makes of them, are those of the code."""

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
import yaml

import prefml

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = "\n".join(
    page.read_text("utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")
)
MODULES = sorted(
    one.name
    for one in pkgutil.walk_packages(prefml.__path__, "prefml.")
    if not one.name.rsplit(".", 1)[1].startswith("_")
)


def described(name):
    """Yield what a module makes public, and the public methods of its classes."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        thing = getattr(module, public)
        if getattr(thing, "__module__", None) != name:
            continue
        if inspect.isfunction(thing):
            yield public, thing
        elif inspect.isclass(thing):
            yield public, thing
            for method, value in vars(thing).items():
                value = getattr(value, "__func__", value)
                if inspect.isfunction(value) and not method.startswith("_"):
                    yield f"{public}.{method}", value


def entries(text):
    """Yield the names and the type of each entry of a docstring's section of parameters."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S.*\n---|\Z)", text, re.MULTILINE | re.DOTALL)
    for line in section[1].splitlines() if section else ():
        if re.match(r"\S", line) and " : " in line:
            names, _, kind = line.partition(" : ")
            yield names.split(", "), kind


def says_the_same(documented, default):
    try:
        return ast.literal_eval(documented) == default
    except (SyntaxError, ValueError):
        return documented == getattr(default, "__name__", repr(default))


@pytest.mark.parametrize("name", MODULES)
def test_a_default_that_a_docstring_names_is_the_true_one(name):
    for where, thing in described(name):
        for names, kind in entries(inspect.getdoc(thing) or ""):
            documented = kind.partition("default=")[2]
            for one in names if documented else ():
                default = inspect.signature(thing).parameters[one].default
                assert says_the_same(documented, default), f"{where}: {one} : {kind} ({default!r})"


@pytest.fixture(scope="module")
def griffe_package():
    """Return the package as the builder of the reference reads it."""
    griffe = pytest.importorskip("griffe")
    return griffe.load("prefml", docstring_parser="numpy", search_paths=[ROOT])


def shown():
    """Yield the dotted name of everything that the reference shows."""
    for found in re.finditer(r"^::: (\S+)\n((?:    .*\n?)*)", REFERENCE, re.MULTILINE):
        options = (yaml.safe_load(found[2]) or {}).get("options", {}) if found[2].strip() else {}
        yield from (f"{found[1]}.{name}" for name in options.get("members", ()))
        if "members" not in options:
            yield found[1]


def functions(thing):
    """Yield functions and classes that are shown with a thing."""
    if thing.is_function or thing.is_class:
        yield thing
    if thing.is_class or thing.is_module:
        inherited = thing.inherited_members if thing.is_class else {}
        for name, member in {**inherited, **thing.members}.items():
            if not name.startswith("_") and not (thing.is_module and member.is_alias):
                yield from functions(member.final_target if member.is_alias else member)


def same(one, other):
    """Compare two defaults as source, whatever the quotes; None is no default."""
    if one is None or other is None:
        return one is other
    try:
        return ast.dump(ast.parse(str(one))) == ast.dump(ast.parse(str(other)))
    except SyntaxError:
        return False


@pytest.mark.parametrize("dotted", sorted(set(shown())))
def test_the_reference_shows_the_true_defaults(griffe_package, dotted):
    for thing in functions(griffe_package[dotted.removeprefix("prefml.")]):
        parameters = {one.name: one.default for one in thing.parameters}
        sections = thing.docstring.parse("numpy") if thing.docstring else []
        for section in sections:
            if section.kind.value == "parameters":
                for one in (one for one in section.value if not one.name.startswith("*")):
                    true = parameters[one.name]
                    assert same(one.default, true), f"{thing.path}: {one.name}={true}"
