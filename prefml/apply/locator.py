"""Locate the pictures of a reviewed set, their projects, and the files that go with them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from prefml.decisions.identity import walk_folders
from prefml.decisions.manifests import UNKNOWN
from prefml.decisions.projects import ProjectResolver
from prefml.imaging.formats import format_of_name
from prefml.imaging.signature import is_picture
from prefml.workspace import CONFIG_NAME, Workspace, canonical_name, stored_path

__all__ = ["LocatedPicture", "PictureLocator", "name_key"]


@dataclass(frozen=True)
class LocatedPicture:
    """A picture of a set.

    Attributes
    ----------
    path : str
        Relative to the workspace, with `/`.
    projects : tuple of str
        The projects that its folders name.
    companions : tuple of str
        Files beside it with the same stem that are no pictures.
    problem : str or None
        Why it cannot be used.
    is_picture : bool
        False if the file holds something else.
    """

    path: str
    projects: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    problem: str | None = None
    is_picture: bool = True


class PictureLocator:
    """Index of the pictures of a workspace, read as it is asked.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    resolver : ProjectResolver
        Knows the projects.
    """

    def __init__(self, workspace: Workspace, resolver: ProjectResolver) -> None:
        self.workspace, self._resolver = workspace, resolver
        self._folders: dict[Path, dict[str, list[str]]] = {}
        self._targets: dict[Path, dict[str, list[str]]] = {}

    def locate(self, image: str) -> LocatedPicture:
        """Find one picture.

        Parameters
        ----------
        image : str
            A path relative to the workspace, or a bare file name that occurs once among the
            workspace's pictures.

        Returns
        -------
        LocatedPicture

        Raises
        ------
        WorkspaceError
            If the path leads out of the workspace.
        """
        path = self._path(image)
        name = self._relative(path)
        projects = self._resolver.projects_in(name)
        if path.is_symlink():
            return LocatedPicture(name, projects, problem=f"{name} is a link, not a picture")
        if not path.is_file():
            if "/" not in image:
                return self._locate_by_name(image)
            return LocatedPicture(name, projects, problem=f"no file {name}")
        if not is_picture(path):
            problem = f"{name} is not a picture"
            return LocatedPicture(name, projects, problem=problem, is_picture=False)
        companions = tuple(self._companions(path))
        root = self.workspace.root
        links = [
            other
            for other in companions
            if not (root / other).is_file() or (root / other).is_symlink()
        ]
        linked = f"{links[0]} is not a regular file" if links else None
        return LocatedPicture(name, projects, companions, linked)

    def of_key(self, project: str, filename: str) -> str | None:
        """Return where the picture of a project and a name lies.

        Parameters
        ----------
        project : str
            The project.
        filename : str
            Its name in the project, as in the frames of `prefml.decisions`.

        Returns
        -------
        str or None
            Its path, relative to the workspace; of copies the first, in the order of the image
            folders. None where there is no such picture.
        """
        return self._by_key.get((project, filename))

    def stated_project(self, stated: object) -> str | None:
        """Return the project that a line states.

        Parameters
        ----------
        stated : object
            Its `project_id`.

        Returns
        -------
        str or None
            None if it states none.
        """
        if not isinstance(stated, str) or stated in ("", UNKNOWN):
            return None
        return self._resolver.from_name(stated) or stated

    def place_of(self, picture: str, project: str) -> PurePosixPath:
        """Return the place of a picture below the folder of its project, wherever that is moved.

        Parameters
        ----------
        picture : str
            Its path, relative to the workspace.
        project : str
            Its project; empty if it has none.

        Returns
        -------
        PurePosixPath
            Its file name; its path below the project where the name repeats in it.
        """
        name = self._resolver.identities.find(project, picture)
        folder = PurePosixPath(name or "").parent
        # The file keeps the very letters of its name, composed or decomposed.
        return folder / PurePosixPath(picture).name

    def is_taken(self, target: str) -> bool:
        """Tell whether a target exists already, under this name or one that is the same on a Mac.

        Parameters
        ----------
        target : str
            Relative to the workspace.

        Returns
        -------
        bool

        Raises
        ------
        WorkspaceError
            If the target leads out of the workspace, through a linked folder.
        """
        places = [self.workspace.root]
        self._path(target)
        for part in PurePosixPath(target).parts:
            key = name_key(part)
            places = [place / name for place in places for name in self._named(place, key)]
        return bool(places)

    def _named(self, folder: Path, key: str) -> list[str]:
        """Return the names in a folder that some file system takes for one."""
        if folder not in self._targets:
            names = self._targets[folder] = {}
            for name in _names(folder):
                names.setdefault(name_key(name), []).append(name)
        return self._targets[folder].get(key, [])

    def _path(self, name: str) -> Path:
        # A link in the place of the picture itself must not be followed, those above it must.
        self.workspace.inside(name)
        folder = self.workspace.inside((self.workspace.root / name).parent)
        return stored_path(folder / Path(name).name)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.workspace.root).as_posix()

    def _locate_by_name(self, name: str) -> LocatedPicture:
        found = self._by_name.get(canonical_name(name), [])
        if len(found) == 1:
            return self.locate(found[0])
        problem = f"no file {name}" if not found else f"{name} could be {' or '.join(found)}"
        return LocatedPicture(name, problem=problem)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        places: dict[str, list[str]] = {}
        roots = (self.workspace.root / "new", *self.workspace.image_roots())
        for root in dict.fromkeys(roots):
            for folder, _, names in os.walk(root):
                for name in names:
                    path = self._relative(Path(folder, name))
                    places.setdefault(canonical_name(name), []).append(path)
        return {name: sorted(set(paths)) for name, paths in places.items()}

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], str]:
        places: dict[tuple[str, str], str] = {}
        roots = (self.workspace.root / "new", *self.workspace.image_roots(self._resolver.names))
        existing = dict.fromkeys(root for root in roots if root.is_dir())
        for folder, entries in walk_folders(existing, lambda *_: None):
            here = self._relative(Path(folder))
            project = self._resolver.from_path(f"{here}/x")
            if project is None:
                continue
            for entry in entries:
                path = f"{here}/{entry.name}"
                name = self._resolver.identities.find(project, path)
                if format_of_name(entry.name) is not None and name is not None:
                    places.setdefault((project, canonical_name(name)), path)
        return places

    def _companions(self, path: Path) -> Iterable[str]:
        if path.parent not in self._folders:
            stems: dict[str, list[str]] = {}
            for name in sorted(_names(path.parent)):
                # Pictures of any kind are no companions, also those that prefml cannot read.
                if format_of_name(name) is None:
                    stems.setdefault(canonical_name(Path(name).stem), []).append(name)
            self._folders[path.parent] = stems
        stems = self._folders[path.parent]
        # The stem of a.png.xmp is a.png, and it is that picture's alone.
        named = (canonical_name(one) for one in (path.stem, path.name))
        for name in (name for one in named for name in stems.get(one, [])):
            beside = path.parent / name
            if name != path.name and not beside.is_dir() and not self._is_kept_by_prefml(beside):
                yield self._relative(beside)

    def _is_kept_by_prefml(self, path: Path) -> bool:
        """Tell whether a file is prefml's own, which no picture takes along."""
        where = self.workspace
        folders = (where.sandbox, where.artifacts, where.sidecars, *where.log_folders(),
                   *where.manifest_folders())  # fmt: skip
        below = (folder for folder in folders if folder != where.root)
        own = any(isinstance(one, Path) and path.is_relative_to(one) for one in below)
        return own or path == where.root / CONFIG_NAME


def name_key(name: str) -> str:
    """Return a key that names share if some file system takes them for one.

    macOS tells neither upper from lower case nor composed from decomposed letters.

    Parameters
    ----------
    name : str
        A file's name or path.

    Returns
    -------
    str

    References
    ----------
    The Unicode Standard, section 3.13, D145: canonical caseless matching.
    """
    return normalize("NFD", normalize("NFD", name).casefold())


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
