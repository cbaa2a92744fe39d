"""Plan an import: which decisions a source holds, and which of them are known already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from prefml._typing import Floats
from prefml.decisions import ProjectResolver, read_decisions
from prefml.decisions.imports import (
    ImportedCrop,
    ImportedSet,
    ImportLogs,
    MarkedPicture,
    verdict_of,
)
from prefml.decisions.imports.known import KnownDecisions
from prefml.decisions.imports.verdict import by_label
from prefml.decisions.set_rule import SetRule
from prefml.decisions.times import parse_timestamp
from prefml.proposals import read_decided, read_suggestions
from prefml.proposals.corrections import name_of_set
from prefml.sidecars.find import ImageFile
from prefml.suggest.corrections import read_known_corrections
from prefml.suggest.grouping import Sources, form_groups, open_sources
from prefml.suggest.grouping.corrected import hold_to_corrections
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.imports.sources import (
    Found,
    SourcePictures,
    kind_of,
    read_source,
    stacks_of,
)
from prefml.workspace import Workspace

__all__ = ["ImportPlan", "plan_import"]


@dataclass
class ImportPlan:
    """Decisions that an import would log, and what it would not and why.

    Attributes
    ----------
    kind : str
        Kind of the source.
    logs : ImportLogs
        Where they would be written.
    pictures : int
        Pictures of a known project.
    sets : int
        Sets that they form.
    new, changed : list of ImportedSet
        Decisions to log; a changed one takes the place of what an earlier import logged.
    known : int
        Sets that were logged or reviewed here before, with the same choice.
    no_decision : Counter
        Reason -> sets without a decision.
    alone : Counter
        Reason -> pictures that form no set.
    crops, changed_crops : list of ImportedCrop
        Crops to log.
    known_crops : int
        Crops that are known.
    no_crop : Counter
        Reason -> crops that are no labels.
    passed_over : Counter
        Reason -> what is no picture to judge.
    examples : dict of str to str
        A path for each reason.
    """

    kind: str
    logs: ImportLogs
    pictures: int = 0
    sets: int = 0
    new: list[ImportedSet] = field(default_factory=list)
    changed: list[ImportedSet] = field(default_factory=list)
    known: int = 0
    no_decision: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    crops: list[ImportedCrop] = field(default_factory=list)
    changed_crops: list[ImportedCrop] = field(default_factory=list)
    known_crops: int = 0
    no_crop: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def write(self) -> list[Path]:
        """Log the decisions.

        Returns
        -------
        list of Path
            The files that were written.

        Raises
        ------
        LogError
            If a file of that name is no log of imports.
        """
        return self.logs.write([*self.new, *self.changed], [*self.crops, *self.changed_crops])


def plan_import(
    workspace: Workspace,
    source: Path,
    rule: SetRule,
    kind: str | None = None,
    project: str | None = None,
) -> ImportPlan:
    """Plan an import; nothing is written.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    source : Path
        A folder or a file, in the workspace or elsewhere.
    rule : SetRule
        What makes a set, where the source does not tell.
    kind : str, optional
        Kind of the source; what it looks like by default.
    project : str, optional
        Project of the pictures whose path names none.

    Returns
    -------
    ImportPlan

    Raises
    ------
    ForeignFileError
        If the source cannot be read.
    ConfigError
        If there is no such project, or the rule cannot be used.
    """
    resolver = ProjectResolver.open(workspace)
    found = read_source(workspace, resolver, source, kind or kind_of(source), project)
    return _Planner(workspace, resolver, found).plan(rule)


class _Planner:
    """Decisions of a source, one set after the other."""

    def __init__(
        self, workspace: Workspace, resolver: ProjectResolver, found: SourcePictures
    ) -> None:
        self._workspace, self._resolver, self._found = workspace, resolver, found
        self._session = f"import-{found.kind}"
        self.made = ImportPlan(
            found.kind, ImportLogs(workspace), len(found.pictures),
            passed_over=found.passed_over, examples=found.examples,
        )  # fmt: skip

    def plan(self, rule: SetRule) -> ImportPlan:
        """Plan the sets and the crops."""
        for pictures in self._sets(rule):
            self.made.sets += 1
            self._add_set(pictures)
        for image, marked in self._found.pictures:
            self._add_crop(image, marked)
        return self.made

    @cached_property
    def _known(self) -> KnownDecisions:
        return KnownDecisions.read(
            read_decisions(self._workspace), read_decided(self._workspace),
            read_suggestions(self._workspace), self._resolver,
        )  # fmt: skip

    def _sets(self, rule: SetRule) -> Iterator[Sequence[Found]]:
        """Yield the sets: those that the program formed, and of the rest those of the rule."""
        by_path = {image.path: (image, marked) for image, marked in self._found.pictures}
        for stack in stacks_of(self._found.pictures):
            if len(stack) > 1:
                yield stack
            else:
                self._lone("alone", stack[0][0].path)
        rest = [image for image, marked in self._found.pictures if not marked.stack]
        corrected = read_known_corrections(self._workspace, self._resolver)
        with open_sources(self._workspace) as sources:
            formed = form_groups(rest, rule, _translated(sources, self._found.places))
        grouping = hold_to_corrections(formed, corrected.members)
        for lone in grouping.alone:
            self._lone(lone.reason, lone.image.path)
        for one in grouping.sets:
            yield [by_path[image.path] for image in one.images]

    def _lone(self, reason: str, path: str) -> None:
        self.made.alone[reason] += 1
        self.made.examples.setdefault(reason, path)

    def _add_set(self, pictures: Sequence[Found]) -> None:
        images = [image for image, _ in pictures]
        words = self._workspace.config
        labels = (str(marks.get("label", "")) for marks in (words.winner_marks, words.loser_marks))
        winner, loser = labels
        read = [replace(one, marks=by_label(one.marks, winner, loser)) for _, one in pictures]
        verdict = verdict_of(read)
        reason = verdict.reason
        if len({image.project for image in images}) > 1:
            reason = "mixed_projects"
        if reason or verdict.winner is None:
            self.made.no_decision[reason] += 1
            self.made.examples.setdefault(reason, self._file(images[0]))
            return
        at, names = verdict.winner, [image.filename for image in images]
        project, changed = images[at].project, pictures[at][1].marks.changed
        if self._known.has_set(project, names, names[at]):
            self.made.known += 1
            return
        paths = [self._logged(image) for image in images]
        set_id = name_of_set(project, sorted(names))
        losers = tuple(path for place, path in enumerate(paths) if place != at)
        row = ImportedSet(self._session, set_id, project, paths[at], losers, _time(changed))
        again = self.made.logs.has_set(project, set_id)
        (self.made.changed if again else self.made.new).append(row)

    def _add_crop(self, image: ImageFile, marked: MarkedPicture) -> None:
        marks = marked.marks
        if marks.crop_problem:
            self._no_crop(marks.crop_problem, image)
            return
        if marks.box is None:
            return
        known = self._known.has_crop(image.project, image.filename, marks.box)
        path = self._logged(image)
        again = self.made.logs.has_crop(image.project, path)
        row = ImportedCrop(
            self._session, image.project, path, marks.box, marked.size, _time(marks.changed)
        )
        if known:
            self.made.known_crops += 1
        elif again:
            self.made.changed_crops.append(row)
        elif known is None:
            self.made.crops.append(row)
        else:
            self._no_crop("other_crop", image)

    def _no_crop(self, reason: str, image: ImageFile) -> None:
        self.made.no_crop[reason] += 1
        self.made.examples.setdefault(reason, self._file(image))

    def _file(self, image: ImageFile) -> str:
        return self._found.places.get(image.path, image.path)

    def _logged(self, image: ImageFile) -> str:
        """Return the path that a log names: one outside the workspace means nothing in it."""
        path = self._file(image)
        return image.filename if Path(path).is_absolute() else path


def _time(text: str) -> str:
    when = parse_timestamp(text)
    return "" if when is None else when.isoformat()


def _translated(sources: Sources, places: Mapping[str, str]) -> Sources:
    """Return sources that find pictures which were sorted into folders where they lie now."""
    if not places:
        return sources

    def there(images: Sequence[ImageFile]) -> dict[str, ImageFile]:
        return {one.path: replace(one, path=places.get(one.path, one.path)) for one in images}

    def facts(images: Sequence[ImageFile]) -> Mapping[str, PictureFacts]:
        moved = there(images)
        found = sources.facts(list(moved.values()))
        return {path: found[image.path] for path, image in moved.items()}

    def looks(images: Sequence[ImageFile]) -> Mapping[str, Floats]:
        moved = there(images)
        found = sources.looks(list(moved.values()))
        return {path: found[one.path] for path, one in moved.items() if one.path in found}

    return replace(sources, facts=facts, looks=looks)
