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
from prefml.suggest.first_day.folder import PictureFolder, find_pictures
from prefml.workspace import CONFIG_NAME, RULES, Workspace

__all__ = ["Beginning", "begin", "bring_new", "made_workspace", "read_beginning", "staged"]

_NAME = "sandbox/first_day.json"
# Paths of the files that were brought, relative to the folder; what was brought once never comes
# again, wherever it went in the workspace.
_BROUGHT = "sandbox/first_day_brought.json"
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
    is_one_project : bool
        Whether the folder is one project, which what comes into it later is of, too.
    schema : str
        Of the file.
    """

    source: str | None
    seed: str = field(default_factory=lambda: secrets.token_hex(16))
    is_one_project: bool = False
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


def begin(workspace: Workspace, source: Path | None, is_one_project: bool = False) -> Beginning:
    """Note how a workspace began, unless that was noted before.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    source : Path or None
        The folder that it was made of.
    is_one_project : bool, default=False
        As in `Beginning`.

    Returns
    -------
    Beginning
    """
    found = read_beginning(workspace.root)
    if found is None:
        found = Beginning(None if source is None else str(source), is_one_project=is_one_project)
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
    workspace = Workspace.open(place)
    _bring_all(folder, workspace, frozenset())
    workspace.write_page(CONFIG_NAME, _settings(folder.path, encoder, rule))
    begin(Workspace.open(place), folder.path, folder.is_one_project)


def bring_new(workspace: Workspace) -> int:
    """Bring the pictures that came into the folder of a workspace since it was made.

    Parameters
    ----------
    workspace : Workspace
        Made of a folder by `staged`.

    Returns
    -------
    int
        Number of new pictures; 0 where the folder is not there.

    Raises
    ------
    WorkspaceError
        If the folder cannot be read, or another process brings pictures.
    """
    beginning = read_beginning(workspace.root)
    if beginning is None or beginning.source is None or not Path(beginning.source).is_dir():
        return 0
    with single_writer(workspace, WorkspaceError):
        brought = _read_brought(workspace)
        folder = find_pictures(Path(beginning.source), is_one_project=beginning.is_one_project)
        return _bring_all(folder, workspace, brought)


def _bring_all(folder: PictureFolder, workspace: Workspace, brought: frozenset[str]) -> int:
    """Bring what was not brought before, and note it; return the number of pictures."""
    places = {**folder.places, **_companions(folder)}
    new = {path: below for path, below in places.items() if path not in brought}
    for path, below in new.items():
        _bring(folder.path / path, workspace.root / "new" / below)
    if new:
        noted = sorted(brought | new.keys())
        # As ASCII, which holds names that are no text, too.
        workspace.write_page(_BROUGHT, json.dumps(noted) + "\n")
    return len(new.keys() & folder.places.keys())


def _read_brought(workspace: Workspace) -> frozenset[str]:
    """Return what was noted; what lies in its place is not brought again where nothing was."""
    path = workspace.root / _BROUGHT
    try:
        found = json.loads(path.read_bytes())
        return frozenset(msgspec.convert(found, list[str]))
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{path} cannot be read ({error})", "what prefml start wrote", "move it away"
        ) from error


def _bring(source: Path, place: Path) -> None:
    if place.exists():
        # Brought by a run that was killed before it could note so.
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    real = source.resolve()
    try:
        os.link(real, place)
    except OSError:
        # Another file system, or one without links; what is wrong with the file says the copy.
        beside = place.with_name(f".{place.name}.partial")
        shutil.copy2(real, beside)
        os.replace(beside, place)


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
