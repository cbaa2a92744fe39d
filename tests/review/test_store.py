import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress

import pytest

from prefml.exceptions import LogError, StoreUnavailableError
from prefml.review.events import DecideBody, RegroupBody, SetMembers, SubmitBody
from prefml.review.store import EventStore

from .made_events import decided


def decide(store, group_id, state="approved", event_id=None):
    return store.append("decide", lambda _: DecideBody([decided(group_id, state)]), event_id)


def state(store, group_id):
    with store.ledger() as ledger:
        return ledger.state(group_id)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sandbox" / "review.sqlite3"


@pytest.fixture
def store(path):
    store = EventStore(path)
    yield store
    store.close()


def test_events_outlive_the_store(path):
    first = EventStore(path)
    decide(first, "a")
    secret = first.secret
    first.close()
    second = EventStore(path)
    assert state(second, "a") == "approved"
    assert second.secret == secret
    second.close()


def test_the_table_refuses_to_change_or_forget(path, store):
    decide(store, "a")
    other = sqlite3.connect(path)
    for statement in ("UPDATE events SET kind = 'undo'", "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
    other.close()


def test_the_journal_is_wal_and_every_commit_is_synced(path, store):
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    other.close()


def test_a_repeated_request_is_one_event(store):
    first = decide(store, "a", event_id="same-id-1")
    again = decide(store, "a", "rejected", event_id="same-id-1")
    assert first.seq == again.seq
    assert state(store, "a") == "approved"


def test_two_stores_on_one_file_see_each_other(path, store):
    other = EventStore(path)
    decide(store, "a")
    assert state(other, "a") == "approved"
    decide(other, "a", "rejected")
    assert state(store, "a") == "rejected"
    other.close()


def test_a_body_that_raises_leaves_nothing_behind(store):
    def broken(_):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.append("submit", broken)
    assert decide(store, "a").seq == 1


def test_threads_append_without_loss(store):
    def work(name):
        for n in range(10):
            decide(store, f"{name}-{n}")

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.ledger() as ledger:
        assert len(ledger.exported()) == 40


def test_a_file_that_is_no_event_table_is_left_alone(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, certainly not" * 40)
    before = path.read_bytes()
    with pytest.raises(LogError, match="event table"):
        EventStore(path)
    assert path.read_bytes() == before


def test_a_table_of_a_newer_version_is_refused(path, store):
    store._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LogError, match="version 99"):
        EventStore(path)


VERSION_1 = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('decide', 'tag', 'undo', 'redo', 'submit')),
    body TEXT NOT NULL
);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TABLE secret (value TEXT NOT NULL);
INSERT INTO secret VALUES ('kept');
PRAGMA user_version = 1;
"""


def test_a_table_of_version_1_is_taken_over_with_all_its_events(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as old:
        old.executescript(VERSION_1)
        for number in range(1, 4):
            at, body = "2025-07-05T00:00:00Z", '{"changes":[{"group_id":"g","image_tags":{}}]}'
            row = (f"event-{number}", at, "s", "tag", body)
            old.execute(
                "INSERT INTO events (event_id, at, session_id, kind, body) VALUES (?, ?, ?, ?, ?)",
                row,
            )
        old.commit()
        events = old.execute("SELECT * FROM events").fetchall()
    store = EventStore(path)
    sets = [SetMembers("x", "p", ["a"])]
    made = store.append("regroup", lambda ledger: RegroupBody(sets, sets))
    assert (store.secret, made.seq) == ("kept", 4)
    found = store._connection.execute("SELECT * FROM events WHERE seq < 4").fetchall()
    assert found == events
    for change in ("DELETE FROM events", "UPDATE events SET at = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            store._connection.execute(change)
    store.close()
    again = EventStore(path)
    with again.ledger() as ledger:
        assert [one.group_id for one in ledger.sets] == ["x"]
    again.close()


def test_nothing_is_added_while_the_ledger_is_held(path, store):
    other = EventStore(path)
    other._connection.execute("PRAGMA busy_timeout = 0")
    with store.exclusive_ledger(), pytest.raises(StoreUnavailableError):
        other.append("submit", lambda ledger: SubmitBody({}))
    other.append("submit", lambda ledger: SubmitBody({}))
    with store.exclusive_ledger() as ledger:
        assert ledger.last_seq == 1
    other.close()


WRITER = """
import sys
from pathlib import Path
from prefml.review.events import TagBody, TagChange
from prefml.review.store import EventStore
store = EventStore(Path(sys.argv[1]))
for n in range(100000):
    store.append("tag", lambda _: TagBody([TagChange(str(n), {"a.png": ["long_hand"]})]))
    print(n, flush=True)
