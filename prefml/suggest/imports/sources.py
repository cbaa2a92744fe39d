"""Read a source of decisions: its pictures, whose they are, and what is marked on them."""

from __future__ import annotations

import os
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from prefml.decisions.documents import is_path
from prefml.decisions.imports import (
    Marked,
    MarkedPicture,
    SidecarFolder,
    read_catalogue,
    read_marks_table,
)
from prefml.decisions.imports.catalogue import is_catalogue
from prefml.decisions.log_files import SUFFIXES
from prefml.decisions.projects import ProjectResolver
from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.stages import split_path
from prefml.decisions.xmp.marks import Flag, Marks, upright_box
from prefml.exceptions import ConfigError, ForeignFileError, ImageError
from prefml.sidecars.find import UNKNOWN, FoundImages, ImageFile, find_images, scan_images
from prefml.sidecars.metadata import read_stored
from prefml.workspace import Workspace

__all__ = ["KINDS", "Found", "SourcePictures", "kind_of", "read_source", "stacks_of"]

KINDS = ("xmp", "lightroom", "folders", "csv")
_KEPT: Mapping[str, Flag] = {"kept": "picked", "rejected": "rejected"}
Found: TypeAlias = tuple[ImageFile, MarkedPicture]


@dataclass
class SourcePictures:
    """Pictures of a source.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    pictures : list of (ImageFile, MarkedPicture)
        Each project and file name once.
    passed_over : Counter
        Reason -> what is no picture to judge, see `prefml.decisions.imports.REASONS`.
    examples : dict of str to str
        A path for each reason.
    places : dict of str to str
        Path by which pictures are grouped -> the path of the file, where they differ.
    """

    kind: str
    pictures: list[Found] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def pass_over(self, reason: str, path: str) -> None:
        """Count something that is no picture to judge."""
        self.passed_over[reason] += 1
        self.examples.setdefault(reason, path)

    def add(self, image: ImageFile, marked: MarkedPicture) -> None:
        """Add a picture, or count why it is none to judge."""
        if not is_path(image.path):
            self.pass_over("no_name", image.path)
        elif image.project == UNKNOWN:
            self.pass_over("unknown_project", image.path)
        else:
            self.pictures.append((image, marked))


def kind_of(source: Path) -> str:
    """Return what a source is.

    Parameters
    ----------
    source : Path
        A folder or a file.

    Returns
    -------
    str
        One of `KINDS`.

    Raises
    ------
    ForeignFileError
        If it is not there, or none that can be imported.
    """
    if source.is_dir():
        return "folders" if all((source / name).is_dir() for name in _KEPT) else "xmp"
    if not source.exists():
        raise ForeignFileError(
            f"no {source}", "a folder of pictures, a catalogue (.lrcat) or a table (.csv)"
        )
    if is_catalogue(source):
        return "lightroom"
    if source.suffix.lower() in SUFFIXES:
        return "csv"
    raise ForeignFileError(
        f"{source} is neither a folder, a catalogue (.lrcat) nor a table (.csv)",
        "one of these; for sidecars name the folder of the pictures",
        f"prefml import {shlex.quote(str(source.parent))}",
    )


def read_source(
    workspace: Workspace, resolver: ProjectResolver, source: Path, kind: str, project: str | None
) -> SourcePictures:
    """Read the pictures of a source.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    resolver : ProjectResolver
        Knows its projects.
    source : Path
        A folder or file, in the workspace or elsewhere.
    kind : str
        One of `KINDS`.
    project : str or None
        Project of the pictures whose path names none.

    Returns
    -------
    SourcePictures

    Raises
    ------
    ForeignFileError
        If the source cannot be read, or is of another kind.
    ConfigError
        If there is no such project.
    """
    stated = None if project is None else resolver.from_name(project)
    if project is not None and stated is None:
        raise ConfigError(
            f"no project {project!r}", f"one of {', '.join(resolver.projects) or 'the projects'}"
        )
    if kind in ("xmp", "folders") and not source.is_dir():
        raise ForeignFileError(f"{source} is no folder", "a folder of pictures")
    if kind == "xmp":
        return _read_folder(workspace, resolver, source, stated)
    if kind == "folders":
        return _read_kept(workspace, resolver, source, stated)
    marked = read_catalogue(source) if kind == "lightroom" else read_marks_table(source)
    return _placed(workspace, resolver, marked, kind, stated, source.parent)


class _Lookup:
    """Lookup of projects for pictures below a folder that may lie outside the workspace."""

    names = ()

    def __init__(self, resolver: ProjectResolver, base: str, stated: str | None) -> None:
        self._resolver, self._base, self._stated = resolver, base, stated

    def from_path(self, path: str) -> str | None:
        found = self._resolver.projects_in(self._base + path)
        # One that names another project, or two, is not what was stated.
        return found[0] if len(found) == 1 else None if found else self._stated

    def below(self, path: str, project: str) -> str | None:
        found = self._resolver.below(self._base + path, project)
        return path.removeprefix("./") if found is None and self._stated else found


