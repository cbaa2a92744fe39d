"""Resolve the project of a path, a name or a time, by exact match only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from prefml.decisions.identity import Identities
from prefml.decisions.manifests import UNKNOWN, Manifest, read_manifests
from prefml.decisions.quarantine import RowRefusedError, printable
from prefml.decisions.stages import split_path
from prefml.workspace import canonical_name

if TYPE_CHECKING:
    from prefml.workspace import Workspace

__all__ = ["ProjectMatch", "ProjectResolver", "explicit_project"]

# In front of an absolute path: the folder that the system names after a person.
_HOME = re.compile(
    r"((?:[a-z]:|/mnt/[a-z]|/[a-z]|/var)?/(?:home|users|documents and settings)"
    r"|/(?:run/)?media)/[^/]+",
    re.IGNORECASE,
)


class ProjectMatch(NamedTuple):
    """Project of a row, and the folder names that did not lead to it.

    Attributes
    ----------
    project : str
        A project id, or `unknown`.
    unmatched : tuple of str
        Folder names of the row that name no project; empty if its project stands in a name.
    """

    project: str
    unmatched: tuple[str, ...] = ()


class ProjectResolver:
    """Lookup of projects by exact folder name, by explicit name, or by date.

    Parameters
    ----------
    manifests : iterable of Manifest
        The known projects.
    aliases : mapping of str to str, optional
        Folder name as it occurs -> a name of the project.
    suffixes : iterable of str, optional
        Endings that any name of a project may have.
    folder_projects : iterable of str, optional
        Folder names that are projects; used only when there are no manifests.
    root : Path, optional
        The workspace; its own path in front of a logged path names no project.

    Attributes
    ----------
    projects : tuple of str
        The ids of the known projects.
    names : frozenset of str
        Every folder name that means a project.
    manifests : tuple of Manifest
        The known projects' manifests.
    problems : list of str
        Names that two projects claim, aliases without a project, broken manifests.
    """

    def __init__(
        self,
        manifests: Iterable[Manifest] = (),
        aliases: Mapping[str, str] | None = None,
        suffixes: Iterable[str] = (),
        folder_projects: Iterable[str] = (),
        root: Path | None = None,
    ) -> None:
        self.manifests = tuple(manifests)
        self.problems: list[str] = []
        self._root = f"{canonical_name(root.as_posix())}/" if root else None
        self._by_day: dict[date, str | None] = {}
        self._by_folder: dict[str, tuple[str, ...]] = {}
        self._workspace: Workspace | None = None
        endings = tuple(canonical_name(suffix) for suffix in suffixes if suffix)
        below = map(canonical_name, folder_projects)
        folders = () if self.manifests else _without_suffixed(below, endings)
        self._table = self._name_table(folders, aliases or {}, endings)
        self.names = frozenset(self._table)
        self.projects = tuple(sorted({*(m.project for m in self.manifests), *folders}))

    @classmethod
    def open(cls, workspace: Workspace) -> ProjectResolver:
        """Read a workspace's manifests, its alias table and, without manifests, its folders.

        Parameters
        ----------
        workspace : Workspace
            The workspace.

        Returns
        -------
        ProjectResolver

        Raises
        ------
        LogError
            If a manifest cannot be read from the disk.
        """
        manifests, problems = read_manifests(workspace.manifest_folders())
        folders: list[str] = []
        if not manifests:
            below = (path for root in workspace.image_roots() for path in root.glob("[!.]*"))
            folders = [path.name for path in below if path.is_dir()]
        config = workspace.config
        resolver = cls(manifests, config.aliases, config.suffixes, folders, workspace.root)
        resolver.problems[:0] = problems
        resolver._workspace = workspace
        return resolver

    def from_name(self, name: str) -> str | None:
        """Return the project that a name, such as an id in a column, means.

        Parameters
        ----------
        name : str
            Compared exactly, upper and lower case included, but for the Unicode form.

        Returns
        -------
        str or None
            None if it is no project's name. Where nothing at all is known of projects, every name
            is one.
        """
        name = canonical_name(name)
        if not self.projects and name and name != UNKNOWN:
            return self._table.get(name, name)
        return self._table.get(name)

    def projects_in(self, path: str) -> tuple[str, ...]:
        """Return the projects that the folders of a path name, in their order.

        Parameters
        ----------
        path : str
            As logged; its file name is not looked at.

        Returns
        -------
        tuple of str
        """
        folder = split_path(path)[0]
        if folder not in self._by_folder:
            known = map(self._table.get, self.folders(path))
            self._by_folder[folder] = tuple(dict.fromkeys(name for name in known if name))
        return self._by_folder[folder]

    def from_path(self, path: str) -> str | None:
        """Return the one project that a path names.

        Parameters
        ----------
        path : str
            As logged, or relative to the workspace.

        Returns
        -------
        str or None
            None if its folders name no project, or two.
        """
        found = self.projects_in(path)
        return found[0] if len(found) == 1 else None

    def below(self, path: str, project: str) -> str | None:
        """Return the part of a path that follows the folder of a project.

        Parameters
        ----------
        path : str
            As logged, or relative to the workspace.
        project : str
            The project.

        Returns
        -------
        str or None
            With `/` between its parts; None if no folder of the path names the project.
        """
        parts, name = self.folders(path), split_path(path)[1]
        places = [i for i, part in enumerate(parts) if self._table.get(part) == project]
        return "/".join([*parts[places[-1] + 1 :], name]) if places else None

    @cached_property
    def identities(self) -> Identities:
        """Names of pictures that repeat in a project; the workspace is walked for them once.

        Returns
        -------
        Identities
            Where no workspace was opened, nothing is known to repeat.
        """
        if self._workspace is None:
            return Identities(self)
        return Identities.open(self._workspace, self)

    def from_time(self, when: datetime | None) -> str | None:
        """Return the one project in work on a day.

        Parameters
        ----------
        when : datetime or None
            In UTC.

        Returns
        -------
        str or None
            None if no manifest covers the day, or more than one.
        """
        if when is None:
            return None
        day = when.date()
        if day not in self._by_day:
            found = [m.project for m in self.manifests if m.covers(day)]
            self._by_day[day] = found[0] if len(found) == 1 else None
        return self._by_day[day]

    def resolve(
        self, paths: Sequence[str], explicit: str = "", when: datetime | None = None
    ) -> ProjectMatch:
        """Determine the project of a row: by name, else by date, else `unknown`.

        Parameters
        ----------
        paths : sequence of str
            Every path of the row.
        explicit : str
            The project that the row itself names, if it does. An explicit name that is not known is
            never overruled by the date.
        when : datetime, optional
            Time of the decision, in UTC.

        Returns
        -------
        ProjectMatch

        Raises
        ------
        RowRefusedError
            `mixed_projects` if the paths and the explicit name mean more than one project.
        """
        found: dict[str, str] = {}
        named = self.from_name(explicit) if explicit else None
        if named:
            found[named] = explicit
        for path in paths:
            for project in self.projects_in(path):
                found.setdefault(project, path)
        if len(found) > 1:
            detail = " and ".join(f"{where} ({project})" for project, where in found.items())
            raise RowRefusedError("mixed_projects", detail)
        if found:
            return ProjectMatch(next(iter(found)))
        dated = None if explicit else self.from_time(when)
        folders = [part for path in paths for part in self.folders(path)]
        unmatched = dict.fromkeys([*folders, explicit] if explicit else folders)
        return ProjectMatch(dated or UNKNOWN, tuple(unmatched))

    def folders(self, path: str) -> list[str]:
        """Return the folder names of a path that may name a project.

        Parameters
        ----------
        path : str
            As logged; its file name is not looked at.

        Returns
        -------
        list of str
            Without the workspace's own path, and without the person's name of a home folder such
            as `/home/NAME` or `C:/Users/NAME`, which names no project.
        """
        folder = split_path(path)[0]
        if self._root and f"{folder}/".startswith(self._root):
            folder = folder[len(self._root) :]
        folder = _HOME.sub(r"\1", folder, count=1) if _HOME.match(folder) else folder
        return [part for part in folder.split("/") if part not in ("", ".", "..")]

    def _name_table(
        self, folders: Sequence[str], aliases: Mapping[str, str], suffixes: Sequence[str]
    ) -> dict[str, str]:
        ids = [(m.project, m.project) for m in self.manifests]
        table: dict[str, str] = {}
        blocked: set[str] = set()
        self._claim(table, blocked, [*ids, *((name, name) for name in folders)])
        self._claim(table, blocked, [(n, m.project) for m in self.manifests for n in m.names])
        for alias, meant in ((canonical_name(a), canonical_name(m)) for a, m in aliases.items()):
            if self.manifests and meant not in table:
                self.problems.append(
                    f"alias {alias!r} means {meant!r}, which no manifest describes"
                )
            table[alias] = table.get(meant, meant)
        longer = [(name + end, project) for name, project in table.items() for end in suffixes]
        self._claim(table, blocked, longer)
        return table

    def _claim(
        self, table: dict[str, str], blocked: set[str], claims: Iterable[tuple[str, str]]
    ) -> None:
        """Enter names that no earlier level has taken; one that two projects claim is dropped."""
        fresh: dict[str, set[str]] = {}
        for name, project in claims:
            if name not in table and name not in blocked:
                fresh.setdefault(name, set()).add(project)
        for name, owners in fresh.items():
            if len(owners) == 1:
                table[name] = owners.pop()
            else:
                blocked.add(name)
                claimants = " and ".join(sorted(owners))
                self.problems.append(f"folder name {name!r} could mean {claimants}; it is not used")


def explicit_project(row: Mapping[str, object]) -> str:
    """Return the project that a row names in a field of its own, or empty text.

    Parameters
    ----------
    row : mapping
        Fields `project_id` and `project` are looked at, in this order.

    Returns
    -------
    str
    """
    for name in ("project_id", "project"):
        value = row.get(name)
        if isinstance(value, str) and value.strip() not in ("", UNKNOWN):
            return printable(value.strip())
    return ""


def _without_suffixed(folders: Iterable[str], suffixes: Sequence[str]) -> tuple[str, ...]:
    names = {name for name in folders if name != UNKNOWN}
    bases = {name + suffix for name in names for suffix in suffixes}
    return tuple(sorted(names - bases))
