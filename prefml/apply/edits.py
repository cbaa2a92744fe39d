"""Mark a sidecar where it lies, and take that back, from whatever state an interruption left."""

from __future__ import annotations

import shutil
from pathlib import Path

from prefml.apply import primitives
from prefml.apply.context import UNDO, StepContext
from prefml.decisions.imports.sidecars import read_sidecar
from prefml.decisions.xmp import Name, edit_packet, new_packet
from prefml.exceptions import ApplyError
from prefml.files import file_sha256

__all__ = ["apply_edit", "edit_obstacle", "from_name", "marked", "revert_edit", "to_name"]


def to_name(text: str) -> Name:
    """Return the property that a step names.

    Parameters
    ----------
    text : str
        Namespace and local name, with a space between.

    Returns
    -------
    Name
    """
    uri, _, local = text.rpartition(" ")
    return uri, local


def from_name(name: Name) -> str:
    """Return a property as a step names it, see `to_name`."""
    return f"{name[0]} {name[1]}"


def marked(path: Path, values: dict[str, str | None]) -> bytes:
    """Return a sidecar with its marks.

    Parameters
    ----------
    path : Path
        The sidecar, which need not exist.
    values : dict of str to str or None
        As in `Step`.

    Returns
    -------
    bytes
        The very same where it has these marks already.

    Raises
    ------
    ForeignFileError
        If it is no sidecar that can be edited.
    """
    changes = {to_name(text): value for text, value in values.items()}
    if path.exists():
        return edit_packet(read_sidecar(path), changes)
    return new_packet({name: value for name, value in changes.items() if value is not None})


def _digest(path: Path) -> str:
    """Return the hash of a file; empty if there is none."""
    return file_sha256(path) if path.is_file() else ""


def apply_edit(context: StepContext) -> None:
    """Mark a sidecar, or finish that.

    Parameters
    ----------
    context : StepContext
        A step of the kind `mark`.

    Raises
    ------
    ApplyError
        If the sidecar has changed since the run began.
    ForeignFileError
        If it is none that can be edited.
    """
    step, target = context.step, context.target
    temporary = context.temporary(target)
    primitives.unlink(temporary)
    found, made = _digest(target), context.journal.made.get(context.number)
    if made is not None and found == made:
        return
    if found != step.sha256 or target.is_symlink():
        raise ApplyError(
            f"{step.target} has changed since the run began", "an unchanged sidecar", UNDO
        )
    temporary.write_bytes(marked(target, step.values or {}))
    if found:
        _save(context)
        shutil.copymode(target, temporary)
    primitives.sync_file(temporary)
    context.journal.record_made(context.number, file_sha256(temporary))
    primitives.replace(temporary, target)


def _save(context: StepContext) -> None:
    if _digest(context.saved) == context.step.sha256:
        return
    primitives.make_folder(context.saved.parent)
    temporary = context.saved.with_suffix(".tmp")
    primitives.copy_file(context.target, temporary)
    primitives.replace(temporary, context.saved)


def edit_obstacle(context: StepContext) -> str | None:
    """Say what keeps marks from being taken back without losing anything.

    Parameters
    ----------
    context : StepContext
        A step of the kind `mark`.

    Returns
    -------
    str or None
        None if nothing does.
    """
    made = context.journal.made.get(context.number)
    found = _digest(context.target)
    if made is None or found == context.step.sha256:
        return None
    if found != made:
        return f"{context.step.target} has changed since"
    if context.step.sha256 and _digest(context.saved) != context.step.sha256:
        return f"the copy of {context.step.target} in the journal has gone"
    return None


def revert_edit(context: StepContext) -> None:
    """Take marks back; a sidecar that was not there goes.

    Parameters
    ----------
    context : StepContext
        A step of the kind `mark`; `edit_obstacle` finds none against it.
    """
    temporary = context.temporary(context.target)
    primitives.unlink(temporary)
    made = context.journal.made.get(context.number)
    if made is not None and _digest(context.target) == made != context.step.sha256:
        if context.step.sha256:
            primitives.copy_file(context.saved, temporary)
            primitives.replace(temporary, context.target)
        else:
            primitives.unlink(context.target)
    for path in (context.saved, context.saved.with_suffix(".tmp")):
        primitives.unlink(path)
