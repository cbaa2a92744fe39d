"""Store events in an append-only SQLite file: the truth about what was decided."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import msgspec

from prefml.exceptions import LogError
from prefml.files import sync_folder
from prefml.review.events import KINDS, Body, Event, Kind, parse_event
from prefml.review.ledger import Ledger

__all__ = ["SCHEMA_VERSION", "EventStore", "MakeBody"]

SCHEMA_VERSION = 1

# Given the current state, what to write; None writes nothing.
MakeBody: TypeAlias = Callable[[Ledger], Body | None]

_SCHEMA = f"""
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
CREATE TABLE secret (value TEXT NOT NULL);
PRAGMA user_version = {SCHEMA_VERSION};
"""
_COLUMNS = "seq, event_id, at, session_id, kind, body"


class EventStore:
    """Events on disk and the state that follows from them.

    An event counts once `append` returns: it is then committed and synced to the disk. Several
    processes may use one file; each sees the others' events before it adds its own.

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
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path, timeout=10, isolation_level=None, check_same_thread=False
        )
        try:
            with self._translated_errors():
                self._connection.execute("PRAGMA journal_mode = WAL")
                # WAL's usual NORMAL may lose the last commits in a power cut.
                self._connection.execute("PRAGMA synchronous = FULL")
                self.secret = self._prepare()
                self._catch_up()
        except LogError:
            self.close()
            raise
        self.session_id = f"review_{datetime.now(UTC):%Y%m%dT%H%M%S}_{secrets.token_hex(3)}"

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Raise what SQLite has against the file as an error of prefml's own."""
        try:
            yield
        except sqlite3.OperationalError as error:
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
                # executescript() would commit the transaction that keeps a second process out.
                for statement in _statements(_SCHEMA):
                    self._connection.execute(statement)
                self._connection.execute("INSERT INTO secret VALUES (?)", (secrets.token_hex(32),))
        sync_folder(self._path.parent)
        row = self._connection.execute("SELECT value FROM secret").fetchone()
        if row is None or not isinstance(row[0], str) or not row[0]:
            raise LogError(f"{self._path} has no secret", "a prefml event table", "move it away")
        return str(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _catch_up(self) -> None:
        """Fold in what other processes, or an earlier run, have written."""
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            for row in self._connection.execute(
                f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq",
                (self._ledger.last_seq,),
            ).fetchall():
                self._ledger.apply(self._event(row))
            self._data_version = version

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Give the current state, which does not change inside the block.

        Yields
        ------
        Ledger
        """
        with self._lock:
            with self._translated_errors():
                self._catch_up()
            yield self._ledger

    def append(self, kind: Kind, make_body: MakeBody, event_id: str | None = None) -> Event | None:
        """Write one event and wait until it is on the disk.

        Parameters
        ----------
        kind : {"decide", "tag", "undo", "redo", "submit"}
            What happened.
        make_body : callable
            Gets the state that the event will follow on and returns its body, or None to write
            nothing.
        event_id : str, optional
            When an event of this id is there already, nothing is written and it is returned.

        Returns
        -------
        Event or None
        """
        with self._lock:
            with self._translated_errors(), self._transaction():
                self._catch_up()
                query = f"SELECT {_COLUMNS} FROM events WHERE event_id = ?"
                row = self._connection.execute(query, (event_id,)).fetchone()
                known = self._event(row) if row else None
                body = None if known else make_body(self._ledger)
                if body is None:
                    return known
                event = self._insert(kind, body, event_id or secrets.token_hex(16))
            self._ledger.apply(event)
            return event

    def _event(self, row: tuple[int, str, str, str, str, str]) -> Event:
        try:
            return parse_event(*row)
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise LogError(
                f"{self._path}: event {row[0]!r} cannot be read ({error})",
                "an event that prefml wrote",
                "restore the file from a backup, or move it away",
            ) from error

    def _insert(self, kind: Kind, body: Body, event_id: str) -> Event:
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        cursor = self._connection.execute(
            "INSERT INTO events (event_id, at, session_id, kind, body) VALUES (?, ?, ?, ?, ?)",
            (event_id, at, self.session_id, kind, msgspec.json.encode(body).decode()),
        )
        return Event(int(cursor.lastrowid or 0), event_id, at, self.session_id, kind, body)

    def close(self) -> None:
        """Close the file; events are safe whether or not this is called."""
        with self._lock:
            self._connection.close()


def _statements(script: str) -> list[str]:
    """Split a script into its statements; a trigger holds semicolons of its own."""
    statements, part = [], ""
    for line in script.strip().splitlines():
        part += line + "\n"
        if sqlite3.complete_statement(part):
            statements.append(part)
            part = ""
    return statements
