"""Lay the sidecars out: three data sets of parquet files, a folder for each project.

A fragment is some rows of one project: three files of one name, one in each data set, that are
written together and never changed. Old fragments give way to new ones by a small `commit.json`
that names both: from the moment it is there all readers see the new ones, wherever the files are,
and the next run completes what was interrupted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from prefml.files import AnyPath, write_text
from prefml.sidecars.places import exists, is_file, list_files
from prefml.sidecars.schema import KINDS

__all__ = [
    "COMMIT",
    "Commit",
    "Fragment",
    "copy_folder",
    "copy_of_single_files",
    "data_set",
    "has_single_files",
    "list_fragments",
    "list_parts",
    "next_file",
    "next_number",
    "part_name",
    "parts_folder",
    "project_folder",
]

COMMIT = "commit.json"
# Capitals are escaped for file systems on which they are no other letters.
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_LONGEST = 200
# The number comes first; a writer's name may follow it.
_PART = re.compile(r"part-(\d+)[\w-]*\.parquet")
_NAME = re.compile(r"(?:(?!\.)[^/\\]+/)?(?!\.)[^/\\]+")


@dataclass(frozen=True)
class Fragment:
    """Rows of one project that were written together.

    Attributes
    ----------
    name : str
        Folder of the project and file without its suffix, as below each data set. Without a
        folder: no rows at all; empty: the three single files of an earlier version.
    files : mapping of str to Path or UPath
        File of each kind that is there.
    """

    name: str
    files: Mapping[str, AnyPath]

    @property
    def folder(self) -> str:
        """Folder of its project below the data set; empty if it is in none."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True)
class Commit:
    """Note that a set of fragments replaces others.

    Attributes
    ----------
    added, dropped : list of str
        Names of the new fragments, and of those that they replace.
    parts : list of str
        Names of the parts that are not needed any more.
    takes_over : bool
        Whether the single files of an earlier version are replaced, too.
    """

    added: list[str]
    dropped: list[str]
    parts: list[str] = field(default_factory=list)
    takes_over: bool = False

    def write(self, folder: AnyPath) -> None:
        """Write the note, whole or not at all.

        Parameters
        ----------
        folder : Path or UPath
            The sidecar folder.
        """
        content = {**asdict(self), "sha256": self._digest()}
        write_text(folder / COMMIT, json.dumps(content))

    @classmethod
    def read(cls, folder: AnyPath) -> Commit | None:
        """Read the note.

        Parameters
        ----------
        folder : Path or UPath
            The sidecar folder.

        Returns
        -------
        Commit or None
            None if there is none, or it is not what was written: then nothing is committed.
        """
        try:
            content = json.loads((folder / COMMIT).read_text(encoding="utf-8"))
            digest = content.pop("sha256")
            found = cls(**content)
            names = (*found.added, *found.dropped, *found.parts)
            sound = found._digest() == digest and all(map(_NAME.fullmatch, names))
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return found if sound else None

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def project_folder(project: str) -> str:
    """Name the folder of a project below a data set.

    Bytes other than small letters, digits, `-`, `_` and `.` are percent-encoded, so that two
    projects share a folder on no file system, and `pyarrow.dataset.partitioning` reads the names.

    Parameters
    ----------
    project : str
        The project.

    Returns
    -------
    str
        Ends in a hash, and no longer tells the whole name, if it would be longer than 200 letters.

    Examples
    --------
    >>> project_folder("Kiara Slender")
    '%4Biara%20%53lender'
    """
    raw = project.encode()
    # Readers of parquet pass over names that begin with a dot or an underscore.
    plain = [byte in _PLAIN and (place > 0 or byte not in b"._") for place, byte in enumerate(raw)]
    text = "".join(
        chr(byte) if kept else f"%{byte:02X}" for byte, kept in zip(raw, plain, strict=True)
    )
    if len(text) <= _LONGEST:
        return text
    head = re.sub(r"%.?$", "", text[: _LONGEST - 20])
    return f"{head}~{hashlib.sha256(raw).hexdigest()[:16]}"


