"""Measure how the package is written: size, language, tests, types and arrows between rooms.

Every figure is read from the source with `ast`; `tests/test_style.py` holds the limits.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from _machine import machine

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PACKAGE = ROOT / "prefml"
RUNS = {"style": {"quick": [], "full": []}}

Function = ast.FunctionDef | ast.AsyncFunctionDef
# How a docstring should not open: with a question instead of what the code does.
QUESTIONS = ("What", "Who", "Whose", "Whether", "How", "One")
# A helper of so many lines that is called once must earn its name.
CRUMB = 3


@dataclass(frozen=True)
class Module:
    """A file of the package and its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Return its dotted name; a package's is that of its folder."""
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """Return the folder or file directly below the package that it belongs to."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules(package: Path = PACKAGE) -> list[Module]:
    """Read every file of the package."""
    paths = sorted(package.rglob("*.py"))
    texts = [path.read_text("utf-8") for path in paths]
    return [Module(path, text, ast.parse(text)) for path, text in zip(paths, texts, strict=True)]


def functions(module: Module) -> Iterator[Function]:
    """Yield every function and method of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            yield node


def body_lines(function: Function) -> int:
    """Return how many lines the body of a function has, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def docstrings(module: Module) -> Iterator[str]:
    """Yield every docstring of a module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Module | ast.ClassDef | Function):
            text = ast.get_docstring(node)
            if text:
                yield text


def opens_with_a_question(docstring: str) -> bool:
    """Tell whether a docstring opens with one of `QUESTIONS`."""
    first = re.match(r"[A-Za-z]+", docstring)
    return first is not None and first.group() in QUESTIONS


def public_nodes(module: Module) -> Iterator[ast.AST]:
    """Yield a module, its public classes and functions, and the public methods of its classes."""
    yield module.tree
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                inside = (one for one in node.body if isinstance(one, Function))
                yield from (one for one in inside if not one.name.startswith("_"))


def helpers(module: Module) -> Iterator[tuple[Function, int]]:
    """Yield every private function or method, and how often its module names it."""
    named: Counter[str] = Counter()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name):
            named[node.id] += 1
        elif isinstance(node, ast.Attribute):
            named[node.attr] += 1
    for function in functions(module):
        if function.name.startswith("_") and not function.name.startswith("__"):
            yield function, named[function.name]


def crumbs(module: Module) -> list[str]:
    """Name the private helpers that are called once and have at most `CRUMB` lines."""
    return [
        f"{module.name}.{function.name}"
        for function, count in helpers(module)
        if count == 1 and body_lines(function) <= CRUMB
    ]


def count_any(module: Module) -> int:
    """Count the word `Any` in a module, import lines left out."""
    lines = (line for line in module.text.splitlines() if not re.match(r"\s*(from|import)\b", line))
    return sum(len(re.findall(r"\bAny\b", line)) for line in lines)


def imported(module: Module, only_when_loaded: bool = False) -> set[str]:
    """Return the dotted names of what a module imports from the package."""
    nodes = module.tree.body if only_when_loaded else ast.walk(module.tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("prefml")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prefml"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def arrows(found: list[Module]) -> set[tuple[str, str]]:
    """Return the pairs of rooms of which the first imports the second."""
    rooms = {module.room for module in found}
    pairs = {(m.room, name.split(".")[1]) for m in found for name in imported(m) if "." in name}
    return {(one, other) for one, other in pairs if one != other and other in rooms}


def circles(found: list[Module]) -> list[str]:
    """Name the modules that import themselves through others while they are loaded."""
    names = {module.name for module in found}
    left = {
        module.name: {
            name if name in names else name.rpartition(".")[0]
            for name in imported(module, only_when_loaded=True)
        }
        - {module.name}
        for module in found
    }
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    return sorted(left)


def untested(found: list[Module], tests: Path = ROOT / "tests") -> list[str]:
    """Name the modules that have no test file of their name in the folder of their room."""
    missing = []
    for module in found:
        inside = module.path.relative_to(PACKAGE)
        if inside.name != "__init__.py":
            test = tests / inside.parent / f"test_{inside.stem.lstrip('_')}.py"
            if not test.is_file():
                missing.append(inside.as_posix())
    return missing


def measure() -> dict[str, Any]:
    """Return every figure."""
    found = modules()
    sizes = {module.path: module.text.count("\n") for module in found}
    bodies = [body_lines(function) for module in found for function in functions(module)]
    texts = [text for module in found for text in docstrings(module)]
    public = [node for module in found for node in public_nodes(module)]
    private = [pair for module in found for pair in helpers(module)]
    return {
        "modules": sum(module.path.name != "__init__.py" for module in found),
        "largest_module": max(sizes.values()),
        "function_median": median(bodies),
        "function_p90": quantiles(bodies, n=10)[-1],
        "function_max": max(bodies),
        "public_docstrings": sum(ast.get_docstring(n) is not None for n in public) / len(public),
        "question_docstrings": sum(map(opens_with_a_question, texts)) / len(texts),
        "modules_without_test": len(untested(found)),
        "import_circles": len(circles(found)),
        "any": sum(map(count_any, found)),
        "arrows": len(arrows(found)),
        "private_helpers": len(private),
        "called_once": sum(count == 1 for _, count in private),
        "crumbs": sum(len(crumbs(module)) for module in found),
    }


def commits_with_body() -> float | None:
    """Return the share of commits, merges left out, whose message says more than a subject.

    None where there is no history, as in an archive.
    """
    words = ["git", "log", "--no-merges", "--format=%b%x00"]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    bodies = found.stdout.split("\0")[:-1]
    return sum(bool(body.strip()) for body in bodies) / len(bodies) if bodies else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "style.json")
    parser.add_argument("--list", action="store_true", help="Name what misses a limit instead.")
    options = parser.parse_args()
    if options.list:
        found = modules()
        for words in (untested(found), circles(found), *map(crumbs, found)):
            print(*words, sep="\n", end="\n" if words else "")
        return
    record = {"machine": machine(), **measure(), "commits_with_body": commits_with_body()}
    options.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
