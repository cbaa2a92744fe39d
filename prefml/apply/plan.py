"""Plan what approved decisions do to the files, without touching any."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from prefml.apply.cropped import crop_obstacle
from prefml.apply.locator import LocatedPicture, PictureLocator, name_key
from prefml.apply.outcome import SELECTED, Outcome, Role, outcome_of
from prefml.exceptions import ApplyError
from prefml.proposals import as_mapping
from prefml.proposals.near_duplicates import is_near_duplicates
from prefml.workspace import Workspace

__all__ = ["Kind", "LeftOut", "Plan", "Step", "leads_away", "make_plan"]


Kind: TypeAlias = Literal["folder", "move", "copy", "crop", "mark"]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A file and where it goes.

    Attributes
    ----------
    kind : {"folder", "move", "copy", "crop", "mark"}
        What is done; a folder is created before the files that go there, and a sidecar is marked
        where it lies.
    source, target : str
        Paths relative to the workspace, with `/`. A folder and a new sidecar have no source.
    role : {"folder", "winner", "manual crop", "loser", "companion"}
        Why.
    group : str
        The set it belongs to.
    box : tuple of 4 floats, optional
        The crop box of a cropped copy.
    sha256 : str
        Hash of the source, known once the plan is carried out.
    values : mapping of str to str or None, optional
        What a sidecar is marked with: namespace and name, with a space between, and the value;
        None removes a property.
    """

    kind: Kind
    source: str
    target: str
    role: Role
    group: str
    box: tuple[float, float, float, float] | None = None
    sha256: str = ""
    values: dict[str, str | None] | None = None


@dataclass(frozen=True)
class LeftOut:
    """A reviewed set that is not carried out, and why.

    Attributes
    ----------
    group : str
        The set, or the line that cannot be read.
    reason : str
        Why, in words.
    """

    group: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """Steps to take.

    Attributes
    ----------
    steps : tuple of Step
        In order; folders first.
    groups : mapping of str to str
        The sets that are carried out, with the time of each decision.
    left_out : tuple of LeftOut
        Reviewed sets that cannot be carried out.
    """

    steps: tuple[Step, ...]
    groups: Mapping[str, str]
    left_out: tuple[LeftOut, ...]

    def without(self, groups: Collection[str]) -> Plan:
        """Return the plan without some of its sets."""
        steps = tuple(step for step in self.steps if step.group not in groups)
        kept = {group: when for group, when in self.groups.items() if group not in groups}
        return Plan(steps, kept, self.left_out)

    @property
    def digest(self) -> str:
        """Hash of all that the plan does, by which one that was shown is asked for.

        Two plans have the same exactly if they take the same steps for the same decisions.
        """
        content = [msgspec.to_builtins(self.steps), sorted(self.groups.items())]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def count(self, role: str) -> int:
        """Return how many files have a role."""
        return sum(step.role == role for step in self.steps)


def leads_away(path: str) -> bool:
    """Tell whether a relative path may lead out of the folder it is put below."""
    place = PurePosixPath(path)
    return place.is_absolute() or ".." in place.parts


def make_plan(
    workspace: Workspace,
    suggestions: Mapping[str, Mapping[str, object]],
    decisions: Mapping[str, Mapping[str, object]],
    locator: PictureLocator,
    keep_sources: bool = False,
) -> Plan:
    """Work out what a workspace's decisions do to its files.

    Parameters
    ----------
    workspace : Workspace
        Where the files lie.
    suggestions, decisions : mapping
        By `group_id`, see `prefml.proposals`.
    locator : PictureLocator
        Finds pictures, their projects and their companions.
    keep_sources : bool, default=False
        Copy instead of moving.

    Returns
    -------
    Plan

    Raises
    ------
    ApplyError
        If a set mixes projects. Nothing of any set is planned then.
    WorkspaceError
        If a path leads out of the workspace.
    """
    builder = _Builder(workspace, locator, "copy" if keep_sources else "move")
    for group, decision in decisions.items():
        # What was on the screen, which the reviewed line keeps, goes before a file that may be a
        # later one; its pictures stand beside it.
        shown, filed = as_mapping(decision.get("suggestion")), suggestions.get(group, {})
        suggestion = {"images": filed.get("images"), **(shown or filed)}
        if not (suggestion.get("reask_of") or decision.get("reask_of")):
            builder.add(group, decision, suggestion)
    return Plan((*builder.folders(), *builder.steps), dict(builder.groups), tuple(builder.left_out))


def _without_kept(
    steps: Sequence[Step], found: Sequence[LocatedPicture], outcome: Outcome
) -> list[Step]:
    """Leave the picture that is kept of near duplicates where it lies, with its companions."""
    if outcome.index is None or outcome.box or outcome.manual:
        return list(steps)
    kept = found[outcome.index]
    return [step for step in steps if step.source not in (kept.path, *kept.companions)]


