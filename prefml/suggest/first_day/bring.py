"""Make a workspace of a folder of pictures, which stays as it is."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from prefml.exceptions import WorkspaceError, visible
from prefml.proposals import single_writer
from prefml.suggest.first_day.folder import PictureFolder
from prefml.workspace import CONFIG_NAME, RULES, Workspace

__all__ = ["Beginning", "begin", "made_workspace", "read_beginning", "staged"]

_NAME = "sandbox/first_day.json"
SCHEMA = "prefml/first-day/1"


@dataclass(frozen=True)
class Beginning:
    """Record of how a workspace began.

    Attributes
    ----------
    source : str or None
        The folder of pictures it was made of; None where its pictures lay in it already.
    seed : str
        Fixes which sets are drawn to be asked at random.
    schema : str
        Of the file.
    """

    source: str | None
    seed: str = field(default_factory=lambda: secrets.token_hex(16))
    schema: str = SCHEMA


def read_beginning(root: Path) -> Beginning | None:
    """Read how a workspace began.

    Parameters
    ----------
    root : Path
        A folder, which need not exist.

    Returns
    -------
    Beginning or None
        None where `prefml start` has not made it.

    Raises
    ------
    WorkspaceError
        If the file is damaged.
    """
    path = root / _NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Beginning)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"{path} cannot be read ({error})", "what prefml start wrote", "move it away"
        ) from error


def begin(workspace: Workspace, source: Path | None) -> Beginning:
    """Note how a workspace began, unless that was noted before.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    source : Path or None
        The folder that it was made of.

    Returns
    -------
    Beginning
    """
    found = read_beginning(workspace.root)
    if found is None:
        found = Beginning(None if source is None else str(source))
        workspace.write_page(_NAME, msgspec.json.encode(found).decode() + "\n")
    return found


def made_workspace(source: Path, root: Path) -> Workspace | None:
    """Return the workspace that was made of a folder before.

    Parameters
    ----------
    source : Path
        The folder of pictures.
    root : Path
        Where the workspace would lie.

    Returns
    -------
    Workspace or None
        None where there is nothing yet.

    Raises
    ------
    WorkspaceError
        If something else lies there.
    """
    beginning = read_beginning(root)
    if beginning is not None and beginning.source == str(source):
        return Workspace.open(root)
    if root.exists() and not (root.is_dir() and not any(root.iterdir())):
        of = f", made of {visible(beginning.source)}" if beginning and beginning.source else ""
        raise WorkspaceError(
            f"{visible(str(root))} holds something else{of}",
            "an empty folder, or none, for the new workspace",
            "name another one with --workspace",
        )
    return None


@contextmanager
def staged(folder: PictureFolder, root: Path, encoder: str, rule: str) -> Iterator[Workspace]:
    """Make a workspace beside its place; it is moved there when the block ends without an error.

    Pictures are linked: they take no room, and what is moved or written in the workspace leaves
    the folder as it is. Where links cannot be made, across file systems, they are copied.

    Parameters
    ----------
    folder : PictureFolder
        The pictures.
    root : Path
        Where the workspace shall lie; nothing or an empty folder is there.
    encoder : str
        Its encoder.
    rule : str
        Name of its rule of what makes a set.

    Yields
    ------
    Workspace
        At its place for the time being.

    Raises
    ------
    WorkspaceError
        If another process makes it.
    """
    place = root.with_name(f".{root.name}.partial")
    (place / "sandbox").mkdir(parents=True, exist_ok=True)
    with single_writer(Workspace.open(place), WorkspaceError):
        try:
            _fill(folder, place, encoder, rule)
            yield Workspace.open(place)
            os.replace(place, root)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise


def _fill(folder: PictureFolder, place: Path, encoder: str, rule: str) -> None:
    # Of a run that was killed.
    shutil.rmtree(place / "new", ignore_errors=True)
    for path, below in folder.places.items():
        _bring(folder.path / path, place / "new" / below)
    for path, below in _companions(folder).items():
        _bring(folder.path / path, place / "new" / below)
    workspace = Workspace.open(place)
    workspace.write_page(CONFIG_NAME, _settings(folder.path, encoder, rule))
    begin(Workspace.open(place), folder.path)


def _bring(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    real = source.resolve()
    try:
        os.link(real, place)
    except OSError:
        # Another file system, or one without links; what is wrong with the file says the copy.
        shutil.copy2(real, place)


def _companions(folder: PictureFolder) -> dict[str, str]:
    """Return the files that go where a picture goes: those of its stem, such as captions."""
    stems: dict[tuple[str, str], str] = {}
    for path, below in folder.places.items():
        where, name = os.path.split(path)
        stems.setdefault((where, os.path.splitext(name)[0]), os.path.dirname(below))
    found: dict[str, str] = {}
    for where in {where for where, _ in stems}:
        for entry in os.scandir(folder.path / where):
            path = os.path.join(where, entry.name)
            stem = os.path.splitext(entry.name)[0]
            # The stem of a.png.txt is that of a.png, too.
            places = (stems.get((where, name)) for name in (stem, os.path.splitext(stem)[0]))
            below = next(filter(None, places), "")
            if below and path not in folder.places and entry.is_file():
                found[path] = f"{below}/{entry.name}"
    return found


def _settings(source: Path, encoder: str, rule: str) -> str:
    others = ", ".join(RULES)
    return (
        f"# Written by prefml start for the pictures of {visible(str(source))!r}.\n"
        f"encoder = {_toml_text(encoder)}\n\n"
        "[sets]\n"
        f"# What makes a set of variants, one of {others}.\n"
        "# prefml sets shows what a rule would form.\n"
        f"rule = {_toml_text(rule)}\n"
    )


def _toml_text(text: str) -> str:
    """Write a text as TOML does: as JSON, but for characters beyond 16 bits, which stay."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
