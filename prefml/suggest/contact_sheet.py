"""Write a page that shows the sets that would be formed: nothing in it comes from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

from prefml.exceptions import counted, visible
from prefml.suggest.grouping import Grouping
from prefml.workspace import Workspace

__all__ = ["contact_sheet"]

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; background: #fff; color: #111 }
section { border-top: 1px solid #ccc; padding: .6em 0 }
h2 { font-size: 1em; margin: .2em 0 }
figure { display: inline-block; width: 170px; margin: .2em .4em .2em 0; vertical-align: top }
img { width: 170px; height: 170px; object-fit: contain; background: #eee }
figcaption { font-size: .75em; overflow-wrap: anywhere }
.doubt { color: #a40000 }
@media (prefers-color-scheme: dark) {
  body { background: #111; color: #eee } img { background: #222 }
}
"""
_POLICY = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"


def contact_sheet(workspace: Workspace, grouping: Grouping, target: Path) -> str:
    """Return the page.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.
    grouping : Grouping
        What would be formed.
    target : Path
        Where the page will lie; pictures are linked relative to it and loaded as they are seen.

    Returns
    -------
    str
        HTML, in which deceptive characters of names are shown as codes.
    """
    lines = [
        "<!doctype html>", '<html lang="en">', '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        "<title>prefml sets</title>", f"<style>{_STYLE}</style>",
        f"<h1>{counted(len(grouping.sets), 'set')}, "
        f"{counted(len(grouping.alone), 'picture')} alone</h1>",
        *_sections(workspace, grouping, target),
    ]  # fmt: skip
    return visible("\n".join(lines) + "\n")


def _sections(workspace: Workspace, grouping: Grouping, target: Path) -> Iterator[str]:
    for number, one in enumerate(grouping.sets, 1):
        doubt = f' <span class="doubt">{escape(one.doubt)}</span>' if one.doubt else ""
        pictures = counted(len(one.images), "picture")
        head = f"{number}. {escape(one.project)}: {pictures}, {one.rule}{doubt}"
        yield _section(head, (image.path for image in one.images), workspace, target)
    for reason, count in grouping.reasons.most_common():
        paths = (lone.image.path for lone in grouping.alone if lone.reason == reason)
        yield _section(f"alone: {count}, {escape(reason)}", paths, workspace, target)


def _section(head: str, paths: Iterable[str], workspace: Workspace, target: Path) -> str:
    figures = []
    for path in paths:
        relative = os.path.relpath(workspace.root / path, target.parent)
        link = quote(relative.replace(os.sep, "/"), errors="surrogateescape")
        image = f'<img loading="lazy" alt="" src="{link}">'
        figures.append(f"<figure>{image}<figcaption>{escape(path)}</figcaption></figure>")
    return f"<section><h2>{head}</h2>{''.join(figures)}</section>"