"""


@pytest.mark.parametrize("after", [1, 17, 40])
def test_kill_9_loses_no_event_that_was_acknowledged(path, after):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    acknowledged = [int(writer.stdout.readline()) for _ in range(after)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout.read().split()]
    writer.stdout.close()
    writer.wait()
    store = EventStore(path)
    with store.ledger() as ledger:
        assert all(ledger.tags(str(n)) for n in acknowledged)
    store.close()


def remove(path):
    path.unlink()


def remove_log(path):
    path.with_name(f"{path.name}-wal").unlink()


def replace(path):
    other = EventStore(path.with_name("other.sqlite3"))
    other.close()
    path.with_name("other.sqlite3").replace(path)


def put_older(path):
    shutil.copyfile(path, path.with_name("older"))
    path.with_name("older").replace(path)


def remove_folder(path):
    shutil.rmtree(path.parent)


def remove_index(path):
    path.with_name(f"{path.name}-shm").unlink()


@pytest.mark.parametrize(
    "change", [remove, remove_log, remove_index, replace, put_older, remove_folder]
)
def test_a_table_that_is_removed_or_replaced_takes_nothing_more_and_says_so(path, store, change):
    decide(store, "a")
    change(path)
    for _ in range(2):
        with pytest.raises(
            StoreUnavailableError, match="replaced or written over while the review is"
        ):
            decide(store, "b")
        with pytest.raises(StoreUnavailableError):
            state(store, "a")


def put_back(path):
    """Do as the hint says."""
    for rescued in path.parent.glob("review.rescued-*.sqlite3"):
        for suffix in ("-wal", "-shm"):
            path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
        rescued.replace(path)


@pytest.mark.parametrize(
    "change", [remove, remove_log, remove_index, replace, put_older, remove_folder]
)
def test_what_was_acknowledged_is_rescued_and_the_hint_brings_it_back(path, store, change):
    for group in "abc":
        decide(store, group)
    change(path)
    with pytest.raises(StoreUnavailableError) as caught:
        decide(store, "d")
    store.close()
    (rescued,) = path.parent.glob("review.rescued-*.sqlite3")
    assert caught.value.run == (
        f"stop the review, rm -f {path}-wal {path}-shm, mv {rescued} {path}, and start it"
    )
    put_back(path)
    again = EventStore(path)
    assert [state(again, group) for group in "abcd"] == [*["approved"] * 3, "pending"]
    again.close()


def cut(*files):
    def change(path, copies):
        for suffix in files:
            with open(f"{path}{suffix}", "r+b") as file:
                file.truncate(0)

    return change


def copy_older(*files):
    def change(path, copies):
        for suffix in files:
            shutil.copyfile(copies / f"copy{suffix}", f"{path}{suffix}")

    return change


# The index is memory of the process: cut off, it ends it at once.
@pytest.mark.parametrize(
    ("kind", "files"),
    [
        *((cut, files) for files in (("",), ("-wal",), ("", "-wal"))),
        *((copy_older, files) for files in (("",), ("-wal",), ("", "-wal"), ("", "-wal", "-shm"))),
    ],
)
@pytest.mark.parametrize("count", [6, 300])
def test_nothing_acknowledged_is_lost_when_the_files_are_written_over(
    path, store, tmp_path, kind, files, count
):
    names = [str(number) for number in range(count)]
    for number, name in enumerate(names):
        decide(store, name)
        if number == count // 2:
            for suffix in ("", "-wal", "-shm"):
                shutil.copyfile(f"{path}{suffix}", tmp_path / f"copy{suffix}")
    kind(*files)(path, tmp_path)
    for name in ("x", "y"):
        with suppress(StoreUnavailableError):
            decide(store, name)
            names.append(name)
    store.close()
    put_back(path)
    again = EventStore(path)
    assert all(state(again, name) == "approved" for name in names)
    again.close()


def test_what_another_review_adds_is_no_replacement(path, store):
    other = EventStore(path)
    for number in range(20):
        decide((store, other)[number % 2], str(number))
    other.close()
    decide(store, "last")
    assert all(state(store, str(number)) == "approved" for number in range(20))
    assert not list(path.parent.glob("review.rescued-*"))


def test_a_table_that_goes_while_an_event_is_written_acknowledges_it_not(path, store, monkeypatch):
    insert = store._insert

    def insert_and_lose(*words):
        event = insert(*words)
        path.unlink()
        return event

    monkeypatch.setattr(store, "_insert", insert_and_lose)
    with pytest.raises(StoreUnavailableError):
        decide(store, "a")


def test_a_table_that_another_process_holds_is_to_be_asked_again(path, store, monkeypatch):
    decide(store, "a")
    store._connection.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        decide(store, "b", event_id="12345678")
    other.execute("COMMIT")
    other.close()
    assert decide(store, "b", event_id="12345678").seq == 2


def test_a_lock_that_is_let_go_of_in_time_is_only_a_wait(path, store):
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.5, lambda: other.execute("COMMIT"))
    timer.start()
    assert decide(store, "a").seq == 1
    timer.join()
    other.close()
