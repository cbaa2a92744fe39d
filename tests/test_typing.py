"""Check that the name of an array type means the same in every module."""

import ast
from collections import Counter
from pathlib import Path

import prefml
from prefml import _typing

PACKAGE = Path(prefml.__file__).parent


def aliases(path):
    """Yield the name of every array alias that a module declares."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if ast.unparse(node.value).startswith("NDArray["):
                yield ast.unparse(target)


def test_no_name_of_an_array_type_is_declared_twice():
    declared = Counter(name for path in PACKAGE.rglob("*.py") for name in aliases(path))
    assert [name for name, count in declared.items() if count > 1] == []


def test_every_alias_is_exported_in_order_of_its_name():
    declared = set(aliases(PACKAGE / "_typing.py"))
    assert declared <= set(_typing.__all__)
    assert sorted(_typing.__all__) == _typing.__all__
