"""Read a catalogue of Lightroom: a copy of it, opened read-only.

Tables as https://github.com/hfiguiere/lrcat-extractor (doc/lrcat_format.md) describes them.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from prefml.boxes import read_size
from prefml.decisions.documents import is_path
from prefml.decisions.imports.marked import Marked, MarkedPicture
from prefml.decisions.xmp.marks import Flag, Marks, read_crop, read_rating
from prefml.exceptions import ForeignFileError

__all__ = ["NEWEST", "SUFFIX", "is_catalogue", "read_catalogue"]

SUFFIX = ".lrcat"
NEWEST = 15
"""Version of Lightroom Classic whose catalogues are known; later ones are refused."""

_MAGIC = b"SQLite format 3\0"
# What lies beside a catalogue while a program has it open, or after one that died.
_IN_USE = (".lock", "-lock", "-journal", "-wal")
_NEEDED: Mapping[str, frozenset[str]] = {
    "Adobe_images": frozenset({"id_local", "rootFile", "pick", "rating"}),
    "AgLibraryFile": frozenset({"id_local", "folder", "baseName", "extension"}),
    "AgLibraryFolder": frozenset({"id_local", "rootFolder", "pathFromRoot"}),
    "AgLibraryRootFolder": frozenset({"id_local", "absolutePath"}),
}
_OPTIONAL = ("colorLabels", "masterImage", "fileWidth", "fileHeight", "orientation")
# Steps of SQLite's virtual machine after which a query is no query of a catalogue any more.
_STEPS_AT_ONCE, _MOST_CALLS = 1_000_000, 20_000
# What damaged databases raise; their names may be no text, and so no message either.
_FAULTS = (sqlite3.Error, UnicodeDecodeError, OverflowError)
_EDGES = ("CropLeft", "CropTop", "CropRight", "CropBottom")
_SETTING = re.compile(r"\b(CropLeft|CropTop|CropRight|CropBottom|CropAngle)\s*=\s*([^\s,}]{1,40})")
# As exif_orientation of lrcat-extractor has them, and the mirrored ones.
_ORIENTATIONS = {"AB": 1, "BA": 2, "CD": 3, "DC": 4, "CB": 5, "BC": 6, "AD": 7, "DA": 8}


def is_catalogue(path: Path) -> bool:
    """Tell whether a file is named like a catalogue or holds a database.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    bool
    """
    if path.suffix.lower() == SUFFIX:
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def read_catalogue(path: Path) -> Marked:
    """Read the marks and stacks of a catalogue.

    Parameters
    ----------
    path : Path
        The catalogue, which is not touched.

    Returns
    -------
    Marked
        A picture for each file; virtual copies are counted. Crops are those of the stored
        picture.

    Raises
    ------
    ForeignFileError
        If it is in use, damaged, newer than what is known, or no catalogue.
    """
    with _opened_copy(path) as database:
        try:
            _check(database, path)
            return _read(database)
        except _FAULTS as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: object) -> ForeignFileError:
    return ForeignFileError(
        f"{path.name} is damaged ({error})", "a catalogue that Lightroom opens",
        "a backup of the catalogue in its place",
    )  # fmt: skip


@contextmanager
def _opened_copy(path: Path) -> Iterator[sqlite3.Connection]:
    _refuse_in_use(path)
    with tempfile.TemporaryDirectory(prefix="prefml-") as folder:
        copy = Path(folder, "copy.lrcat")
        try:
            before = path.stat()
            shutil.copyfile(path, copy)
            after = path.stat()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ForeignFileError(f"{path}: {reason}", "a catalogue that can be read") from error
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise _in_use(path, "it changed while it was copied")
        with closing(_connect(copy)) as database:
            yield database


def _refuse_in_use(path: Path) -> None:
    """Refuse what a program has open: the copy would hold half of what it writes."""
    if not path.is_file():
        raise ForeignFileError(f"no file {path}", "a catalogue (.lrcat)")
    for ending in _IN_USE:
        beside = path.with_name(path.name + ending)
        if beside.exists() and (ending.endswith("lock") or beside.stat().st_size):
            raise _in_use(path, f"{beside.name} lies beside it")
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ForeignFileError(f"{path}: {reason}", "a catalogue that can be read") from error
    if not head.startswith(_MAGIC):
        raise ForeignFileError(f"{path.name} is no SQLite database", "a catalogue of Lightroom")
    # In this mode a reader writes nothing, and learns of a lock without a file of its own.
    if head[18:20] == b"\1\1":
        with closing(_connect(path)) as database:
            try:
                database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except _FAULTS as error:
                if "locked" in str(error):
                    raise _in_use(path, "another program has locked it") from error
                raise _damaged(path, error) from error


def _in_use(path: Path, why: str) -> ForeignFileError:
    return ForeignFileError(
        f"{path.name} is in use ({why})", "a catalogue that no program has open",
        "close Lightroom, which removes that file, and import again",
    )  # fmt: skip


def _connect(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)
    except sqlite3.Error as error:
        raise _damaged(path, error) from error
    calls = iter(range(_MOST_CALLS))
    database.set_progress_handler(lambda: next(calls, None) is None, _STEPS_AT_ONCE)
    # Bytes that are no text show as damage, in place of stopping everything.
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database


def _check(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA trusted_schema = OFF")
    verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _damaged(path, verdict)
    for table, columns in _NEEDED.items():
        if not columns <= _columns(database, table):
            lacking = ", ".join(sorted(columns - _columns(database, table)))
            raise ForeignFileError(
                f"{path.name} has no {table} with {lacking}", "a catalogue of Lightroom"
            )
    version = _version(database)
    if version > NEWEST:
        raise ForeignFileError(
            f"{path.name} is a catalogue of Lightroom {version}", f"at most version {NEWEST}",
            "save the marks from Lightroom as XMP (Metadata, Save Metadata to File) and import the "
            "folder",
        )  # fmt: skip


def _columns(database: sqlite3.Connection, table: str) -> frozenset[str]:
    """Return the columns of a table; a view of its name has none."""
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    if kind is None or kind[0] != "table":
        return frozenset()
    return frozenset(row[1] for row in database.execute(f'PRAGMA table_info("{table}")'))


def _version(database: sqlite3.Connection) -> int:
    """Return the version of Lightroom: of `Adobe_DBVersion` 1300025 it is 13; 0 if unstated."""
    if not {"name", "value"} <= _columns(database, "Adobe_variablesTable"):
        return 0
    found = database.execute(
        "SELECT value FROM Adobe_variablesTable WHERE name = 'Adobe_DBVersion'"
    ).fetchone()
    digits = re.fullmatch(r"(\d{1,9})(?:\.0)?", str(found[0])) if found else None
    return int(digits[1]) // 100_000 if digits else 0


def _read(database: sqlite3.Connection) -> Marked:
    found = Marked()
    stacks, crops = _stacks(database), _crops(database)
    names = _columns(database, "Adobe_images")
    optional = ", ".join(f"i.{name}" if name in names else "NULL" for name in _OPTIONAL)
    rows = database.execute(
        "SELECT i.id_local, r.absolutePath, d.pathFromRoot, f.baseName, f.extension, i.pick, "
        f"i.rating, {optional} FROM Adobe_images i LEFT JOIN AgLibraryFile f "
        "ON f.id_local = i.rootFile LEFT JOIN AgLibraryFolder d ON d.id_local = f.folder "
        "LEFT JOIN AgLibraryRootFolder r ON r.id_local = d.rootFolder ORDER BY i.id_local"
    )
    for key, root, folder, name, ending, pick, rating, label, master, *size, turned in rows:
        path = _path(root, folder, name, ending)
        if master is not None:
            found.passed_over["virtual_copy"] += 1
        elif not is_path(path):
            found.passed_over["no_name"] += 1
        else:
            orientation = _ORIENTATIONS.get(str(turned), 0)
            marks, problem = _marks(pick, rating, label, orientation, crops.get(key, {}))
            sides = size if orientation < 5 else size[::-1]
            found.pictures.append(
                MarkedPicture(path, marks, problem, stacks.get(key, ""), read_size(*sides))
            )
    return found


def _path(root: object, folder: object, name: object, ending: object) -> str:
    if not all(isinstance(part, str) for part in (root, name)):
        return ""
    suffix = f".{ending}" if isinstance(ending, str) and ending else ""
    below = folder if isinstance(folder, str) else ""
    return f"{root}{below}{name}{suffix}".replace("\\", "/")


def _marks(
    pick: object, rating: object, label: object, orientation: int, crop: Mapping[str, str]
) -> tuple[Marks, str]:
    flags: Mapping[object, Flag] = {None: "", 0: "", 1: "picked", -1: "rejected"}
    try:
        stars = read_rating(rating)
        flag = flags[pick] if not isinstance(pick, str) else flags[float(pick)]
    except (ForeignFileError, KeyError, ValueError):
        return Marks(), "unreadable"
    edges: Sequence[object] = [crop.get(name) for name in _EDGES]
    box, problem = read_crop(edges, crop.get("CropAngle"))
    whole = box is not None and box == (0, 0, 1, 1)
    shown = label if isinstance(label, str) else ""
    return Marks(stars, shown, flag, None if whole else box, problem, orientation), ""


def _stacks(database: sqlite3.Connection) -> dict[int, str]:
    if not {"image", "stack"} <= _columns(database, "AgLibraryFolderStackImage"):
        return {}
    rows = database.execute("SELECT image, stack FROM AgLibraryFolderStackImage")
    return {image: f"stack {stack}" for image, stack in rows if stack is not None}


def _crops(database: sqlite3.Connection) -> dict[int, dict[str, str]]:
    """Return the crop settings of each picture, out of the text of its development."""
    if not {"image", "text"} <= _columns(database, "Adobe_imageDevelopSettings"):
        return {}
    rows = database.execute(
        "SELECT image, text FROM Adobe_imageDevelopSettings "
        "WHERE typeof(text) = 'text' AND text LIKE '%CropLeft%'"
    )
    return {image: dict(_SETTING.findall(text)) for image, text in rows}
