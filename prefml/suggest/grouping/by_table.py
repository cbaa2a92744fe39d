"""Form the sets that a CSV file states, the rule `table`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from unicodedata import normalize

import pandas as pd

from prefml.decisions.set_rule import SetRule
from prefml.exceptions import ConfigError, counted
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.chains import Placed, group_placed
from prefml.suggest.grouping.outcome import Grouping, Lone
from prefml.workspace import Workspace

__all__ = ["SET_COLUMNS", "group_by_table", "read_table"]

SET_COLUMNS = ("set", "set_id", "group", "group_id")
IMAGE_COLUMNS = ("image", "path", "filename", "file")


def read_table(workspace: Workspace, name: str) -> list[tuple[str, str]]:
    """Read the sets of a CSV file.

    Parameters
    ----------
    workspace : Workspace
        The file lies inside.
    name : str
        The file, relative to the workspace. It has a column `set` (or set_id, group, group_id) and
        a column `image` (or path, filename, file).

    Returns
    -------
    list of (set, image)
        In the order of the file.

    Raises
    ------
    ConfigError
        If it cannot be read, lacks a column, or puts a picture into two sets.
    """
    path = workspace.inside(name)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"{path}: {reason}", "a CSV file with columns set and image", "prefml sets --table FILE"
        ) from error
    columns = [
        next((column for column in frame if str(column).strip().lower() in names), None)
        for names in (SET_COLUMNS, IMAGE_COLUMNS)
    ]
    if None in columns:
        raise ConfigError(f"{path}: columns {', '.join(map(str, frame))}", "columns set and image")
    rows = [
        (str(key).strip(), str(image).strip().replace("\\", "/"))
        for key, image in frame[columns].itertuples(index=False)
    ]
    return [row for row in rows if all(row)]


def group_by_table(
    images: Sequence[ImageFile], rule: SetRule, rows: Sequence[tuple[str, str]]
) -> Grouping:
    """Form the sets of a table.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects.
    rule : SetRule
        The most.
    rows : sequence of (set, image)
        As `read_table` gives them: a path from the workspace, or the end of one that is unique.

    Returns
    -------
    Grouping
        What the table names and is not there is counted in a note.

    Raises
    ------
    ConfigError
        If a picture stands in two sets.
    """
    paths = {image.path: image for image in images}
    composed = {normalize("NFC", path): image for path, image in paths.items()}
    ends = _unique_ends(images)
    found: dict[str, str] = {}
    places: dict[str, int] = {}
    missing = []
    for number, (key, name) in enumerate(rows):
        wanted = normalize("NFC", name.removeprefix("./"))
        image = composed.get(wanted) or ends.get(wanted)
        if image is None:
            missing.append(name)
        elif found.setdefault(image.path, key) != key:
            raise ConfigError(
                f"{rule.table} puts {name} into the sets {found[image.path]} and {key}",
                "each picture in one set",
            )
        else:
            places.setdefault(image.path, number)
    mixed = _mixed_sets(found, paths)
    alone = [Lone(image, "the table does not name it")
             for path, image in paths.items() if path not in found]  # fmt: skip
    alone += [Lone(paths[path], "its set in the table joins two projects")
              for path, key in found.items() if key in mixed]  # fmt: skip
    placed = [
        Placed(paths[path], (key,), 0, None, "no other picture of its set in the table is there",
               (float(places[path]), ""))
        for path, key in found.items()
        if key not in mixed
    ]  # fmt: skip
    made = group_placed(placed, "table", rule.most)
    made.alone.extend(alone)
    if missing:
        lost = counted(len(missing), "picture that is", "pictures that are")
        made.notes.append(f"{rule.table} names {lost} not there, such as {missing[0]}")
    return made


def _unique_ends(images: Sequence[ImageFile]) -> dict[str, ImageFile]:
    """Return the pictures by each end of their paths that only one has."""
    ends: dict[str, ImageFile | None] = {}
    for image in images:
        parts = PurePosixPath(normalize("NFC", image.path)).parts
        for start in range(1, len(parts)):
            end = "/".join(parts[start:])
            ends[end] = None if end in ends else image
    return {end: image for end, image in ends.items() if image is not None}


def _mixed_sets(found: dict[str, str], paths: dict[str, ImageFile]) -> set[str]:
    projects: dict[str, set[str]] = {}
    for path, key in found.items():
        projects.setdefault(key, set()).add(paths[path].project)
    return {key for key, names in projects.items() if len(names) > 1}
