"""Look up in the sidecars which faces and hands were found in a picture."""

from __future__ import annotations

import threading
import time
from pathlib import PurePosixPath

import numpy as np

from prefml.exceptions import PrefmlError
from prefml.review import FoundPeople
from prefml.sidecars.store import read_columns
from prefml.workspace import Workspace, canonical_name

__all__ = ["SidecarPeople"]

# Numbers of a face (box, confidence) and of a hand (box, confidence, anomaly).
_WIDTHS = {"face_list": 5, "hand_list": 6}
_LOOK_AGAIN_SECONDS = 60.0


class SidecarPeople:
    """Faces and hands by project and picture, read when a project is first asked for.

    Parameters
    ----------
    workspace : Workspace
        Where the sidecars lie. Without them, or without lists in them, nobody is found.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._found: dict[str, dict[str, FoundPeople]] = {}
        self._read_at: dict[str, float] = {}

    def __call__(self, project: str, name: str) -> FoundPeople:
        """Return what was found in a picture.

        Parameters
        ----------
        project : str
            Its project.
        name : str
            Its path relative to the workspace.

        Returns
        -------
        FoundPeople
        """
        # A name that repeats in its project goes with the folders below it.
        parts = PurePosixPath(canonical_name(name)).parts
        names = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
        with self._lock:
            rows = self._rows(project)
            found = next((rows[key] for key in names if key in rows), None)
            if found is None and time.monotonic() - self._read_at[project] > _LOOK_AGAIN_SECONDS:
                # A pass may have measured it since.
                del self._found[project]
                rows = self._rows(project)
                found = next((rows[key] for key in names if key in rows), None)
        return found or FoundPeople()

    def _rows(self, project: str) -> dict[str, FoundPeople]:
        if project not in self._found:
            self._found[project] = _read(self._workspace, project)
            self._read_at[project] = time.monotonic()
        return self._found[project]


def _read(workspace: Workspace, project: str) -> dict[str, FoundPeople]:
    try:
        table = read_columns(workspace.sidecars, "cues", list(_WIDTHS), [project])
    except PrefmlError:
        # Not measured, or by cues without lists; prefml doctor says which.
        return {}
    return {
        str(name): FoundPeople(_boxes(faces, "face_list"), _boxes(hands, "hand_list"))
        for name, faces, hands in zip(
            table["filename"], table["face_list"], table["hand_list"], strict=True
        )
    }


def _boxes(numbers: np.ndarray | None, kind: str) -> tuple[tuple[float, float, float, float], ...]:
    if numbers is None or not len(numbers):
        return ()
    rows = np.clip(np.asarray(numbers, float).reshape(-1, _WIDTHS[kind])[:, :4], 0.0, 1.0)
    kept = rows[(rows[:, 2] > rows[:, 0]) & (rows[:, 3] > rows[:, 1])]
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in kept)