def _scan(
    workspace: Workspace, resolver: ProjectResolver, folder: Path, stated: str | None
) -> FoundImages:
    """Find the pictures below a folder; paths are relative to the workspace, or absolute."""
    folder = folder.resolve()
    if folder.is_relative_to(workspace.root):
        root = folder.relative_to(workspace.root).as_posix()
        narrowed = replace(workspace, config=replace(workspace.config, image_roots=(root,)))
        lookup = _Lookup(resolver, "", stated)
        return scan_images(narrowed, lookup, resolver.identities.repeated)
    place = Workspace(folder, replace(workspace.config, image_roots=(".",)), folder)
    base = f"{folder.as_posix()}/"
    found = scan_images(place, _Lookup(resolver, base, stated), resolver.identities.repeated)
    images = [replace(one, path=base + _normal(one.path)) for one in found.images]
    passed = [replace(one, path=base + _normal(one.path)) for one in found.passed_over]
    failed = [replace(one, path=base + _normal(one.path)) for one in found.failures]
    shadowed = [base + _normal(path) for path in found.shadowed]
    return FoundImages(images, failed, shadowed, passed)


def _normal(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def _started(kind: str, found: FoundImages) -> SourcePictures:
    made = SourcePictures(kind)
    for path in found.shadowed:
        made.pass_over("same_name", path)
    for failure in found.failures:
        made.pass_over("unreadable_picture", failure.path)
    return made


def _read_folder(
    workspace: Workspace, resolver: ProjectResolver, folder: Path, stated: str | None
) -> SourcePictures:
    found = _scan(workspace, resolver, folder, stated)
    made, root = _started("xmp", found), workspace.root
    names: dict[str, set[str]] = defaultdict(set)
    failed = [one.path for one in found.failures]
    others = [one.path for one in found.passed_over]
    for path in (*(one.path for one in found.images), *found.shadowed, *failed, *others):
        names[str((root / path).parent)].add(PurePosixPath(path).name)
    beside = {place: SidecarFolder(Path(place), names[place]) for place in names}
    walked = (place for place, _, _ in os.walk(folder.resolve()))
    for place in sorted({*beside, *walked}):
        sidecars = beside.get(place) or SidecarFolder(Path(place), ())
        for name in sidecars.strays:
            made.pass_over("no_picture", f"{place}/{name}")
    for image in found.images:
        file = root / image.path
        marks, problem = beside[str(file.parent)].read(file.name, partial(_embedded, file))
        made.add(image, _upright(file, MarkedPicture(image.path, marks, problem)))
    return made


def _embedded(path: Path) -> bytes:
    try:
        return read_stored(path).xmp
    except ImageError as error:
        raise ForeignFileError(error.found) from error


def _upright(path: Path, marked: MarkedPicture) -> MarkedPicture:
    """Turn the crop of a stored picture with the picture, as its own file says."""
    if marked.marks.box is None:
        return marked
    orientation, size = marked.marks.orientation, marked.size
    try:
        stored = read_stored(path)
        orientation, size = stored.orientation, stored.size
    except (ImageError, OSError):
        # Not there, as with a catalogue of another machine: what was marked must do.
        pass
    box = upright_box(marked.marks.box, orientation)
    return replace(marked, marks=replace(marked.marks, box=box), size=size)


def _read_kept(
    workspace: Workspace, resolver: ProjectResolver, folder: Path, stated: str | None
) -> SourcePictures:
    found = _scan(workspace, resolver, folder, stated)
    made = _started("folders", found)
    home = folder.resolve()
    for image in found.images:
        below = (workspace.root / image.path).relative_to(home).as_posix()
        first, _, rest = below.partition("/")
        if first not in _KEPT:
            made.pass_over("elsewhere", image.path)
            continue
        # By which names and folders sets are formed: what they had before they were sorted out.
        shown = f"{image.path.removesuffix(below)}{rest}"
        made.places[shown] = image.path
        marks = Marks(flag=_KEPT[first])
        made.add(replace(image, path=shown), MarkedPicture(image.path, marks))
    return made


def _placed(
    workspace: Workspace,
    resolver: ProjectResolver,
    marked: Marked,
    kind: str,
    stated: str | None,
    beside: Path,
) -> SourcePictures:
    """Say whose the pictures are that a program names by paths of its own."""
    made = SourcePictures(kind, passed_over=Counter(marked.passed_over))
    here = {image.key: image for image in find_images(workspace, resolver)}
    seen: set[tuple[str, str]] = set()
    for one in marked.pictures:
        near = beside / one.path
        path = near.resolve().as_posix() if near.is_file() else one.path
        try:
            project = resolver.resolve([path], one.project).project
        except RowRefusedError:
            made.pass_over("mixed_projects", path)
            continue
        if project == UNKNOWN:
            project = stated or UNKNOWN
        name = resolver.identities.find(project, path) or split_path(path)[1]
        if (project, name) in seen and project != UNKNOWN:
            made.pass_over("same_name", path)
            continue
        seen.add((project, name))
        image = here.get((project, name), ImageFile(project, name, path, 0, 0))
        turn = kind == "lightroom"
        made.add(image, _upright(workspace.root / image.path, one) if turn else one)
    return made


def stacks_of(found: Iterable[Found]) -> Iterator[list[Found]]:
    """Yield the sets that the program itself formed.

    Parameters
    ----------
    found : iterable of (ImageFile, MarkedPicture)
        Pictures of a source.

    Yields
    ------
    list of (ImageFile, MarkedPicture)
        Those of one stack, in the order of the source.
    """
    stacks: dict[str, list[Found]] = defaultdict(list)
    for image, marked in found:
        if marked.stack:
            stacks[marked.stack].append((image, marked))
    yield from stacks.values()