class _Builder:
    """Steps of one set after the other; every source and target is claimed once."""

    def __init__(self, workspace: Workspace, locator: PictureLocator, kind: Kind) -> None:
        self.workspace, self.locator, self.kind = workspace, locator, kind
        self.steps: list[Step] = []
        self.groups: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self._claimed: set[str] = set()

    def add(
        self, group: str, decision: Mapping[str, object], suggestion: Mapping[str, object]
    ) -> None:
        """Plan one set, or leave it out with a reason."""
        images = decision.get("images") or suggestion.get("images")
        if not isinstance(images, list) or not all(isinstance(x, str) for x in images):
            self._leave_out(group, "no suggestion says which pictures belong to it")
            return
        outcome = outcome_of(decision, suggestion, images)
        if isinstance(outcome, Outcome) and outcome.undecided:
            return
        found = [self.locator.locate(image) for image in images]
        if stray := next((picture.problem for picture in found if not picture.is_picture), None):
            # Said of no project, it would stop all sets as one that mixes projects.
            self._leave_out(group, stray)
            return
        project = self._one_project(group, found, decision, suggestion)
        if isinstance(outcome, str):
            self._leave_out(group, outcome)
            return
        if leads_away(project):
            self._leave_out(group, f"project {project!r} is no folder below {SELECTED}/")
            return
        steps = list(self._steps(group, found, outcome, project))
        if is_near_duplicates(decision) or is_near_duplicates(suggestion):
            steps = _without_kept(steps, found, outcome)
        # What lies where it is to go stays there.
        steps = [step for step in steps if step.kind == "crop" or step.source != step.target]
        reason = self._problem(found, steps)
        if reason:
            self._leave_out(group, reason)
        else:
            self._claim(group, str(decision.get("timestamp", "")), steps)

    def _leave_out(self, group: str, reason: str) -> None:
        self.left_out.append(LeftOut(group, reason))

    def _one_project(
        self,
        group: str,
        found: list[LocatedPicture],
        decision: Mapping[str, object],
        suggestion: Mapping[str, object],
    ) -> str:
        """Return the project of all pictures, empty if they have none."""
        stated = self.locator.stated_project(
            decision.get("project_id") or suggestion.get("project_id")
        )
        known = dict.fromkeys(name for picture in found for name in picture.projects)
        if stated:
            known.setdefault(stated)
        nameless = not stated and not all(picture.projects for picture in found)
        if len(known) > 1 or (known and nameless):
            where = ", ".join(
                f"{picture.path} ({' and '.join(picture.projects) or 'unknown'})"
                for picture in found
            )
            raise ApplyError(
                f"set {group} mixes projects: {where}"
                + (f"; it is said to be {stated}" * bool(stated)),
                "pictures of one project",
                "take the set out of sandbox/approved_decisions.jsonl",
            )
        return next(iter(known), "")

    def _steps(
        self, group: str, found: list[LocatedPicture], outcome: Outcome, project: str
    ) -> Iterable[Step]:
        order = sorted(range(len(found)), key=lambda i: i != outcome.index)
        taken: set[str] = set()
        for i in order:
            folder, role = outcome.destination(i)
            home = PurePosixPath(folder, project)
            box = outcome.box if role == "winner" else None
            kind: Kind = "crop" if box else self.kind
            path = found[i].path
            place = home / self.locator.place_of(path, project)
            yield Step(kind, path, str(place), role, group, box)
            # The original of a cropped copy stays where it is, and so keeps its companions.
            for companion in found[i].companions:
                if companion not in taken:
                    taken.add(companion)
                    target = str(place.parent / PurePosixPath(companion).name)
                    kind = "copy" if box else self.kind
                    yield Step(kind, companion, target, "companion", group)

    def _problem(self, found: list[LocatedPicture], steps: list[Step]) -> str | None:
        """Return what keeps the steps of a set from being carried out, None if nothing does."""
        missing = next((picture.problem for picture in found if picture.problem), None)
        if missing:
            return missing
        targets = [name_key(step.target) for step in steps]
        for step, target in zip(steps, targets, strict=True):
            if target in self._claimed or targets.count(target) > 1:
                return f"two files would become {step.target}"
            if step.source in self._claimed:
                return f"{step.source} belongs to another reviewed set too"
            if self.locator.is_taken(step.target):
                return f"{step.target} exists already"
        return next(filter(None, map(self._crop_obstacle, steps)), None)

    def _crop_obstacle(self, step: Step) -> str | None:
        if step.kind != "crop":
            return None
        path = self.workspace.root / step.source
        obstacle = crop_obstacle(path, self.workspace.config.max_pixels)
        return obstacle and f"{step.source} {obstacle}"

    def _claim(self, group: str, when: str, steps: list[Step]) -> None:
        for step in steps:
            self._claimed |= {name_key(step.target), step.source}
        self.groups[group] = when
        self.steps.extend(steps)

    def folders(self) -> list[Step]:
        """Return the steps that create the folders of the targets, outer ones first."""
        wanted: dict[str, None] = {}
        for step in self.steps:
            for folder in reversed(PurePosixPath(step.target).parents):
                if folder.parts and not self.workspace.inside(str(folder)).is_dir():
                    wanted[str(folder)] = None
        return [Step("folder", "", name, "folder", "") for name in wanted]
