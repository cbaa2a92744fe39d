"""Form candidate sets, and single pictures to crop, of new pictures of one project each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule, set_rule
from prefml.exceptions import WorkspaceError
from prefml.proposals.corrections import name_of_set
from prefml.sidecars.find import UNKNOWN, FoundImages, ImageFile, scan_images
from prefml.suggest.grouping import BY_PRODUCT, Grouping, form_groups, open_sources
from prefml.suggest.grouping.corrected import Members, hold_to_corrections
from prefml.workspace import Workspace

__all__ = [
    "Candidate",
    "Candidates",
    "Key",
    "candidates_of",
    "find_candidates",
    "find_new",
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
        return name_of_set(self.project, self.names)

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
    alone : Counter
        Pictures among the groups that form no set, by reason.
    """

    groups: list[Candidate]
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    alone: Counter[str] = field(default_factory=Counter)


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
    found = find_new(workspace, resolver, folders)
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
    for other in found.passed_over:
        reason = f"{other.format}, not read here; {other.advice}"
        skipped[reason] += 1
        examples.setdefault(reason, other.path)
    return Candidates(groups, skipped, examples)


def find_new(
    workspace: Workspace, resolver: ProjectResolver, folders: Sequence[str]
) -> FoundImages:
    """Find the pictures below some folders, with those that cannot be used.

    Parameters
    ----------
    workspace, resolver, folders
        As in `new_images`.

    Returns
    -------
    FoundImages

    Raises
    ------
    WorkspaceError
        If a folder does not exist or lies outside the workspace.
    """
    roots = tuple(_folder(workspace, name) for name in folders or ("new",))
    narrowed = replace(workspace, config=replace(workspace.config, image_roots=roots))
    return scan_images(narrowed, resolver, resolver.identities.repeated)


def _folder(workspace: Workspace, name: str) -> str:
    path = workspace.inside(name)
    if not path.is_dir():
        raise WorkspaceError(
            f"no folder {name} in {workspace.root}",
            "a folder of new pictures",
            f"put pictures into {name}/PROJECT/, or name another folder",
        )
    return path.relative_to(workspace.root).as_posix()


def candidates_of(grouping: Grouping, handled: Collection[Key]) -> Candidates:
    """Return sets and single pictures as candidates, leaving out what was handled.

    Sets are formed of all pictures and thinned out afterwards: two sets must not join because the
    one between them has been decided.

    Parameters
    ----------
    grouping : Grouping
        A partition of all pictures.
    handled : collection of (project, file name)
        Pictures that were decided before.

    Returns
    -------
    Candidates
        By project and names. By-products of a tool are left out.
    """
    found = Candidates([])
    parts = [one.images for one in grouping.sets]
    for lone in grouping.alone:
        if lone.image.key in handled or not lone.reason.startswith(BY_PRODUCT):
            parts.append((lone.image,))
            found.alone[lone.reason] += lone.image.key not in handled
        else:
            found.skipped[lone.reason] += 1
            found.examples.setdefault(lone.reason, lone.image.path)
    for images in sorted(parts, key=lambda part: (part[0].project, [one.filename for one in part])):
        fresh = tuple(image for image in images if image.key not in handled)
        found.skipped["handled before"] += len(images) - len(fresh)
        if fresh:
            found.groups.append(Candidate(fresh[0].project, fresh))
    return found


def find_candidates(
    workspace: Workspace,
    resolver: ProjectResolver,
    folders: Sequence[str],
    handled: Collection[Key],
    rule: SetRule | None = None,
    corrected: Sequence[Members] = (),
) -> Candidates:
    """Find what there is to suggest for below some folders.

    Parameters
    ----------
    workspace, resolver, folders
        As in `new_images`.
    handled : collection of (project, file name)
        As in `candidates_of`.
    rule : SetRule, optional
        What makes a set; what the configuration says by default.
    corrected : sequence of sequence of (project, file name), optional
        Sets that a person corrected.

    Returns
    -------
    Candidates

    Raises
    ------
    WorkspaceError
        If a folder does not exist or lies outside the workspace.
    ConfigError
        If the rule cannot be used.
    """
    found = new_images(workspace, resolver, folders)
    images = [group.images[0] for group in found.groups]
    with open_sources(workspace) as sources:
        grouping = form_groups(images, rule or set_rule(workspace.config), sources)
    made = candidates_of(hold_to_corrections(grouping, corrected), handled)
    skipped, alone = +(found.skipped + made.skipped), +made.alone
    return Candidates(made.groups, skipped, found.examples | made.examples, alone)


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
