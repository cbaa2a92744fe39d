"""Hold a step of a journal with the two places it is about."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from prefml.apply.journal import Journal
from prefml.apply.plan import Step
from prefml.files import file_sha256
from prefml.workspace import Workspace

__all__ = ["UNDO", "StepContext"]

UNDO = "prefml apply --undo"


@dataclass(frozen=True)
class StepContext:
    """A step of a journal and the two places it is about.

    Attributes
    ----------
    workspace : Workspace
        Where the files lie.
    journal : Journal
        The run.
    number : int
        Position of the step in it.
    """

    workspace: Workspace
    journal: Journal
    number: int

    @property
    def step(self) -> Step:
        """The step itself."""
        return self.journal.steps[self.number]

    @property
    def source(self) -> Path:
        """Path that the file comes from."""
        return self.workspace.root / self.step.source

    @property
    def target(self) -> Path:
        """Path that it goes to; it never leads out of the workspace."""
        return self.workspace.inside(self.step.target)

    def temporary(self, beside: Path) -> Path:
        """Return the name under which a file is written before it gets its own."""
        return beside.with_name(f".prefml-{self.journal.path.stem}-{self.number}.tmp")

    def is_same_file(self) -> bool:
        """Tell whether both names belong to one file."""
        return self.target.exists() and self.source.exists() and os.path.samefile(
            self.source, self.target
        )  # fmt: skip

    def is_source_intact(self) -> bool:
        """Tell whether the source lies where it was, unchanged."""
        regular = self.source.is_file() and not self.source.is_symlink()
        return regular and file_sha256(self.source) == self.step.sha256

    def is_target_ours(self) -> bool:
        """Tell whether the target is what this step put there."""
        if not self.target.is_file():
            return False
        made = self.journal.made.get(self.number)
        if made is not None:
            return file_sha256(self.target) == made
        if self.step.kind != "move":
            return False
        moved = self.number in self.journal.done or not self.source.exists()
        return self.is_same_file() or (moved and file_sha256(self.target) == self.step.sha256)

    @property
    def saved(self) -> Path:
        """Copy of a file that the step changes, kept as long as the run can be taken back."""
        return self.journal.saved / f"{self.number}"
