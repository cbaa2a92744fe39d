"""Draw docs/images/architecture.svg from the imports of the package: `python docs/diagram.py`.

A room stands above the rooms it imports. Arrows that follow from others are left out: where A
imports B and B imports C, A to C is not drawn.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "prefml"
PICTURE = HERE / "images" / "architecture.svg"
# Most rooms use these; arrows to them would hide the others.
COMMON = ("exceptions", "files", "_typing", "_version")
WIDTH, BOX, ROW, HEIGHT = 980, 112, 84, 34
STYLE = """<style>
  text { font: 13px sans-serif; text-anchor: middle; fill: #1c2733 }
  rect { fill: #eef3f8; stroke: #4a6d8c; rx: 5 }
  path { fill: none; stroke: #7d93a6; marker-end: url(#tip) }
  .ground { fill: #fff; stroke: none }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"
 orient="auto"><path d="M0 0 8 4 0 8" style="fill:#7d93a6;stroke:none;marker-end:none"/></marker>
</defs>"""

Arrows = dict[str, set[str]]


def imports() -> Arrows:
    """Return, for each room or module of the package, the others that it imports."""
    arrows: Arrows = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__":
            arrows.setdefault(room, set()).update(_rooms(path))
    return {
        room: {other for other in found if other in arrows and other != room}
        for room, found in arrows.items()
    }


def _rooms(path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith("prefml."):
                yield name.split(".")[1]


def levels(arrows: Arrows) -> dict[str, int]:
    """Return how many rooms lie below each at the deepest."""
    found: dict[str, int] = {}

    def level(room: str) -> int:
        if room not in found:
            found[room] = 1 + max((level(other) for other in arrows[room]), default=-1)
        return found[room]

    for room in arrows:
        level(room)
    return found


def drawn(arrows: Arrows) -> list[tuple[str, str]]:
    """Return the arrows that do not follow from others."""
    below: Arrows = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = set().union(*({o} | reach(o) for o in arrows[room]))
        return below[room]

    kept = []
    for room, others in sorted(arrows.items()):
        around: set[str] = set().union(*(reach(other) for other in others))
        kept += [(room, other) for other in sorted(others - around - set(COMMON))]
    return kept


def places(arrows: Arrows, edges: list[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Return the middle of each room's box, neighbours near each other."""
    depth = levels(arrows)
    rows: dict[int, list[str]] = {}
    for room in sorted(depth):
        rows.setdefault(depth[room], []).append(room)
    top = max(rows)
    found: dict[str, tuple[float, float]] = {}
    for level in sorted(rows):
        beside = {
            room: [found[other][0] for start, other in edges if start == room and other in found]
            for room in rows[level]
        }
        row = sorted(rows[level], key=lambda room: (_mean(beside[room]), room))
        for i, room in enumerate(row):
            found[room] = (WIDTH * (i + 0.5) / len(row), (top - level) * ROW + 40.0)
    return found


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else WIDTH / 2


def svg() -> str:
    """Return the picture."""
    arrows = imports()
    edges = drawn(arrows)
    where = places(arrows, edges)
    height = max(y for _, y in where.values()) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
        "<title>The rooms of prefml and what each imports</title>",
        STYLE,
        f'<rect class="ground" x="0" y="0" width="{WIDTH}" height="{height:.0f}"/>',
        *(_arrow(where[one], where[other]) for one, other in edges),
        *(_box(room, *place) for room, place in sorted(where.items())),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    y1, y2 = y1 + HEIGHT / 2, y2 - HEIGHT / 2
    bend = (y2 - y1) / 2
    return (
        f'<path d="M{x1:.0f} {y1:.0f} C{x1:.0f} {y1 + bend:.0f} '
        f'{x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"/>'
    )


def _box(room: str, x: float, y: float) -> str:
    left, top = x - BOX / 2, y - HEIGHT / 2
    return (
        f'<g><rect x="{left:.0f}" y="{top:.0f}" width="{BOX}" height="{HEIGHT}"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}">{room}</text></g>'
    )


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")
