"""`kill -9` in the middle of its work, fifty times a command: nothing accepted is lost."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import re
import shutil
import signal
import threading
import time
from functools import cached_property
from pathlib import Path

import pytest

from prefml.exceptions import ModelFileError, SidecarError
from prefml.models.store import load_model
from prefml.proposals import read_lines, suggestions_path
from prefml.review.store import EventStore
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from ..sidecars.single_files import as_single_files
from .conftest import ROUNDS, Child
from .trees import reviewed_tree, take_away_a_decision

pytestmark = pytest.mark.slow


def same(one, other) -> bool:
    return (
        one.index.equals(other.index)
        and (one.embeddings == other.embeddings).all()
        and one.cues.equals(other.cues)
    )


def test_embed(host, finished, tmp_path, kills, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    rounds, torn = kills(root, "embed", "--force"), 0
    sound = read_sidecars(root / "data/sidecar")
    for round_ in rounds:
        if round_ % 2:
            shutil.rmtree(root / "data/sidecar")
        rounds.strike()
        try:
            assert same(read_sidecars(root / "data/sidecar"), sound)
        except SidecarError as error:
            assert error.run == "prefml embed"  # noqa: PT017
            torn += 1
        host.run(root, "embed")
        assert same(read_sidecars(root / "data/sidecar"), sound)
        assert not list((root / "data/sidecar/parts").iterdir())
    tell("kill -9 in embed", rounds.tried, killed=rounds.killed, said_what_to_run=torn,
         repaired=rounds.tried)  # fmt: skip


def test_take_over(host, finished, tmp_path, kills, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    folder, earlier = root / "data/sidecar", tmp_path / "earlier"
    sound = read_sidecars(folder)
    as_single_files(folder)
    shutil.copytree(folder, earlier)
    rounds = kills(root, "embed")
    for _ in rounds:
        shutil.rmtree(folder)
        shutil.copytree(earlier, folder)
        rounds.strike()
        assert same(read_sidecars(folder), sound)
        assert " 0 computed" in host.run(root, "embed").text
        assert same(read_sidecars(folder), sound)
        assert not list((folder / "parts").iterdir())
        assert not (folder / "cues.parquet").is_file()
    tell("kill -9 in embed, taking over files of before", rounds.tried, killed=rounds.killed,
         repaired=rounds.tried)  # fmt: skip


def half_replaced(host, root: Path) -> bool:
    """Look for the moment between the two files of a pair, which the rounds may all have missed."""
    for step in range(host.run(root, "train", "--force").steps, 0, -1):
        take_away_a_decision(root, step % 2 == 0)
        host.start(root, "train", "--force", kill=step).wait()
        if any(not_whole(root / "artifacts" / f"{kind}.joblib") for kind in KINDS):
            return True
    return False


def test_train(host, finished, tmp_path, kills, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    rounds, refused, repaired = kills(root, "train", "--force"), 0, 0
    for round_ in rounds:
        # Otherwise every model would be the same, and none half replaced.
        take_away_a_decision(root, round_ % 2 == 0)
        rounds.strike()
        refused += any(not_whole(root / "artifacts" / f"{kind}.joblib") for kind in KINDS)
        if round_ % 5 == 4:
            host.run(root, "train", "--force")
            assert not any(not_whole(root / "artifacts" / f"{kind}.joblib") for kind in KINDS)
            assert not list((root / "artifacts").rglob("*.tmp"))
            repaired += 1
    assert refused or half_replaced(host, root)
    tell("kill -9 in train", rounds.tried, killed=rounds.killed, said_what_to_run=refused,
         repaired=repaired)  # fmt: skip


KINDS = ("ranker", "crop")


def not_whole(path: Path) -> bool:
    """Whether a model is refused, with what to run; one that loads is usable."""
    try:
        assert load_model(path).n_features_in_ > 0
    except ModelFileError as error:
        assert error.run == "prefml train"  # noqa: PT017
        return True
    return False


def test_suggest(host, finished, tmp_path, kills, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    path = suggestions_path(Workspace.open(root))
    rounds, repaired = kills(root, "suggest"), 0
    sound = ids(path)
    assert sound
    for round_ in rounds:
        if round_ % 5 == 0:
            path.unlink(missing_ok=True)
        before = ids(path)
        rounds.strike()
        assert ids(path) in (before, sound)
        if round_ % 5 == 4:
            host.run(root, "suggest")
            assert ids(path) == sound
            assert not list((root / "sandbox").glob(".*.tmp"))
            repaired += 1
    tell("kill -9 in suggest", rounds.tried, killed=rounds.killed, repaired=repaired)


def ids(path: Path) -> list[str]:
    found = read_lines(path)
    assert not found.bad
    return sorted(row["group_id"] for row in found.rows)


def contents(root: Path) -> list[str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def state(root: Path) -> dict[str, str]:
    """Every file but the journal and its content."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and "journal" not in path.parts
    }


