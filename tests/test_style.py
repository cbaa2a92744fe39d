"""The limits that CONTRIBUTING.md states, held against the source."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def style():
    sys.path.insert(0, str(HERE))
    try:
        spec = importlib.util.spec_from_file_location("style", HERE / "style.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["style"] = module
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(HERE))
        del sys.modules["style"]


@pytest.fixture(scope="module")
def found(style):
    return style.modules()


@pytest.fixture(scope="module")
def measured(style):
    return style.measure()


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("largest_module", 400),
        ("function_max", 40),
        ("function_p90", 15),
        ("question_docstrings", 0.01),
        ("modules_without_test", 0),
        ("import_circles", 0),
        ("any", 60),
        ("arrows", 154),
        ("crumbs", 60),
    ],
)
def test_no_figure_is_above_its_limit(measured, name, most):
    assert measured[name] <= most, "python benchmarks/style.py --list names what is too much"


def test_everything_public_has_a_docstring(measured):
    assert measured["public_docstrings"] == 1


@pytest.fixture
def made_up(style, tmp_path, monkeypatch):
    """Measure a made-up package instead."""
    monkeypatch.setattr(style, "PACKAGE", tmp_path / "prefml")

    def write(**files):
        for name, text in files.items():
            path = tmp_path / "prefml" / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return style.modules(tmp_path / "prefml")

    return write


def test_a_helper_that_is_called_once_and_short_is_a_crumb(style, made_up):
    (module,) = made_up(
        a="def once():\n    return _short()\n\n"
        "def _short():\n    return 1\n\n"
        "def twice():\n    return _used() + _used()\n\n"
        "def _used():\n    return 2\n\n"
        "def three():\n    return _long()\n\n"
        "def _long():\n    a = 1\n    b = 2\n    c = 3\n    return a + b + c\n"
    )
    assert style.crumbs(module) == ["prefml.a._short"]


def test_any_is_counted_outside_import_lines(style, made_up):
    (module,) = made_up(a="from typing import Any\nx: Any = 1\ny: dict[str, Any] = {}\n")
    assert style.count_any(module) == 2


def test_a_circle_is_found_and_a_late_import_is_none(style, made_up):
    late = "def f():\n    from prefml.a import x\n    return x\n"
    assert style.circles(made_up(a="from prefml.b import y\n", b=late)) == []
    both = made_up(a="from prefml.b import y\n", b="from prefml.a import x\n")
    assert style.circles(both) == ["prefml.a", "prefml.b"]


def test_arrows_join_rooms_and_not_the_files_of_one(style, made_up):
    modules = made_up(
        room__one="from prefml.room.two import x\nfrom prefml.other import y\n",
        room__two="from prefml.other import z\n",
        other="",
    )
    assert style.arrows(modules) == {("room", "other")}


def test_a_docstring_that_opens_with_a_question_is_told(style):
    assert style.opens_with_a_question("Whether it holds.")
    assert style.opens_with_a_question("One row a set.")
    assert not style.opens_with_a_question("Onehot encode the kinds.")
    assert not style.opens_with_a_question("Return what was found.")


def test_the_body_of_a_function_is_counted_without_its_docstring(style, made_up):
    (module,) = made_up(a='def f():\n    """Return."""\n    a = 1\n\n    return a\n')
    (function,) = style.functions(module)
    assert style.body_lines(function) == 3
