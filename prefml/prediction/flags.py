"""Tell by which anomalies of its people a picture is flagged, and where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from prefml.boxes import Box, to_box
from prefml.decisions.frames import picture_keys
from prefml.decisions.tags import FLAG_TAGS
from prefml.exceptions import SidecarError
from prefml.features.tags import flag_columns
from prefml.imaging.drift import SeenPeople, measure_drift
from prefml.models.tag_flags import read_flags
from prefml.prediction.predictions import PictureRows
from prefml.ranking.tag_model import TagModel
from prefml.sidecars.store import read_columns
from prefml.workspace import Workspace

__all__ = ["Flagging", "SeenBy", "read_people"]

# (project, file name) -> the people of a picture; None where nobody was looked for.
SeenBy: TypeAlias = Callable[[str | None, str], SeenPeople | None]

# Anomalies that are flagged by default, of those that `prefml.imaging.anomalies` scores: where at
# least nine in ten flagged ones are planted when half of all are (`docs/anomalies.md`).
_SHOWN = ("hand_length",)
_LIMIT = 1.0
_EDGES = ("left", "top", "right", "bottom")


def _nobody(project: str | None, filename: str) -> SeenPeople | None:
    return None


@dataclass(frozen=True)
class Flagging:
    """Flags of what looks wrong about the people of a picture.

    Attributes
    ----------
    learned : mapping of str to TagModel
        Models that were learned from tags, by the anomaly whose default limit they replace.
    seen : callable
        (project, file name) -> the people of a picture.
    """

    learned: Mapping[str, TagModel] = field(default_factory=dict)
    seen: SeenBy = _nobody

    @classmethod
    def open(cls, workspace: Workspace, projects: Sequence[str]) -> Flagging:
        """Read what was learned from tags, and the people of some projects.

        Parameters
        ----------
        workspace : Workspace
            Its artifacts and sidecars.
        projects : sequence of str
            Projects whose pictures will be flagged.

        Returns
        -------
        Flagging

        Raises
        ------
        ModelFileError
            If what was learned is damaged, or of other cues.
        """
        return cls(read_flags(workspace), read_people(workspace, projects))

    def find(self, rows: PictureRows, picture: int) -> dict[str, Box]:
        """Find the anomalies by which a picture is flagged.

        Parameters
        ----------
        rows : PictureRows
            The pictures of a set.
        picture : int
            Which of them.

        Returns
        -------
        dict of str to Box
            Anomaly -> where it is: names of `FLAG_TAGS` for what is odd by itself, and with
            `_drift` behind them for what is odd beside the other pictures of the set.
        """
        cues, found = rows.cues.iloc[picture], {}
        for name in self._odd_alone(rows, picture):
            found[name] = to_box([float(cues[f"{name}_anomaly_{edge}"]) for edge in _EDGES])
        return found | {f"{name}_drift": box for name, box in self._drifted(rows, picture).items()}

    def _odd_alone(self, rows: PictureRows, picture: int) -> Iterable[str]:
        one = rows.cues.iloc[picture : picture + 1]
        for name in FLAG_TAGS:
            columns, model = flag_columns(one, name), self.learned.get(name)
            by_default = name in _SHOWN and columns[0, 0] > _LIMIT
            if by_default if model is None else model.flag(columns)[0]:
                yield name

    def _drifted(self, rows: PictureRows, picture: int) -> dict[str, Box]:
        """Find what differs from most of the variants in the set."""
        seen = [self.seen(rows.project, name) for name in rows.names]
        own, others = seen[picture], [one for i, one in enumerate(seen) if i != picture]
        if own is None:
            return {}
        drifts = [measure_drift(one, own) for one in others if one is not None]
        found = {}
        for name in FLAG_TAGS:
            known = sorted((d[name] for d in drifts if name in d), key=lambda one: one.score)
            # The lower one of the two in the middle: half of the variants at least differ by more.
            if known and known[(len(known) - 1) // 2].score > _LIMIT:
                found[name] = to_box(known[-1].box)
        return found


def read_people(workspace: Workspace, projects: Sequence[str]) -> SeenBy:
    """Read where the joints of people are, from the sidecars.

    Parameters
    ----------
    workspace : Workspace
        Its sidecars.
    projects : sequence of str
        Whose pictures are read.

    Returns
    -------
    callable
        (project, file name) -> SeenPeople, or None for other pictures.

    """
    if not projects:
        return _nobody
    columns = ["width", "height", "body_points", "hand_points"]
    try:
        table = read_columns(workspace.sidecars, "cues", columns, projects)
    except SidecarError:
        # By cues without lists; a damage was met when the predictions were made.
        return _nobody
    number = {key: row for row, key in enumerate(picture_keys(table))}
    aspect = (table["width"] / table["height"]).to_numpy(float)
    bodies, hands = (table[name].to_numpy(object) for name in columns[2:])

    def look_up(project: str | None, filename: str) -> SeenPeople | None:
        row = number.get((str(project), filename))
        if row is None or bodies[row] is None or hands[row] is None:
            return None
        return SeenPeople.from_lists(bodies[row], hands[row], float(aspect[row]))

    return look_up
