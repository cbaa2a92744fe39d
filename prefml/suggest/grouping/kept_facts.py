"""Keep the facts of pictures in `sandbox/`, so that each file is opened once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from prefml.exceptions import PrefmlError
from prefml.proposals.lines import Row, read_lines, write_lines
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.facts import PictureFacts, read_facts
from prefml.workspace import Workspace

__all__ = ["facts_path", "load_facts"]

_WHERE = ("path", "file_size", "mtime_ns")
# Facts read by another version of the rules are read anew.
_VERSION = 1


def facts_path(workspace: Workspace) -> Path:
    """Return the file of kept facts.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Path
    """
    return workspace.sandbox / "picture_facts.jsonl"


def load_facts(workspace: Workspace, images: Sequence[ImageFile]) -> dict[str, PictureFacts]:
    """Return the facts of pictures, reading those of files that are new or have changed.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    images : sequence of ImageFile
        The pictures.

    Returns
    -------
    dict of str to PictureFacts
        By path.
    """
    kept = {key: row for row in read_lines(facts_path(workspace)).rows if (key := _key(row))}
    found, fresh = {}, {}
    for image in images:
        key = image.path, image.file_size, image.mtime_ns
        row = kept.get(key)
        facts = None if row is None else _facts_of(row)
        if facts is None:
            facts = read_facts(workspace.root / image.path)
            fresh[key] = dict(zip(_WHERE, key, strict=True)) | asdict(facts) | {"v": _VERSION}
        found[image.path] = facts
    if fresh:
        # Facts that could not be kept are read again the next time.
        with suppress(OSError, PrefmlError):
            workspace.sandbox.mkdir(parents=True, exist_ok=True)
            paths = {key[0] for key in fresh}
            others = [row for key, row in kept.items() if key[0] not in paths]
            write_lines(facts_path(workspace), [*others, *fresh.values()])
    return found


def _key(row: Row) -> tuple[str, int, int] | None:
    path, size, changed = (row.get(name) for name in _WHERE)
    if isinstance(path, str) and isinstance(size, int) and isinstance(changed, int):
        return (path, size, changed) if row.get("v") == _VERSION else None
    return None


def _facts_of(row: Mapping[str, object]) -> PictureFacts | None:
    texts = {name: row.get(name) for name in ("tool", "prompt", "job", "camera")}
    numbers = {name: row.get(name) for name in ("seed", "taken")}
    if not all(isinstance(value, str) for value in texts.values()):
        return None
    if not all(value is None or isinstance(value, int) for value in numbers.values()):
        return None
    return PictureFacts(**texts, **numbers)  # type: ignore[arg-type]
