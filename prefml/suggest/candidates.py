"""Form candidate sets, and single pictures to crop, of new pictures of one project each."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.stages import form_sets
from prefml.exceptions import WorkspaceError
from prefml.sidecars.find import UNKNOWN, ImageFile, scan_images
from prefml.workspace import Workspace

__all__ = [
    "Candidate",
    "Candidates",
    "Key",
    "find_candidates",
    "form_candidates",
    "images_on_disk",
    "new_images",
]

Key = tuple[str, str]


@dataclass(frozen=True)
class Candidate:
    """Pictures of one project that are compared with one another; one alone can only be cropped.

    Attributes
    ----------
    project : str
        Their project.
    images : tuple of ImageFile
        In the order in which they were taken.
    """

    project: str
    images: tuple[ImageFile, ...]

    @property
    def group_id(self) -> str:
        """Name of the set: the same for the same pictures, and for no others."""
        names = "\0".join((self.project, *self.names))
        digest = hashlib.sha256(names.encode()).hexdigest()[:10]
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{self.project}_{Path(self.names[0]).stem}")
        return f"{readable}_{digest}"

    @property
    def names(self) -> tuple[str, ...]:
        """File names."""
        return tuple(image.filename for image in self.images)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths relative to the workspace."""
        return tuple(image.path for image in self.images)

    @property
    def keys(self) -> tuple[Key, ...]:
        """Project and file name of each picture."""
        return tuple(image.key for image in self.images)


@dataclass(frozen=True)
class Candidates:
    """Candidates below some folders, and the pictures that are left out.

    Attributes
    ----------
    groups : list of Candidate
        Sets and single pictures, by project, in the order in which they were taken.
    skipped : Counter
        Pictures that are left out, by reason.
    examples : dict of str to str
        One path for each reason.
    """

    groups: list[Candidate]
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def new_images(
    workspace: Workspace, resolver: ProjectResolver, folders: Sequence[str]
) -> Candidates:
    """List the pictures below some folders.

    Parameters
    ----------
    workspace : Workspace
        The workspace.
    resolver : ProjectResolver
        Finds the project of a path.
    folders : sequence of str
        Relative to the workspace; none means its `new/`.

    Returns
    -------
    Candidates
        Every usable picture as a group of its own.

    Raises
    ------
    WorkspaceError
        If a folder does not exist or lies outside the workspace.
    """
    roots = tuple(_folder(workspace, name) for name in folders or ("new",))
    narrowed = replace(workspace, config=replace(workspace.config, image_roots=roots))
    found = scan_images(narrowed, resolver)
    skipped: Counter[str] = Counter()
    examples: dict[str, str] = {}
    groups = []
    for image in found.images:
        if image.project == UNKNOWN:
            skipped["unknown project"] += 1
            examples.setdefault("unknown project", image.path)
        else:
            groups.append(Candidate(image.project, (image,)))
    for failure in found.failures:
        skipped["unreadable"] += 1
        examples.setdefault("unreadable", f"{failure.path} ({failure.reason})")
    for path in found.shadowed:
        skipped["same name twice"] += 1
        examples.setdefault("same name twice", path)
    return Candidates(groups, skipped, examples)


def _folder(workspace: Workspace, name: str) -> str:
    path = workspace.inside(name)
    if not path.is_dir():
        raise WorkspaceError(
            f"no folder {name} in {workspace.root}",
            "a folder of new pictures",
            f"put pictures into {name}/PROJECT/, or name another folder",
        )
    return path.relative_to(workspace.root).as_posix()


def form_candidates(
    images: Iterable[ImageFile], handled: Collection[Key], max_gap: float | None = None
) -> tuple[list[Candidate], int]:
    """Form sets and singles, leaving out what was handled.

    Sets are formed of all pictures and thinned out afterwards: two runs of stages must not join
    because the set between them has been decided.

    Parameters
    ----------
    images : iterable of ImageFile
        Pictures of any projects.
    handled : collection of (project, file name)
        Pictures that were decided before.
    max_gap : float, optional
        Seconds between neighbours that end a set.

    Returns
    -------
    candidates : list of Candidate
        By project, in the order in which they were taken.
    left_out : int
        Pictures that were handled.
    """
    projects: dict[str, dict[str, ImageFile]] = {}
    for image in images:
        projects.setdefault(image.project, {})[image.filename] = image
    made, left_out = [], 0
    for project in sorted(projects):
        files = projects[project]
        formed = form_sets(files, max_gap)
        for names in sorted([*formed.sets, *((name,) for name in formed.lone)]):
            fresh = tuple(files[name] for name in names if (project, name) not in handled)
            left_out += len(names) - len(fresh)
            if fresh:
                made.append(Candidate(project, fresh))
    return made, left_out


def find_candidates(
    workspace: Workspace,
    resolver: ProjectResolver,
    folders: Sequence[str],
    handled: Collection[Key],
    max_gap: float | None = None,
) -> Candidates:
    """Find what there is to suggest for below some folders.

    Parameters
    ----------
    workspace, resolver, folders
        As in `new_images`.
    handled, max_gap
        As in `form_candidates`.

    Returns
    -------
    Candidates

    Raises
    ------
    WorkspaceError
        If a folder does not exist or lies outside the workspace.
    """
    found = new_images(workspace, resolver, folders)
    images = [group.images[0] for group in found.groups]
    groups, left_out = form_candidates(images, handled, max_gap)
    found.skipped["handled before"] += left_out
    return Candidates(groups, +found.skipped, found.examples)


def images_on_disk(workspace: Workspace, rows: pd.DataFrame) -> list[ImageFile]:
    """List the pictures of an index that still lie where it says.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    rows : DataFrame
        Columns project, filename and path, the last relative to the workspace or missing.

    Returns
    -------
    list of ImageFile
        In the order of the rows.
    """
    found = []
    for project, name, path in rows[["project", "filename", "path"]].itertuples(index=False):
        if isinstance(path, str) and (workspace.root / path).is_file():
            status = (workspace.root / path).stat()
            found.append(
                ImageFile(str(project), str(name), path, status.st_size, status.st_mtime_ns)
            )
    return found
