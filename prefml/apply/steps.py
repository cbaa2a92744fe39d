"""Carrying out one step, and taking it back, from whatever state an interruption left it in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prefml.apply import primitives
from prefml.apply.cropped import write_cropped
from prefml.apply.journal import Journal
from prefml.apply.plan import Step
from prefml.exceptions import ApplyError
from prefml.files import file_sha256
from prefml.workspace import Workspace

__all__ = ["Site", "can_take_back", "carry_out", "take_back"]

_UNDO = "prefml apply --undo"


@dataclass(frozen=True)
class Site:
    """One step of a journal and the two places it is about."""

    workspace: Workspace
    journal: Journal
    number: int

    @property
    def step(self) -> Step:
        """The step."""
        return self.journal.steps[self.number]

    @property
    def source(self) -> Path:
        """Where the file comes from."""
        return self.workspace.root / self.step.source

    @property
    def target(self) -> Path:
        """Where it goes."""
        return self.workspace.inside(self.step.target)

    def temporary(self, beside: Path) -> Path:
        """Return the name under which a file is written before it gets its own."""
        return beside.with_name(f".prefml-{self.journal.path.stem}-{self.number}.tmp")

    def same_file(self) -> bool:
        """Whether both names belong to one file."""
        return self.target.exists() and self.source.exists() and os.path.samefile(
            self.source, self.target
        )  # fmt: skip

    def source_intact(self) -> bool:
        """Whether the source lies where it was, unchanged."""
        regular = self.source.is_file() and not self.source.is_symlink()
        return regular and file_sha256(self.source) == self.step.sha256

    def target_ours(self) -> bool:
        """Whether the target is what this step put there."""
        if not self.target.is_file():
            return False
        made = self.journal.made.get(self.number)
        if made is not None:
            return file_sha256(self.target) == made
        if self.step.kind != "move":
            return False
        moved = self.number in self.journal.done or not self.source.exists()
        return self.same_file() or (moved and file_sha256(self.target) == self.step.sha256)


def carry_out(site: Site) -> None:
    """Carry out a step, or what is left of it.

    Parameters
    ----------
    site : Site
        The step.

    Raises
    ------
    ApplyError
        If the source has changed or gone, or the target is taken.
    ImageError
        If a picture cannot be cropped.
    """
    if site.step.kind == "folder":
        primitives.make_folder(site.target)
        return
    primitives.remove_name(site.temporary(site.target))
    if not site.target_ours():
        _check_source(site)
        if site.target.exists() or site.target.is_symlink():
            raise ApplyError(f"{site.step.target} exists already", "a free name", _UNDO)
        _WAYS[site.step.kind](site)
    if site.step.kind == "move" and site.source.exists():
        _check_source(site)
        primitives.remove_name(site.source)


def _check_source(site: Site) -> None:
    if not site.source.is_file():
        raise ApplyError(f"{site.step.source} has gone", "the picture of the decision", _UNDO)
    if not site.source_intact():
        raise ApplyError(
            f"{site.step.source} has changed since the run began", "an unchanged file", _UNDO
        )


def _move(site: Site) -> None:
    if not primitives.add_name(site.source, site.target):
        _copy(site)


def _copy(site: Site) -> None:
    temporary = site.temporary(site.target)
    primitives.copy_bytes(site.source, temporary)
    if file_sha256(temporary) != site.step.sha256:
        raise ApplyError(f"{site.step.target}: the copy differs from its source", run=_UNDO)
    _publish(site, temporary, site.target)


def _crop(site: Site) -> None:
    temporary = site.temporary(site.target)
    assert site.step.box is not None
    write_cropped(site.source, temporary, site.step.box, site.workspace.config.max_pixels)
    primitives.sync_file(temporary)
    _publish(site, temporary, site.target)


def _publish(site: Site, temporary: Path, target: Path) -> None:
    site.journal.note_made(site.number, file_sha256(temporary))
    if primitives.add_name(temporary, target):
        primitives.remove_name(temporary)
    else:
        primitives.take_name(temporary, target)


_WAYS: dict[str, Callable[[Site], None]] = {"move": _move, "copy": _copy, "crop": _crop}


def can_take_back(site: Site) -> str | None:
    """Say what keeps a step from being taken back without losing anything.

    Parameters
    ----------
    site : Site
        The step.

    Returns
    -------
    str or None
        None if nothing does.
    """
    step = site.step
    if step.kind == "folder":
        return None
    begun = site.number in site.journal.done or site.number in site.journal.made
    if site.target_ours():
        if site.source.exists() and not site.source_intact():
            return f"{step.source} is not the file that was there"
        if step.kind == "crop" and not site.source.exists():
            return f"{step.source}, the original of {step.target}, has gone"
        return None
    if site.target.exists() and begun and not (step.kind == "move" and site.source_intact()):
        return f"{step.target} has changed since"
    if step.kind == "move" and begun and not site.source.exists():
        return f"{step.target} has gone"
    return None


def take_back(site: Site) -> None:
    """Take a step back, or what is left of it; a step that never began is left as it is.

    Parameters
    ----------
    site : Site
        The step; `can_take_back` has nothing against it.
    """
    if site.step.kind == "folder":
        primitives.remove_folder(site.target)
        return
    for place in (site.source, site.target):
        primitives.remove_name(site.temporary(place))
    if not site.target_ours():
        return
    if not site.source.exists() and not primitives.add_name(site.target, site.source):
        temporary = site.temporary(site.source)
        primitives.copy_bytes(site.target, temporary)
        _publish(site, temporary, site.source)
    primitives.remove_name(site.target)