def test_apply(host, tmp_path, kills, tell):
    root = reviewed_tree(tmp_path / "ws")
    start, originals = state(root), set(contents(root))
    rounds, finished, undone = kills(root, "apply", "--execute"), 0, 0
    end = state(root)
    assert end != start
    host.run(root, "apply", "--undo")
    for round_ in rounds:
        rounds.strike()
        assert originals <= set(contents(root))
        if round_ % 2:
            host.run(root, "apply", "--execute")
            assert state(root) == end
            finished += 1
        else:
            undone += 1
        undo_all(host, root)
        assert state(root) == start
    tell("kill -9 in apply", rounds.tried, killed=rounds.killed, finished=finished, undone=undone)


def test_undo(host, tmp_path, kills, tell):
    root = reviewed_tree(tmp_path / "ws")
    start, originals = state(root), set(contents(root))
    host.run(root, "apply", "--execute")
    end = state(root)
    rounds, applied, undone = kills(root, "apply", "--undo"), 0, 0
    for round_ in rounds:
        host.run(root, "apply", "--execute")
        rounds.strike()
        assert originals <= set(contents(root))
        if round_ % 2:
            host.run(root, "apply", "--execute")
            assert state(root) == end
            applied += 1
        else:
            undone += 1
        undo_all(host, root)
        assert state(root) == start
    tell("kill -9 in apply --undo", rounds.tried, killed=rounds.killed, applied_again=applied,
         undone=undone)  # fmt: skip


def undo_all(host, root: Path) -> None:
    host.run(root, "apply", "--undo")
    while (root / "sandbox/journal").exists():
        host.run(root, "apply", "--undo")


class Person:
    """Decides as fast as the server answers, and remembers what was acknowledged."""

    actions = ("approved", "rejected", "skipped")

    def __init__(self, port: int, token: str, groups: list[str], most: int = 10_000) -> None:
        self.port, self.token, self.groups, self.most = port, token, groups, most
        self.acknowledged: list[str] = []

    def work(self, seed: int) -> None:
        """Decide, and submit now and then, until there is no answer any more."""
        chance = random.Random(seed)
        for number in range(self.most):
            event = f"event-{seed:04}-{number:05}"
            if number % 7 == 6:
                status = self.post("submit_batch", {"event_id": event})
            else:
                action = chance.choice(self.actions)
                sent = {"group_id": chance.choice(self.groups), "action": action}
                status = self.post("decide", {**sent, "event_id": event})
            if status is None:
                break
            if status == 200:
                self.acknowledged.append(event)
        self.connection.close()

    def post(self, name: str, sent: dict[str, str]) -> int | None:
        """Send a request; return the status of the answer, or None if there was none."""
        headers = {"X-CSRF-Token": self.token, "Content-Type": "application/json"}
        try:
            self.connection.request("POST", f"/api/automation/{name}", json.dumps(sent), headers)
            answer = self.connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return None
        return answer.status

    @cached_property
    def connection(self) -> http.client.HTTPConnection:
        """Its connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)


def test_review(host, finished, tmp_path, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    database = root / "sandbox/review.sqlite3"
    groups = ids(suggestions_path(Workspace.open(root)))
    chance, acknowledged, killed = random.Random(7), [], 0
    for round_ in range(ROUNDS):
        port, child = start_review(host, root)
        person = Person(port, token(port), groups)
        thread = threading.Thread(target=person.work, args=(round_,))
        thread.start()
        time.sleep(chance.uniform(0.0, 0.3))
        child.kill()
        killed += child.wait() == -signal.SIGKILL
        thread.join()
        acknowledged += person.acknowledged
        assert set(acknowledged) <= events(database)
        assert not read_lines(root / "sandbox/approved_decisions.jsonl").bad
    assert killed == ROUNDS
    assert len(acknowledged) > ROUNDS
    tell("kill -9 in review", ROUNDS, killed=killed, decisions_acknowledged=len(acknowledged))


def start_review(host, root: Path, port: int = 0) -> tuple[int, Child]:
    child = host.start(root, "review", "--port", port, "--no-browser")
    found = re.compile(r"127\.0\.0\.1:(\d+)/")
    ended = child.wait_until(lambda: found.search(child.text) is not None)
    assert ended is None, f"the review did not start: {child.text}"
    return int(found.search(child.text)[1]), child


def token(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", "/api/automation/load_batch?size=1")
    found = json.loads(connection.getresponse().read())["csrf_token"]
    connection.close()
    return str(found)


def events(database: Path) -> set[str]:
    store = EventStore(database)
    try:
        rows = store._connection.execute("SELECT event_id FROM events").fetchall()
    finally:
        store.close()
    return {row[0] for row in rows}