def data_set(folder: AnyPath, kind: str) -> AnyPath:
    """Return the place of a data set: a folder, or a single file of version 0.1.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    kind : {"embeddings", "hashes", "cues"}
        The data set.

    Returns
    -------
    Path or UPath
    """
    return folder / f"{kind}.parquet"


def parts_folder(folder: AnyPath) -> AnyPath:
    """Return the folder of what unfinished runs have written.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    Path or UPath
    """
    return folder / "parts"


def list_parts(folder: AnyPath) -> list[AnyPath]:
    """Return the part files of a sidecar folder, oldest first.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    list of Path or UPath
    """
    parts = (path for path in list_files(parts_folder(folder)) if _PART.fullmatch(path.name))
    return sorted(parts, key=lambda path: path.name)


def part_name(number: int, writer: str = "") -> str:
    """Name a part file.

    Parameters
    ----------
    number : int
        Its place among the parts; of two rows with the same key the later part's counts.
    writer : str
        Name of the process that writes it, where there are several: letters and digits.

    Returns
    -------
    str
    """
    return f"part-{number:08d}{f'-{writer}' if writer else ''}.parquet"


def next_number(paths: Iterable[AnyPath]) -> int:
    """Return a part number above those in use.

    Parameters
    ----------
    paths : iterable of Path or UPath
        The part files.

    Returns
    -------
    int
    """
    found = (_PART.fullmatch(path.name) for path in paths)
    return 1 + max((int(match[1]) for match in found if match), default=0)


def next_file(folder: AnyPath, name: str, kind: str) -> AnyPath:
    """Return the place of a fragment's file until it is committed.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.
    name : str
        Name of the fragment.
    kind : {"embeddings", "hashes", "cues"}
        The data set.

    Returns
    -------
    Path or UPath
    """
    return parts_folder(folder) / f"{name.rpartition('/')[2]}.{kind}.next"


def copy_folder(folder: AnyPath) -> AnyPath:
    """Return the folder of the copy that a take-over leaves until the next run.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    Path or UPath
    """
    return folder / "before"


def has_single_files(folder: AnyPath) -> bool:
    """Tell whether there are single files of an earlier version, which the next pass takes over.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    bool
    """
    return any(is_file(data_set(folder, kind)) for kind in KINDS)


def copy_of_single_files(folder: AnyPath) -> Fragment | None:
    """Return the copy of the single files that the last run has taken over.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    Fragment or None
    """
    found = {kind: data_set(copy_folder(folder), kind) for kind in KINDS}
    return Fragment("", found) if all(map(is_file, found.values())) else None


def list_fragments(folder: AnyPath) -> list[Fragment]:
    """List the fragments that hold at one moment, also while others replace them.

    Parameters
    ----------
    folder : Path or UPath
        The sidecar folder.

    Returns
    -------
    list of Fragment
        By name; their files may be gone by the time they are opened.
    """
    found = _listing(folder)
    # Names are never used again: two equal lists were not made while files moved.
    while (again := _listing(folder)) != found:
        found = again
    return found


def _listing(folder: AnyPath) -> list[Fragment]:
    commit = Commit.read(folder) or Commit([], [])
    files: dict[str, dict[str, AnyPath]] = {}
    for name in commit.added:
        waiting = {kind: next_file(folder, name, kind) for kind in KINDS}
        files[name] = {kind: path for kind, path in waiting.items() if exists(path)}
    for kind in KINDS:
        for name, path in _placed(data_set(folder, kind)):
            files.setdefault(name, {})[kind] = path
        if is_file(data_set(folder, kind)) and not commit.takes_over:
            files.setdefault("", {})[kind] = data_set(folder, kind)
    gone = set(commit.dropped)
    return [Fragment(name, files[name]) for name in sorted(files) if name not in gone]


def _placed(place: AnyPath) -> Iterator[tuple[str, AnyPath]]:
    for path in list_files(place, deep=True):
        name = path.stem if path.parent == place else f"{path.parent.name}/{path.stem}"
        hidden = "_" in (name[0], path.stem[0])
        if path.suffix == ".parquet" and _NAME.fullmatch(name) and not hidden:
            yield name, path
