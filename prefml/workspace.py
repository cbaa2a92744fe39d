"""Read `prefml.toml` and derive the paths of a workspace from it."""

from __future__ import annotations

import os
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from prefml.exceptions import ConfigError, WorkspaceError
from prefml.files import AnyPath, path_from_url, write_text

__all__ = [
    "MOST",
    "RULES",
    "Config",
    "Workspace",
    "canonical_name",
    "read_config",
    "stored_path",
]

CONFIG_NAME = "prefml.toml"
# Rules of what makes a set, see `prefml.decisions.set_rule`, and pictures of a set at most.
RULES = ("auto", "stages", "folder", "name", "metadata", "burst", "similar", "table")
MOST = 12
# Where new pictures wait, and where reviewed ones go: what was learned from them stays usable.
# Cropped copies come after their originals, which keep the place of the picture.
REVIEWED_ROOTS = ("new", "delete_staging", "selected")


def canonical_name(name: str) -> str:
    """Return a name in Unicode's composed form, NFC, in which names are compared.

    Composed or decomposed, to a person, and to most file systems, both are one name.

    Parameters
    ----------
    name : str
        A file name, a folder's name, or a path.

    Returns
    -------
    str

    References
    ----------
    Unicode Standard Annex 15, "Unicode normalization forms".
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def stored_path(path: Path) -> Path:
    """Return a path under the names that the disk has, composed or decomposed.

    Parameters
    ----------
    path : Path
        May not exist.

    Returns
    -------
    Path
    """
    if os.path.lexists(path) or str(path).isascii() or path == path.parent:
        return path
    parent, wanted = stored_path(path.parent), canonical_name(path.name)
    with suppress(OSError, ValueError):
        return parent / min(name for name in os.listdir(parent) if canonical_name(name) == wanted)
    return parent / path.name


@dataclass(frozen=True)
class Config:
    """Settings of a workspace, as `prefml.toml` gives them; every entry has a default.

    Attributes
    ----------
    encoder : str or None
        `builtin`, `clip`, `open_clip:MODEL/PRETRAINED`, or a folder with an `encoder.json`
        (relative to the workspace). None: the one that made the sidecars, else `clip`.
    sidecar : str or None
        Place of the sidecars: a folder relative to the workspace, or a URL of another place
        (`file:///...`, `s3://...`). None: `data/sidecar`.
    image_roots : tuple of str
        Folders that hold pictures, relative to the workspace. Empty: `images`, `training data`,
        every top-level folder named exactly like a project, `new`, and where `prefml apply` puts
        reviewed pictures.
    max_pixels : int
        Pictures with more pixels than this are reported and skipped.
    aliases : mapping of str to str
        Folder name as it occurs -> project id.
    suffixes : tuple of str
        Suffixes a project folder may carry (`x_final` is `x`).
    rule : str or None
        Name of what makes a set of new pictures, see `prefml.decisions.set_rule`; None: `auto`.
    stages : tuple of str
        Stage words in file names, the lowest first; empty: those that prefml knows.
    expression, preset, table : str or None
        Settings of the rules `name` and `table`.
    max_gap : float or None
        Seconds between neighbouring pictures that end a set of new pictures; None: as the rule
        says.
    most : int or None
        Pictures that a set has at most; None: 12.
    cosine, window : float or None
        Settings of the rule `similar`.
    reask : float
        Share of decided sets that are silently asked again by `prefml suggest`, from 0 to 1; the
        answers show how consistent the person is.
    audit : float
        Share of a bulk approval that is asked about one by one with the suggestion hidden, from 0
        to 1, at least 20 sets if there are as many, else all; 0 asks about none.
    policy : mapping
        The person's crop rules, see `prefml.cropping.policy`.
    """

    encoder: str | None = None
    sidecar: str | None = None
    image_roots: tuple[str, ...] = ()
    max_pixels: int = 150_000_000
    aliases: Mapping[str, str] = field(default_factory=dict)
    suffixes: tuple[str, ...] = ("_final", "_raw")
    rule: str | None = None
    stages: tuple[str, ...] = ()
    expression: str | None = None
    preset: str | None = None
    table: str | None = None
    max_gap: float | None = None
    most: int | None = None
    cosine: float | None = None
    window: float | None = None
    reask: float = 0.02
    audit: float = 0.05
    policy: Mapping[str, object] = field(default_factory=dict)


_EntryType: TypeAlias = type | tuple[type, ...]
_KIND_NAMES: Mapping[_EntryType, str] = {
    str: "text", list: "list of texts", dict: "table", int: "whole number", (int, float): "number",
}  # fmt: skip
# Where each entry stands in the file: section ("" is the top level), key, and its type.
_ENTRIES: Mapping[str, tuple[str, str, _EntryType]] = {
    "encoder": ("", "encoder", str),
    "sidecar": ("", "sidecar", str),
    "image_roots": ("images", "roots", list),
    "max_pixels": ("images", "max_pixels", int),
    "aliases": ("projects", "aliases", dict),
    "suffixes": ("projects", "suffixes", list),
    "rule": ("sets", "rule", str),
    "stages": ("sets", "stages", list),
    "expression": ("sets", "expression", str),
    "preset": ("sets", "preset", str),
    "table": ("sets", "table", str),
    "max_gap": ("sets", "max_gap", (int, float)),
    "most": ("sets", "most", int),
    "cosine": ("sets", "cosine", (int, float)),
    "window": ("sets", "window", (int, float)),
    "reask": ("suggest", "reask", (int, float)),
    "audit": ("review", "audit", (int, float)),
    "policy": ("crop", "policy", dict),
}


def read_config(path: Path) -> Config:
    """Read a `prefml.toml`; a file that does not exist gives the defaults.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If the file is not TOML, has an unknown entry, or an entry of the wrong type.
    """
    if not path.exists():
        return Config()
    if not path.is_file():
        raise ConfigError(f"{path} is not a regular file", "a TOML file", "correct the file")
    document = _parse(path)
    _refuse_unknown(document, path)
    values: dict[str, Any] = {}
    for name, (section, key, kind) in _ENTRIES.items():
        holder = document.get(section, {}) if section else document
        if key in holder:
            values[name] = _checked(holder[key], kind, f"{section}.{key}".lstrip("."), path)
    return Config(**values)


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        # ValueError also where tomllib lets a number of thousands of digits through to int().
        raise ConfigError(f"{path}: {error}", "a TOML file", "correct the file") from error


def _refuse_unknown(document: Mapping[str, object], path: Path) -> None:
    sections = {section for section, _, _ in _ENTRIES.values() if section}
    known = {f"{section}.{key}".lstrip(".") for section, key, _ in _ENTRIES.values()}
    for name, value in document.items():
        entries = [name]
        if name in sections:
            if not isinstance(value, dict):
                raise ConfigError(f"{path}: {name} = {value!r}", f"a section [{name}]")
            entries = [f"{name}.{key}" for key in value]
        for entry in entries:
            if entry not in known:
                raise ConfigError(
                    f"{path}: unknown entry {entry!r}", f"one of {', '.join(sorted(known))}"
                )


def _checked(value: object, kind: _EntryType, name: str, path: Path) -> object:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ConfigError(f"{path}: {name} = {value!r}", f"a {_KIND_NAMES[kind]}")
    if isinstance(value, list):
        return tuple(_checked(item, str, f"{name}[]", path) for item in value)
    if isinstance(value, dict) and name == "projects.aliases":
        return {key: _checked(item, str, f"{name}.{key}", path) for key, item in value.items()}
    if isinstance(value, int | float):
        _refuse_out_of_range(value, name, path)
    return value


def _refuse_out_of_range(value: float, name: str, path: Path) -> None:
    if name in ("suggest.reask", "review.audit"):
        if not 0 <= value <= 1:
            raise ConfigError(f"{path}: {name} = {value!r}", "a share from 0 to 1")
    elif not 0 < value < float("inf"):
        raise ConfigError(f"{path}: {name} = {value!r}", "a positive number")


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
