"""Store events in an append-only SQLite file: the truth about what was decided."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import msgspec

from prefml.exceptions import LogError, StoreUnavailableError
from prefml.files import sync_folder
from prefml.review.events import KINDS, Body, Event, Kind, parse_event
from prefml.review.ledger import Ledger

__all__ = ["SCHEMA_VERSION", "STORE_NAME", "EventStore", "MakeBody"]

# Of the event table in the sandbox.
STORE_NAME = "review.sqlite3"

SCHEMA_VERSION = 2

# Given the current state, what to write; None writes nothing.
MakeBody: TypeAlias = Callable[[Ledger], Body | None]

_EVENTS = f"""
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ({", ".join(repr(kind) for kind in KINDS)})),
    body TEXT NOT NULL
);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
PRAGMA user_version = {SCHEMA_VERSION};
"""
_SECRET = "CREATE TABLE secret (value TEXT NOT NULL);"
# Version 1 knew no changes of sets. SQLite changes a check only with the table.
_BEFORE_2 = """
DROP TRIGGER events_are_not_changed;
DROP TRIGGER events_are_not_deleted;
ALTER TABLE events RENAME TO events_1;
"""
_AFTER_2 = """
INSERT INTO events SELECT * FROM events_1;
DROP TABLE events_1;
"""
_COLUMNS = "seq, event_id, at, session_id, kind, body"
Row: TypeAlias = tuple[int, str, str, str, str, str]
# The table, the log in which its last events lie, and the index of that log.
_FILES = ("", "-wal", "-shm")
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# How long a transaction of another process is waited for.
_PATIENCE = 10.0


class _ReplacedError(Exception):
    """Raised inside a transaction when the file is not the one that was opened."""


class EventStore:
    """Events on disk and the state that follows from them.

    An event counts once `append` returns: it is then committed and synced to the disk. Several
    processes may use one file; each sees the others' events before it adds its own. A file that
    is removed, replaced or written over while it is open takes no event any more: it would vanish.

    Parameters
    ----------
    path : Path
        The SQLite file; it is made, with its folder, when it does not exist.

    Attributes
    ----------
    secret : str
        Random text of this file, the key of opaque picture ids and of the page's token, so that
        an open page goes on working when the server is started again.
    session_id : str
        Names this run in the events.

    Raises
    ------
    LogError
        If the file is not an event table or was written by a newer prefml.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._ledger = Ledger()
        self._data_version = -1
        # The events as they were written, to be rescued whatever becomes of the file.
        self._rows: list[Row] = []
        self._identity: list[tuple[int, int] | None] = []
        self._stamps: list[tuple[int, int] | None] = []
        self._is_lost = False
        self._rescued: Path | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            with self._translated_errors():
                self._connection.execute("PRAGMA journal_mode = WAL")
                # WAL's usual NORMAL may lose the last commits in a power cut.
                self._connection.execute("PRAGMA synchronous = FULL")
                self.secret = self._prepare()
                self._catch_up()
                self._identity, self._stamps = self._find_identity(), self._find_stamps()
        except LogError:
            self.close()
            raise
        self.session_id = f"review_{datetime.now(UTC):%Y%m%dT%H%M%S}_{secrets.token_hex(3)}"

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Raise what SQLite has against the file as an error of prefml's own."""
        try:
            yield
        except _ReplacedError:
            raise self._describe_loss() from None
        except sqlite3.OperationalError as error:
            if _is_busy(error):
                raise StoreUnavailableError(
                    f"{self._path}: {error}",
                    "that the process that has it open lets go of it",
                    "the same again",
                ) from error
            raise LogError(
                f"{self._path}: {error}", "an event table that can be written, with room"
            ) from error
        except (sqlite3.DatabaseError, OSError, UnicodeDecodeError) as error:
            # SQLite quotes damaged bytes in its messages, and Python cannot decode them.
            raise LogError(
                f"{self._path}: {error}", "a prefml event table", "move it away"
            ) from error

    def _prepare(self) -> str:
        """Create the tables of a new file, and return the secret of an old one too."""
        with self._transaction():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise LogError(
                    f"{self._path}: version {version} of the event table",
                    f"at most {SCHEMA_VERSION}",
                    "pip install --upgrade prefml",
                )
            if version == 0:
                self._execute(_EVENTS + _SECRET)
                self._connection.execute("INSERT INTO secret VALUES (?)", (secrets.token_hex(32),))
            elif version < SCHEMA_VERSION:
                self._execute(_BEFORE_2 + _EVENTS + _AFTER_2)
        sync_folder(self._path.parent)
        row = self._connection.execute("SELECT value FROM secret").fetchone()
        if row is None or not isinstance(row[0], str) or not row[0]:
            raise LogError(f"{self._path} has no secret", "a prefml event table", "move it away")
        return str(row[0])

    def _execute(self, script: str) -> None:
        # executescript() would commit the transaction that keeps a second process out.
        for statement in _statements(script):
            self._connection.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._stamps = self._find_stamps()

    def _catch_up(self) -> None:
        """Fold in what other processes, or an earlier run, have written."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            for row in self._connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq",
                (self._ledger.last_seq,),
            ).fetchall():
                self._ledger.apply(self._event(row))
                self._rows.append(row)
            self._data_version = version

    def _stats(self) -> Iterator[os.stat_result | None]:
        for suffix in _FILES:
            try:
                yield os.stat(f"{self._path}{suffix}")
            except FileNotFoundError:
                yield None

    def _find_identity(self) -> list[tuple[int, int] | None]:
        """Return device and inode of the files of the table."""
        return [status and (status.st_dev, status.st_ino) for status in self._stats()]

    def _find_stamps(self) -> list[tuple[int, int] | None]:
        """Return size and time of the table and of its log; the index is written all the time."""
        stats = islice(self._stats(), 2)
        return [status and (status.st_size, status.st_mtime_ns) for status in stats]

    def _require_same_file(self) -> None:
        """Raise an error if the file of this name is not, or not as, the one that was opened."""
        if self._is_lost or self._find_identity() != self._identity:
            raise _ReplacedError
        stamps = self._find_stamps()
        if stamps != self._stamps:
            # Another review has added events, or something has written over them.
            if not self._is_whole():
                raise _ReplacedError
            self._stamps = stamps

    def _is_whole(self) -> bool:
        """Tell whether the file, read anew, is sound and holds every event that is known."""
        known = [row[1] for row in self._rows]
        query = "SELECT event_id FROM events WHERE seq <= ? ORDER BY seq"
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as fresh:
                sound = fresh.execute("PRAGMA quick_check").fetchone() == ("ok",)
                secret = fresh.execute("SELECT value FROM secret").fetchone()
                found = [name for (name,) in fresh.execute(query, (self._ledger.last_seq,))]
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if _is_busy(error):
                raise
            return False
        return sound and secret == (self.secret,) and found == known

    def _describe_loss(self) -> StoreUnavailableError:
        """Return the error of a file that is another by now, once its events are rescued."""
        self._is_lost = True
        self._rescued = self._rescued or self._rescue()
        step = "stop the review, put the file back, and start prefml review again"
        if self._rescued is not None:
            # The log of another file would be taken for its own.
            gone = " ".join(f"{self._path}{suffix}" for suffix in _FILES[1:])
            step = f"stop the review, rm -f {gone}, mv {self._rescued} {self._path}, and start it"
        return StoreUnavailableError(
            f"{self._path} was removed, replaced or written over while the review is open; nothing "
            "is saved",
            "the event table that this review has opened",
            step,
        )

    def _rescue(self) -> Path | None:
        """Write the events that are known to a new file; None if it cannot be written."""
        target = self._path.with_name(f"review.rescued-{secrets.token_hex(3)}.sqlite3")
        with suppress(sqlite3.Error, OSError):
            target.parent.mkdir(exist_ok=True)
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                copy.executescript(f"BEGIN; {_EVENTS} {_SECRET}")
                copy.execute("INSERT INTO secret VALUES (?)", (self.secret,))
                copy.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", self._rows)
                copy.execute("COMMIT")
            sync_folder(target.parent)
            return target
        with suppress(OSError):
            target.unlink(missing_ok=True)
        return None

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Give the current state, which does not change inside the block.

        Yields
        ------
        Ledger
        """
        with self._lock:
            with self._translated_errors():
                self._require_same_file()
                self._catch_up()
            yield self._ledger

    @contextmanager
    def exclusive_ledger(self) -> Iterator[Ledger]:
        """Give the current state while no other process adds an event.

        Yields
        ------
        Ledger

        Raises
        ------
        StoreUnavailableError
            As in `append`.
        """
        with self._lock, self._translated_errors(), self._transaction():
            self._require_same_file()
            self._catch_up()
            yield self._ledger

    def append(self, kind: Kind, make_body: MakeBody, event_id: str | None = None) -> Event | None:
        """Write one event and wait until it is on the disk.

        Parameters
        ----------
        kind : {"decide", "tag", "regroup", "undo", "redo", "submit"}
            What happened.
        make_body : callable
            Gets the state that the event will follow on and returns its body, or None to write
            nothing.
        event_id : str, optional
            When an event of this id is there already, nothing is written and it is returned.

        Returns
        -------
        Event or None

        Raises
        ------
        StoreUnavailableError
            If another process holds the table, or it was removed, replaced or written over.
        """
        with self._lock:
            with self._translated_errors(), self._transaction():
                self._require_same_file()
                self._catch_up()
                query = f"SELECT {_COLUMNS} FROM events WHERE event_id = ?"
                row = self._connection.execute(query, (event_id,)).fetchone()
                known = self._event(row) if row else None
                body = None if known else make_body(self._ledger)
                if body is None:
                    return known
                row = self._insert(kind, body, event_id or secrets.token_hex(16))
                event = self._event(row)
            self._ledger.apply(event)
            self._rows.append(row)
            with self._translated_errors():
                # It may have gone between the look and the commit: then nothing is acknowledged.
                self._require_same_file()
            return event

    def _event(self, row: Row) -> Event:
        try:
            return parse_event(*row)
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise LogError(
                f"{self._path}: event {row[0]!r} cannot be read ({error})",
                "an event that prefml wrote",
                "restore the file from a backup, or move it away",
            ) from error

    def _insert(self, kind: Kind, body: Body, event_id: str) -> Row:
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        row = event_id, at, self.session_id, kind, msgspec.json.encode(body).decode()
        cursor = self._connection.execute(
            "INSERT INTO events (event_id, at, session_id, kind, body) VALUES (?, ?, ?, ?, ?)", row
        )
        return int(cursor.lastrowid or 0), *row

    def close(self) -> None:
        """Close the file; events are safe whether or not this is called."""
        with self._lock:
            self._connection.close()


def _is_busy(error: Exception) -> bool:
    # Errors of Python's own reading, such as bytes that are no UTF-8, have no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY


def _statements(script: str) -> list[str]:
    """Split a script into its statements; a trigger holds semicolons of its own."""
    statements, part = [], ""
    for line in script.strip().splitlines():
        part += line + "\n"
        if sqlite3.complete_statement(part):
            statements.append(part)
            part = ""
    return statements
