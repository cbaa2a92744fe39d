"""Write imported decisions as logs of prefml's own format, each once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from prefml.boxes import Box, Size
from prefml.decisions.log_files import find_logs
from prefml.decisions.tables import csv_line, read_table
from prefml.exceptions import LogError
from prefml.files import write_text
from prefml.workspace import Workspace

__all__ = ["CROPS", "SETS", "ImportLogs", "ImportedCrop", "ImportedSet"]

SETS, CROPS = "imported_picks.csv", "imported_crops.csv"
_SET_COLUMNS = ("session_id", "set_id", "project_id", "chosen_path", "neg_paths", "timestamp")
_CROP_COLUMNS = (
    "session_id", "timestamp", "project_id", "filename", "crop_x1", "crop_y1", "crop_x2",
    "crop_y2", "width", "height",
)  # fmt: skip
_Row = tuple[str, ...]


class ImportedSet(NamedTuple):
    """Decision of a set.

    Attributes
    ----------
    session_id : str
        Kind of the source.
    set_id : str
        Name of the set, the same for the same pictures.
    project : str
        Its project.
    winner : str
        Path of the picture that was kept.
    losers : tuple of str
        Paths of the others.
    timestamp : str
        Time of the decision in ISO form; empty where the source does not tell it.
    """

    session_id: str
    set_id: str
    project: str
    winner: str
    losers: tuple[str, ...]
    timestamp: str = ""

    @property
    def row(self) -> _Row:
        """Fields of its line."""
        losers = json.dumps(list(self.losers), ensure_ascii=False)
        return self.session_id, self.set_id, self.project, self.winner, losers, self.timestamp


class ImportedCrop(NamedTuple):
    """Crop of a picture.

    Attributes
    ----------
    session_id : str
        Kind of the source.
    project : str
        Its project.
    path : str
        The picture.
    box : Box
        In fractions of the upright picture.
    size : tuple of int or None
        Its width and height in pixels.
    timestamp : str
        As in `ImportedSet`.
    """

    session_id: str
    project: str
    path: str
    box: Box
    size: Size | None
    timestamp: str = ""

    @property
    def row(self) -> _Row:
        """Fields of its line."""
        edges = (f"{edge:.6f}" for edge in self.box)
        size = map(str, self.size or ("", ""))
        return (self.session_id, self.timestamp, self.project, self.path, *edges, *size)


@dataclass(frozen=True)
class ImportLogs:
    """The two logs of imported decisions in a workspace.

    Attributes
    ----------
    workspace : Workspace
        The workspace.
    """

    workspace: Workspace

    @cached_property
    def folder(self) -> Path:
        """Folder of the logs: where others lie, else `data/training`."""
        (folder,) = self.workspace.log_folders()
        if folder == self.workspace.root and not find_logs(self.workspace).paths:
            return self.workspace.root / "data" / "training"
        return folder

    def write(self, sets: Sequence[ImportedSet], crops: Sequence[ImportedCrop]) -> list[Path]:
        """Add decisions to the logs.

        A set or a crop that an earlier import wrote, and that was decided anew since, takes the
        place of what stood there.

        Parameters
        ----------
        sets : sequence of ImportedSet
            Decisions of sets.
        crops : sequence of ImportedCrop
            Crops.

        Returns
        -------
        list of Path
            The files that were written.

        Raises
        ------
        LogError
            If a file of that name is no log of imports.
        """
        keyed: dict[_Row, _Row] = {one.row[1:3]: one.row for one in sets}
        boxes: dict[_Row, _Row] = {(one.project, one.path): one.row for one in crops}
        made = [
            self._merge(SETS, _SET_COLUMNS, keyed, (1, 2)),
            self._merge(CROPS, _CROP_COLUMNS, boxes, (2, 3)),
        ]
        return [path for path in made if path is not None]

    def _merge(
        self, name: str, columns: _Row, fresh: Mapping[_Row, _Row], key: tuple[int, int]
    ) -> Path | None:
        if not fresh:
            return None
        path = self.folder / name
        rows, waiting = [], dict(fresh)
        for row in _read(path, columns):
            # A line that someone shortened by hand is no repeat of anything.
            found = tuple(row[at] for at in key) if len(row) == len(columns) else ()
            rows.append(waiting.pop(found, row))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(
            path, "".join(f"{csv_line(row)}\n" for row in (columns, *rows, *waiting.values()))
        )
        return path

    def has_set(self, project: str, set_id: str) -> bool:
        """Tell whether an earlier import wrote a set."""
        return (set_id, project) in self._logged[SETS]

    def has_crop(self, project: str, path: str) -> bool:
        """Tell whether an earlier import wrote a crop of a picture."""
        return (project, path) in self._logged[CROPS]

    @cached_property
    def _logged(self) -> dict[str, set[_Row]]:
        """Keys of what stands in each log."""
        found: dict[str, set[_Row]] = {}
        for name, columns, key in ((SETS, _SET_COLUMNS, (1, 2)), (CROPS, _CROP_COLUMNS, (2, 3))):
            rows = _read(self.folder / name, columns)
            whole = (row for row in rows if len(row) == len(columns))
            found[name] = {tuple(row[at] for at in key) for row in whole}
        return found


def _read(path: Path, columns: _Row) -> list[Sequence[str]]:
    if not path.exists():
        return []
    table = read_table(path)
    if table.header != columns or not all(record.decodable for record in table.records):
        raise LogError(
            f"{path} is not as prefml import writes it", f"columns {', '.join(columns)}",
            f"move {path.name} to another name, and import again",
        )  # fmt: skip
    return [record.fields for record in table.records]
