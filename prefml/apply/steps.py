"""Apply one step, or revert it, from whatever state an interruption left it in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prefml.apply import primitives
from prefml.apply.context import UNDO, StepContext
from prefml.apply.cropped import write_cropped
from prefml.apply.edits import apply_edit, edit_obstacle, revert_edit
from prefml.exceptions import ApplyError
from prefml.files import file_sha256

__all__ = ["StepContext", "apply_step", "revert_obstacle", "revert_step"]


def apply_step(context: StepContext) -> None:
    """Carry out a step, or what is left of it.

    Parameters
    ----------
    context : StepContext
        The step.

    Raises
    ------
    ApplyError
        If the source has changed or gone, or the target is taken.
    ImageError
        If a picture cannot be cropped.
    """
    if context.step.kind == "folder":
        primitives.make_folder(context.target)
        return
    if context.step.kind == "mark":
        apply_edit(context)
        return
    primitives.unlink(context.temporary(context.target))
    if not context.is_target_ours():
        _check_source(context)
        if context.target.exists() or context.target.is_symlink():
            raise ApplyError(f"{context.step.target} exists already", "a free name", UNDO)
        _OPERATIONS[context.step.kind](context)
    if context.step.kind == "move" and context.source.exists():
        _check_source(context)
        primitives.unlink(context.source)


def _check_source(context: StepContext) -> None:
    if not context.source.is_file():
        raise ApplyError(f"{context.step.source} has gone", "the picture of the decision", UNDO)
    if not context.is_source_intact():
        raise ApplyError(
            f"{context.step.source} has changed since the run began", "an unchanged file", UNDO
        )


def _move(context: StepContext) -> None:
    if not primitives.hard_link(context.source, context.target):
        _copy(context)


def _copy(context: StepContext) -> None:
    temporary = context.temporary(context.target)
    primitives.copy_file(context.source, temporary)
    if file_sha256(temporary) != context.step.sha256:
        raise ApplyError(f"{context.step.target}: the copy differs from its source", run=UNDO)
    _publish(context, temporary, context.target)


def _crop(context: StepContext) -> None:
    temporary = context.temporary(context.target)
    assert context.step.box is not None
    write_cropped(context.source, temporary, context.step.box, context.workspace.config.max_pixels)
    primitives.sync_file(temporary)
    _publish(context, temporary, context.target)


def _publish(context: StepContext, temporary: Path, target: Path) -> None:
    context.journal.record_made(context.number, file_sha256(temporary))
    if primitives.hard_link(temporary, target):
        primitives.unlink(temporary)
    else:
        primitives.rename(temporary, target)


_OPERATIONS: dict[str, Callable[[StepContext], None]] = {
    "move": _move,
    "copy": _copy,
    "crop": _crop,
}


def revert_obstacle(context: StepContext) -> str | None:
    """Say what keeps a step from being taken back without losing anything.

    Parameters
    ----------
    context : StepContext
        The step.

    Returns
    -------
    str or None
        None if nothing does.
    """
    step = context.step
    if step.kind == "folder":
        return None
    if step.kind == "mark":
        return edit_obstacle(context)
    begun = context.number in context.journal.done or context.number in context.journal.made
    if context.is_target_ours():
        # A link to nothing, too, takes the name.
        if os.path.lexists(context.source) and not context.is_source_intact():
            return f"{step.source} is not the file that was there"
        if step.kind == "crop" and not context.source.exists():
            return f"{step.source}, the original of {step.target}, has gone"
        return _way_back_obstacle(context)
    if (
        context.target.exists()
        and begun
        and not (step.kind == "move" and context.is_source_intact())
    ):
        return f"{step.target} has changed since"
    if step.kind == "move" and begun and not context.source.exists():
        return f"{step.target} has gone"
    return None


def _way_back_obstacle(context: StepContext) -> str | None:
    """Say which folder above the source is none, or leads out of the workspace."""
    root = context.workspace.root
    for name in reversed(context.source.relative_to(root).parents):
        place = root / name
        if os.path.lexists(place) and not place.is_dir():
            return f"{name.as_posix()} is no folder"
        if not place.resolve().is_relative_to(root):
            return f"{name.as_posix()} leads out of the workspace"
    return None


def revert_step(context: StepContext) -> None:
    """Take a step back, or what is left of it; a step that never began is left as it is.

    Parameters
    ----------
    context : StepContext
        The step; `revert_obstacle` finds none against it.
    """
    if context.step.kind == "folder":
        primitives.remove_folder(context.target)
        return
    if context.step.kind == "mark":
        revert_edit(context)
        return
    for place in (context.source, context.target):
        primitives.unlink(context.temporary(place))
    if not context.is_target_ours():
        return
    if not context.source.parent.is_dir():
        # Emptied by the run, and deleted since.
        primitives.make_folder(context.source.parent)
    if not context.source.exists() and not primitives.hard_link(context.target, context.source):
        temporary = context.temporary(context.source)
        primitives.copy_file(context.target, temporary)
        _publish(context, temporary, context.source)
    primitives.unlink(context.target)
