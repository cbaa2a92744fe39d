"""Find the pictures of a workspace and the project of each."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from prefml.decisions.identity import DirEntry, repeated_names, walk_folders
from prefml.decisions.manifests import UNKNOWN
from prefml.exceptions import WorkspaceError
from prefml.files import is_storable
from prefml.imaging.formats import format_of_name, readable_suffixes
from prefml.imaging.signature import format_of
from prefml.workspace import Workspace, canonical_name

__all__ = [
    "UNKNOWN",
    "Failure",
    "FoundImages",
    "ImageFile",
    "PassedOver",
    "count_passed_over",
    "find_images",
    "require_images",
    "scan_images",
]

# Endings of what lies beside pictures and is none; all other files are asked by their content.
_NO_PICTURES = (
    ".caption", ".csv", ".decision", ".html", ".ini", ".json", ".jsonl", ".log", ".md", ".mov",
    ".mp4", ".pdf", ".toml", ".tsv", ".txt", ".xmp", ".yaml", ".yml", ".zip",
)  # fmt: skip


class ProjectLookup(Protocol):
    """Lookup of the project of a path."""

    def from_path(self, path: str) -> str | None:
        """Return the project of a path.

        Parameters
        ----------
        path : str
            Relative to the workspace, with forward slashes.

        Returns
        -------
        str or None
            None if its folders name no project.
        """


@dataclass(frozen=True, slots=True)
class ImageFile:
    """Picture file that was found, not yet decoded.

    Attributes
    ----------
    project : str
        Its project; `unknown` if its path names none.
    filename : str
        Its name without folders, or with those below its project where the name repeats in it;
        canonical (see `prefml.workspace.canonical_name`).
    path : str
        Its path relative to the workspace, with forward slashes.
    file_size : int
        Bytes.
    mtime_ns : int
        Time of the last change in nanoseconds.
    """

    project: str
    filename: str
    path: str
    file_size: int
    mtime_ns: int

    @property
    def key(self) -> tuple[str, str]:
        """Key of the picture: project and file name."""
        return self.project, self.filename


@dataclass(frozen=True, slots=True)
class Failure:
    """Picture, or something named like one, that cannot be used.

    Attributes
    ----------
    path : str
        Relative to the workspace.
    reason : str
        The fault, for people to read.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Picture file that is not read here, by the format it is in or by its name.

    Attributes
    ----------
    path : str
        Relative to the workspace.
    format : str
        Its format, as people call it.
    advice : str
        How to have it read.
    """

    path: str
    format: str
    advice: str


@dataclass(frozen=True)
class FoundImages:
    """Outcome of a walk through the image folders.

    Attributes
    ----------
    images : list of ImageFile
        One for each (project, file name), in the order of the walk.
    failures : list of Failure
        Names that look like pictures and are none.
    shadowed : list of str
        Paths of pictures whose project and name an earlier one has already.
    passed_over : list of PassedOver
        Pictures that are not read here.
    """

    images: list[ImageFile] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    shadowed: list[str] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)

    @property
    def unknown(self) -> list[str]:
        """Paths of the pictures without a project."""
        return [image.path for image in self.images if image.project == UNKNOWN]


def find_images(workspace: Workspace, resolver: ProjectLookup) -> list[ImageFile]:
    """List the pictures of a workspace.

    Parameters
    ----------
    workspace : Workspace
        Its image roots are walked; hidden files and folders are left out.
    resolver : object with `from_path`
        Lookup of the project of a path.

    Returns
    -------
    list of ImageFile
        One for each (project, file name).
    """
    return scan_images(workspace, resolver).images


def scan_images(
    workspace: Workspace, resolver: ProjectLookup, repeated: Iterable[tuple[str, str]] = ()
) -> FoundImages:
    """Walk the image roots in order, each by sorted names, a folder's files before its folders.

    Of two files with the same project and name the first counts. Links to folders are followed,
    each folder is read once, so that a loop of links ends.

    Parameters
    ----------
    workspace : Workspace
        Its image roots are walked; hidden files and folders are left out.
    resolver : object with `from_path`
        Lookup of the project of a path; called once for each folder.
    repeated : iterable of (project, file name)
        Names that repeat in places that are not walked.

    Returns
    -------
    FoundImages
    """
    found = FoundImages()
    seen: set[tuple[str, str]] = set()
    projects: Iterable[str] = getattr(resolver, "names", ())
    suffixes = readable_suffixes()

    def failed(folder: str, error: OSError) -> None:
        found.failures.append(Failure(_printable(folder), f"folder: {error.strerror}"))

    folders = []
    for folder, entries in walk_folders(workspace.image_roots(projects), failed, suffixes):
        here = os.path.relpath(folder, workspace.root).replace(os.sep, "/")
        pictures, others = _partition(entries, suffixes)
        found.passed_over.extend(_passed_over(others, here))
        if pictures:
            project = resolver.from_path(f"{here}/{pictures[0][1].name}") or UNKNOWN
            folders.append((here, project, _prefix(resolver, here, project), pictures))
    here_twice = repeated_names(
        (project, prefix + name) for _, project, prefix, pictures in folders for name, _ in pictures
    )
    telling = {*here_twice, *repeated}
    for here, project, prefix, pictures in folders:
        for name, entry in pictures:
            unique = prefix + name if (project, name) in telling else name
            _add_entry(entry, f"{here}/{entry.name}", (project, unique), found, seen)
    return found


def _partition(
    entries: Iterable[DirEntry], suffixes: tuple[str, ...]
) -> tuple[list[tuple[str, DirEntry]], list[DirEntry]]:
    """Divide entries into those named like pictures, with their canonical names, and others."""
    pictures, others = [], []
    for entry in entries:
        if entry.name.lower().endswith(suffixes):
            pictures.append((canonical_name(entry.name), entry))
        else:
            others.append(entry)
    return pictures, others


def _prefix(resolver: ProjectLookup, folder: str, project: str) -> str:
    """Return the way from a project's folder to one below it; empty where nothing tells it."""
    below = getattr(resolver, "below", None)
    return "" if below is None else below(f"{folder}/", project) or ""


