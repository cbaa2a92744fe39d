"""Derive the paths of a workspace from its folder and its configuration."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from prefml.exceptions import WorkspaceError
from prefml.files import AnyPath, path_from_url, write_text
from prefml.workspace.config import CONFIG_NAME, Config, read_config
from prefml.workspace.names import stored_path

__all__ = ["REVIEWED_ROOTS", "Workspace"]

# Where new pictures wait, and where reviewed ones go: what was learned from them stays usable.
# Cropped copies come after their originals, which keep the place of the picture.
REVIEWED_ROOTS = ("new", "delete_staging", "selected")


@dataclass(frozen=True)
class Workspace:
    """Folder of logs, manifests and pictures, with the paths of each.

    Build one with `Workspace.open`.

    Attributes
    ----------
    root : Path
        The absolute folder.
    config : Config
        Its settings, from `prefml.toml`.
    artifacts : Path
        Folder of models and reports.
    """

    root: Path
    config: Config
    artifacts: Path

    @classmethod
    def open(cls, root: str | Path = ".", artifacts: str | Path | None = None) -> Workspace:
        """Open a workspace.

        Parameters
        ----------
        root : str or Path
            The workspace folder.
        artifacts : str or Path, optional
            Folder of models and reports; `<root>/artifacts` by default. A relative path is taken
            from the current folder.

        Returns
        -------
        Workspace

        Raises
        ------
        WorkspaceError
            If the folder does not exist.
        ConfigError
            If its `prefml.toml` cannot be understood.
        """
        folder = Path(root).expanduser().resolve()
        if not folder.is_dir():
            raise WorkspaceError(f"no folder {folder}", "a workspace", f"prefml sample {root}")
        place = Path(artifacts).expanduser().resolve() if artifacts else folder / "artifacts"
        return cls(folder, read_config(folder / CONFIG_NAME), place)

    @property
    def sidecars(self) -> AnyPath:
        """Folder of the sidecars; outside the workspace only where a URL says so."""
        folder = self.config.sidecar
        if folder is None:
            return self.root / "data" / "sidecar"
        return path_from_url(folder) if "://" in folder else self.inside(folder)

    @property
    def sandbox(self) -> Path:
        """Folder of suggestions and decisions under review."""
        return self.root / "sandbox"

    def log_folders(self) -> tuple[Path, ...]:
        """Return the folders that may hold logs: `data/training`, else the root itself."""
        return self._first_existing("data/training", ".")

    def manifest_folders(self) -> tuple[Path, ...]:
        """Return the folders that may hold project manifests."""
        return self._first_existing("data/projects", "projects")

    def _first_existing(self, *names: str) -> tuple[Path, ...]:
        return tuple(self.root / name for name in names if (self.root / name).is_dir())[:1]

    def image_roots(self, projects: Iterable[str] = ()) -> tuple[Path, ...]:
        """Return the existing folders that hold pictures.

        Parameters
        ----------
        projects : iterable of str
            Known folder names of projects; a top-level folder of such a name is a root too, unless
            the configuration names the roots itself.

        Returns
        -------
        tuple of Path

        Raises
        ------
        ConfigError
            If a configured root lies outside the workspace.
        """
        usual = ("images", "training data", *sorted(set(projects)), *REVIEWED_ROOTS)
        names = self.config.image_roots or usual
        roots = tuple(self.inside(name) for name in names)
        return tuple(path for path in dict.fromkeys(roots) if path.is_dir())

    def write_page(self, name: str, text: str) -> Path:
        """Write a page for people below the root, whole or not at all.

        Parameters
        ----------
        name : str
            A path, relative to the root or absolute.
        text : str
            Its content.

        Returns
        -------
        Path
            Where it lies.

        Raises
        ------
        WorkspaceError
            If the path lies outside the workspace, or is a folder.
        """
        path = self.inside(name)
        if path.is_dir():
            raise WorkspaceError(f"{name} is a folder", "the name of a file, such as sets.html")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)
        return path

    def inside(self, name: str | Path) -> Path:
        """Return a path below the root, refusing one that leads out of it.

        Parameters
        ----------
        name : str or Path
            A path, relative to the root or absolute.

        Returns
        -------
        Path
            With links followed, see `stored_path`.

        Raises
        ------
        WorkspaceError
            If the path lies outside the workspace, or no file could have it.
        """
        path = _resolved(stored_path(self.root / name))
        if not path.is_relative_to(self.root):
            raise WorkspaceError(f"{name} lies outside {self.root}", "a path inside the workspace")
        return path


def _resolved(path: Path) -> Path:
    """Follow links, refusing loops and names that the system does not take."""
    try:
        found = path.resolve()
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            found.lstat()
    except (OSError, RuntimeError, ValueError) as error:
        shown = f"{str(path)[:200]!r} cannot be a path"
        raise WorkspaceError(shown, "a path inside the workspace") from error
    return found
