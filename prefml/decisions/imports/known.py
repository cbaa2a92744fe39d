"""Look up what was decided here before, so that nothing that comes back counts twice.

What was approved in bulk is no label; exported and imported again it must not become one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from prefml.boxes import FULL_FRAME, Box, read_box
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.reader import Decisions
from prefml.decisions.stages import split_path
from prefml.exceptions import BoxError
from prefml.proposals import as_list, as_mapping, index_of

__all__ = ["KnownDecisions"]

_DECIDED = ("approved", "overridden")
# Edges that went through whole pixels of a small picture and back.
_SAME = 0.005


@dataclass
class KnownDecisions:
    """Decisions of a workspace by the pictures they are about.

    Attributes
    ----------
    winners : mapping of (project, names) to set of str
        Names of the pictures that were kept of each set.
    boxes : mapping of (project, name) to list of Box
        Crops of each picture.
    """

    winners: dict[tuple[str, frozenset[str]], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    boxes: dict[tuple[str, str], list[Box]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(
        cls,
        decisions: Decisions,
        decided: Mapping[str, Mapping[str, object]],
        suggestions: Mapping[str, Mapping[str, object]],
        resolver: ProjectResolver,
    ) -> KnownDecisions:
        """Collect the decisions of logs and reviews.

        Parameters
        ----------
        decisions : Decisions
            The logs.
        decided, suggestions : mapping
            Reviewed decisions, those in bulk among them, and suggestions, by `group_id`.
        resolver : ProjectResolver
            Finds the project of a path or a name.

        Returns
        -------
        KnownDecisions
        """
        known = cls()
        for _, rows in decisions.items.groupby("set_id", sort=False):
            chosen = rows["filename"][rows["chosen"]]
            key = str(rows["project"].iloc[0]), frozenset(map(str, rows["filename"]))
            known.winners[key].update(map(str, chosen))
        edges = decisions.crops[["x1", "y1", "x2", "y2"]].itertuples(index=False, name=None)
        names = decisions.crops[["project", "filename"]].itertuples(index=False, name=None)
        for (project, name), box in zip(names, edges, strict=True):
            known.boxes[project, name].append(Box(*map(float, box)))
        for group, row in decided.items():
            if row.get("action") in _DECIDED:
                known._add_reviewed(row, suggestions.get(group, {}), resolver)
        return known

    def _add_reviewed(
        self,
        row: Mapping[str, object],
        filed: Mapping[str, object],
        resolver: ProjectResolver,
    ) -> None:
        shown = as_mapping(row.get("suggestion")) or filed
        images = [str(path) for path in as_list(row.get("images") or filed.get("images"))]
        choice = row.get("final_choice")
        if choice is None:
            choice = as_mapping(shown.get("step1_selection")).get("chosen")
        index = 0 if len(images) == 1 else index_of(choice, images)
        stated = str(row.get("project_id") or filed.get("project_id") or "")
        if index is None or not images:
            return
        named, keys = resolver.from_name(stated) if stated else None, []
        for path in images:
            project = named or resolver.from_path(path) or ""
            name = resolver.identities.find(project, path) or split_path(path)[1]
            keys.append((project, name))
        project = keys[index][0]
        self.winners[project, frozenset(name for _, name in keys)].add(keys[index][1])
        try:
            self.boxes[keys[index]].append(read_box(row.get("crop_coords")))
        except BoxError:
            # Without a crop.
            return

    def has_set(self, project: str, names: Sequence[str], winner: str) -> bool:
        """Tell whether a set was decided before with the same winner.

        Parameters
        ----------
        project : str
            Its project.
        names : sequence of str
            Names of its pictures.
        winner : str
            Name of the picture that was kept.

        Returns
        -------
        bool
        """
        return winner in self.winners.get((project, frozenset(names)), ())

    def has_crop(self, project: str, name: str, box: Box) -> bool | None:
        """Tell whether a crop of a picture is known.

        Parameters
        ----------
        project, name : str
            The picture.
        box : Box
            The crop.

        Returns
        -------
        bool or None
            None where no crop of the picture is known, False where others are.
        """
        found = [one for one in self.boxes.get((project, name), []) if one != FULL_FRAME]
        if not found:
            return None
        pairs = (zip(one, box, strict=True) for one in found)
        return any(max(abs(a - b) for a, b in edges) <= _SAME for edges in pairs)