def require_images(found: FoundImages, workspace: Workspace) -> None:
    """Raise an error if a workspace has no file that is named like a picture.

    Parameters
    ----------
    found : FoundImages
        The pictures found.
    workspace : Workspace
        The workspace that was searched.

    Raises
    ------
    WorkspaceError
        It says where pictures are looked for.
    """
    if found.images or found.failures:
        return
    counts = count_passed_over(found.passed_over)
    others = ", ".join(f"{count} {kind} that are not read here" for (kind, _), count in counts)
    raise WorkspaceError(
        f"no pictures in the image folders of {workspace.root}"
        + (f", but {others}" * bool(others)),
        f"files that end in {' '.join(readable_suffixes())} below images/ or below [images] roots",
        counts[0][0][1] if counts else "prefml embed",
    )


def count_passed_over(passed_over: Iterable[PassedOver]) -> list[tuple[tuple[str, str], int]]:
    """Count the pictures that are not read here, the most frequent first.

    Parameters
    ----------
    passed_over : iterable of PassedOver
        The pictures.

    Returns
    -------
    list of ((str, str), int)
        Format and advice, and how many there are of them.
    """
    return Counter((one.format, one.advice) for one in passed_over).most_common()


def _passed_over(entries: Iterable[DirEntry], below: str) -> Iterator[PassedOver]:
    """Yield the pictures among entries that are not named like one that is read."""
    for entry in entries:
        kind, advice = format_of_name(entry.name), ""
        if kind is None and not entry.name.lower().endswith(_NO_PICTURES) and _is_file(entry):
            kind = format_of(Path(entry.path))
            advice = f"rename them to end in {kind.suffixes[0]}" if kind and kind.is_read else ""
        if kind is not None:
            path = _printable(f"{below}/{entry.name}")
            yield PassedOver(path, kind.name, advice or kind.advice)


def _is_file(entry: DirEntry) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _add_entry(
    entry: DirEntry,
    path: str,
    key: tuple[str, str],
    found: FoundImages,
    seen: set[tuple[str, str]],
) -> None:
    problem, status = _check_entry(entry)
    if status is None:
        found.failures.append(Failure(_printable(path), problem))
    elif key in seen:
        found.shadowed.append(path)
    else:
        seen.add(key)
        size, changed = status.st_size, status.st_mtime_ns
        found.images.append(ImageFile(*key, path, size, changed))


def _check_entry(entry: DirEntry) -> tuple[str, os.stat_result | None]:
    """Return why an entry is no picture, or its status."""
    if not is_storable(entry.path):
        return "a path that is not valid UTF-8", None
    try:
        status = entry.stat()
    except OSError as error:
        return f"{error.strerror}", None
    if stat.S_ISDIR(status.st_mode):
        return "a folder with the name of a picture; rename it to have its pictures read", None
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file", None
    return "", status


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")
