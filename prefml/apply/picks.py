"""Plan the sidecars that tell other programs what was decided, without touching any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from prefml.apply.edits import from_name, marked
from prefml.apply.execute import Report, Watch, carry_out, unwatched
from prefml.apply.journal import Journal, read_journals
from prefml.apply.locator import PictureLocator, name_key
from prefml.apply.logged import logged_sets
from prefml.apply.mark_table import MarkTable, mark_table
from prefml.apply.outcome import Outcome, Role, outcome_of
from prefml.apply.plan import LeftOut, Plan, Step
from prefml.decisions.imports.sidecars import SUFFIX, SidecarFolder, read_sidecar
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.xmp import Name, read_packet
from prefml.decisions.xmp.marks import CROP_FIELDS, crop_values, stored_box
from prefml.exceptions import ForeignFileError, ImageError, counted
from prefml.imaging.formats import format_of_name
from prefml.imaging.opening import open_image, orientation_of
from prefml.proposals import as_mapping, decisions_path, read_lines, read_suggestions
from prefml.workspace import Workspace

__all__ = ["GROUP", "export_picks", "preview_picks"]

GROUP = "export-picks:"
"""Begins the names of sets in journals of exports, which apply nothing."""


def preview_picks(
    workspace: Workspace, preset: str | None = None, groups: Collection[str] | None = None
) -> Report:
    """Plan the sidecars of reviewed sets, and of those that logs hold, changing nothing.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    preset : str, optional
        See `prefml.apply.mark_table.mark_table`.
    groups : collection of str, optional
        Reviewed sets; by default all of them, and those that only logs hold.

    Returns
    -------
    Report
        `already` counts the sets whose sidecars say it already.

    Raises
    ------
    ApplyError
        If a journal cannot be read.
    ConfigError
        If the table of marks cannot be used.
    WorkspaceError
        If a path leads out of the workspace.
    """
    journals = read_journals(workspace)
    lines = read_lines(decisions_path(workspace))
    suggestions = read_suggestions(workspace)
    planner = _Planner(workspace, mark_table(workspace.config, preset), journals)
    for group, decision in lines.by_group().items():
        if groups is None or group in groups:
            planner.add(group, decision, suggestions.get(group, {}))
    if groups is None:
        planner.add_logged()
    unreadable = [LeftOut(*problem.split(": ", 1)) for problem in lines.bad]
    plan = Plan(tuple(planner.steps), planner.groups, ())
    interrupted = next((journal for journal in journals if journal.pending), None)
    return Report(
        plan, left_out=(*unreadable, *planner.left_out), already=planner.unchanged,
        interrupted=interrupted,
    )  # fmt: skip


def export_picks(
    workspace: Workspace,
    preset: str | None = None,
    watch: Watch = unwatched,
    groups: Collection[str] | None = None,
) -> Report:
    """Finish an interrupted run, then write the sidecars.

    Parameters
    ----------
    workspace, preset, groups
        As in `preview_picks`. With the groups that the last run applied, both are taken back
        together.
    watch : callable, optional
        Wraps the numbers of the steps, to draw a progress bar.

    Returns
    -------
    Report

    Raises
    ------
    ApplyError
        If an interrupted run cannot be taken back.
    OSError
        If the disk is full or broken.
    """
    return carry_out(
        workspace, lambda: preview_picks(workspace, preset, groups), watch, groups or ()
    )


class _Planner:
    """Sidecars of one set after the other; every sidecar is marked once."""

    def __init__(
        self, workspace: Workspace, table: MarkTable, journals: Collection[Journal]
    ) -> None:
        self.workspace, self.table = workspace, table
        self.locator = PictureLocator(workspace, ProjectResolver.open(workspace))
        self.steps: list[Step] = []
        self.groups: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.unchanged = 0
        self._journals = journals
        self._folders: dict[Path, SidecarFolder] = {}
        self._claimed: set[str] = set()
        self._decided: set[str] = set()

    def add(self, group: str, decision: Mapping[str, object], filed: Mapping[str, object]) -> None:
        """Plan one set, or leave it out with a reason."""
        suggestion = {
            "images": filed.get("images"), **(as_mapping(decision.get("suggestion")) or filed),
        }  # fmt: skip
        images = decision.get("images") or suggestion.get("images")
        if suggestion.get("reask_of") or decision.get("reask_of"):
            return
        if not isinstance(images, list) or not all(isinstance(one, str) for one in images):
            self.left_out.append(LeftOut(group, "no suggestion says which pictures belong to it"))
            return
        outcome = outcome_of(decision, suggestion, images)
        if isinstance(outcome, str):
            self.left_out.append(LeftOut(group, outcome))
        elif not outcome.undecided:
            self._add_decided(group, str(decision.get("timestamp", "")), images, outcome)

    def add_logged(self) -> None:
        """Plan the sets that only logs hold; what is reviewed, or was decided later, goes first."""
        gone = 0
        for one in logged_sets(self.workspace, self.locator):
            if not one.images:
                gone += 1
            elif self._decided.isdisjoint(one.images):
                outcome, problem = one.fitting(self.workspace)
                if problem:
                    self.left_out.append(LeftOut(one.name, problem))
                self._add_decided(one.name, one.when, one.images, outcome)
        if gone:
            self.left_out.append(
                LeftOut("logs", f"{counted(gone, 'logged set')} without any of their pictures here")
            )

    def _add_decided(self, group: str, when: str, images: Sequence[str], outcome: Outcome) -> None:
        found = [self.locator.locate(image) for image in images]
        self._decided.update(one.path for one in found)
        projects = {name for one in found for name in one.projects}
        if len(projects) > 1:
            where = " and ".join(sorted(projects))
            self.left_out.append(LeftOut(group, f"it mixes the projects {where}"))
            return
        try:
            steps = [
                step
                for at, image in enumerate(images)
                for step in self._steps(GROUP + group, image, outcome, at == outcome.index)
            ]
        except ForeignFileError as error:
            self.left_out.append(LeftOut(group, error.found))
            return
        targets = [name_key(step.target) for step in steps]
        if len(set(targets)) < len(targets) or not self._claimed.isdisjoint(targets):
            self.left_out.append(LeftOut(group, "a picture of it belongs to another set too"))
        elif steps:
            self._claimed.update(targets)
            self.steps += steps
            self.groups[GROUP + group] = when
        else:
            self.unchanged += 1

    def _steps(self, group: str, image: str, outcome: Outcome, is_winner: bool) -> Iterator[Step]:
        for path, is_cropped in self._places(image):
            table = self.table.winner if is_winner else self.table.loser
            for sidecar in self._sidecars(path):
                values = dict(table)
                if is_winner and not outcome.manual and not is_cropped:
                    values |= self._crop(path, sidecar, outcome)
                step = self._step(group, sidecar, values, is_winner)
                if step is not None:
                    yield step

    def _places(self, image: str) -> Iterator[tuple[str, bool]]:
        """Yield where a picture lies, and whether it is a cropped copy there."""
        found, there = self.locator.locate(image), False
        if not found.problem:
            there = True
            yield found.path, False
        for target, is_cropped in self._moved.get(image, ()):
            if (self.workspace.root / target).is_file():
                there = True
                yield target, is_cropped
        if not there:
            raise ForeignFileError(found.problem or f"no file {image}")

    @cached_property
    def _moved(self) -> dict[str, list[tuple[str, bool]]]:
        """Places that earlier runs of apply gave to pictures."""
        found: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for journal in self._journals:
            for step in journal.steps:
                moved = step.kind in ("move", "copy", "crop") and step.role != "companion"
                if moved and step.group not in journal.dropped:
                    found[step.source].append((step.target, step.kind == "crop"))
        return found

    def _sidecars(self, picture: str) -> list[str]:
        """Return the sidecars of a picture, or the name of a new one."""
        path = self.workspace.root / picture
        if path.parent not in self._folders:
            names = (entry.name for entry in path.parent.iterdir())
            pictures = [name for name in names if format_of_name(name) is not None]
            self._folders[path.parent] = SidecarFolder(path.parent, pictures)
        folder, home = self._folders[path.parent], PurePosixPath(picture).parent
        known = folder.of(path.name)
        if not known:
            by_stem = self.table.by_stem and folder.is_only_one_of_its_stem(path.name)
            known = [(path.stem if by_stem else path.name) + SUFFIX]
        return [str(home / name) for name in known]

    def _crop(self, picture: str, sidecar: str, outcome: Outcome) -> Mapping[Name, str | None]:
        if outcome.box is None:
            path = self.workspace.root / sidecar
            packet = read_packet(read_sidecar(path)) if path.exists() else None
            cropped = packet is not None and CROP_FIELDS["HasCrop"] in packet.values
            return crop_values(None) if cropped else {}
        try:
            with open_image(self.workspace.root / picture) as (_, image):
                orientation = orientation_of(image)
        except ImageError as error:
            raise ForeignFileError(error.found) from error
        return crop_values(stored_box(outcome.box, orientation))

    def _step(
        self, group: str, sidecar: str, values: Mapping[Name, str | None], is_winner: bool
    ) -> Step | None:
        path = self.workspace.root / sidecar
        if path.is_symlink():
            raise ForeignFileError(f"{sidecar} is a link")
        named = {from_name(name): value for name, value in values.items()}
        exists = path.exists()
        if exists and marked(path, named) == read_sidecar(path):
            return None
        source = sidecar if exists else ""
        role: Role = "winner" if is_winner else "loser"
        return Step("mark", source, sidecar, role, group, values=named)
