"""`kill -9` at a random moment, fifty times a command: nothing accepted is lost."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import shutil
import threading
import time
from pathlib import Path

import pytest

from prefml.exceptions import ModelFileError, SidecarError
from prefml.models import load_model
from prefml.review.store import EventStore
from prefml.sandbox import read_lines, suggestions_path
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from .conftest import ROUNDS, kill_group
from .trees import reviewed_tree, small_workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(host, tmp_path_factory) -> Path:
    """A small workspace, embedded and trained."""
    root = small_workspace(tmp_path_factory.mktemp("finished") / "ws")
    for words in (["embed"], ["train"], ["suggest"]):
        host.run("--workspace", root, *words)
    return root


def same(one, other) -> bool:
    return (
        one.index.equals(other.index)
        and (one.embeddings == other.embeddings).all()
        and one.cues.equals(other.cues)
    )


def test_embed(host, finished, tmp_path, moments, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    words = ("--workspace", root, "embed", "--force")
    usual = host.run(*words)
    sound, torn, killed = read_sidecars(root / "data/sidecar"), 0, 0
    for round_, moment in enumerate(moments(usual)):
        if round_ % 2:
            shutil.rmtree(root / "data/sidecar")
        killed += host.kill_after(moment, *words)
        try:
            assert same(read_sidecars(root / "data/sidecar"), sound)
        except SidecarError as error:
            assert error.run == "prefml embed"  # noqa: PT017
            torn += 1
        host.run("--workspace", root, "embed")
        assert same(read_sidecars(root / "data/sidecar"), sound)
        assert not list((root / "data/sidecar/parts").iterdir())
    tell("kill -9 in embed", ROUNDS, killed=killed, said_what_to_run=torn, repaired=ROUNDS)


def test_train(host, finished, tmp_path, moments, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    words = ("--workspace", root, "train")
    usual = host.run(*words)
    killed = refused = 0
    for round_, moment in enumerate(moments(usual)):
        killed += host.kill_after(moment, *words)
        refused += sum(not_whole(root / "artifacts" / f"{kind}.joblib") for kind in KINDS)
        if round_ % 10 == 9:
            host.run(*words)
            assert not any(not_whole(root / "artifacts" / f"{kind}.joblib") for kind in KINDS)
    leftover = [path for path in (root / "artifacts").rglob("*.tmp")]
    tell("kill -9 in train", ROUNDS, killed=killed, said_what_to_run=refused,
         repaired=ROUNDS // 10, temporary_files_left=len(leftover))  # fmt: skip


KINDS = ("ranker", "crop")


def not_whole(path: Path) -> bool:
    """Whether a model is refused, with what to run; one that loads is usable."""
    try:
        assert load_model(path).n_features_in_ > 0
    except ModelFileError as error:
        assert error.run == "prefml train"  # noqa: PT017
        return True
    return False


def test_suggest(host, finished, tmp_path, moments, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    path = suggestions_path(Workspace.open(root))
    words = ("--workspace", root, "suggest")
    usual = host.run(*words)
    sound, killed, repaired = ids(path), 0, 0
    assert sound
    for round_, moment in enumerate(moments(usual)):
        if round_ % 5 == 0:
            path.unlink(missing_ok=True)
        before = ids(path)
        killed += host.kill_after(moment, *words)
        assert ids(path) in (before, sound)
        if round_ % 5 == 4:
            host.run(*words)
            assert ids(path) == sound
            repaired += 1
    tell("kill -9 in suggest", ROUNDS, killed=killed, repaired=repaired)


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


def test_apply(host, tmp_path, moments, tell):
    root = reviewed_tree(tmp_path / "ws")
    start, originals = state(root), set(contents(root))
    words = ("--workspace", root, "apply")
    usual = host.run(*words, "--execute")
    end = state(root)
    host.run(*words, "--undo")
    assert state(root) == start
    assert end != start
    killed = finished = undone = 0
    for round_, moment in enumerate(moments(usual)):
        killed += host.kill_after(moment, *words, "--execute")
        assert originals <= set(contents(root))
        if round_ % 2:
            host.run(*words, "--execute")
            assert state(root) == end
            finished += 1
            host.kill_after(moment, *words, "--undo")
            assert originals <= set(contents(root))
            host.run(*words, "--undo")
        else:
            host.run(*words, "--undo")
            undone += 1
        while (root / "sandbox/journal").exists():
            host.run(*words, "--undo")
        assert state(root) == start
    tell("kill -9 in apply", ROUNDS, killed=killed, finished=finished, undone=undone)


class Person:
    """Decides as fast as the server answers, and remembers what was acknowledged."""

    def __init__(self, port: int, token: str, groups: list[str]) -> None:
        self.port, self.token, self.groups = port, token, groups
        self.acknowledged: list[str] = []

    def work(self, seed: int) -> None:
        chance = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            for number in range(10_000):
                event = f"event-{seed:04}-{number:05}"
                action = chance.choice(("approved", "rejected", "skipped"))
                body = {"group_id": chance.choice(self.groups), "action": action,
                        "event_id": event}  # fmt: skip
                submit = number % 7 == 6
                path = "/api/automation/" + ("submit_batch" if submit else "decide")
                sent = {"event_id": event} if submit else body
                headers = {"X-CSRF-Token": self.token, "Content-Type": "application/json"}
                connection.request("POST", path, json.dumps(sent), headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.acknowledged.append(event)
        except (OSError, http.client.HTTPException):
            return
        finally:
            connection.close()


def test_review(host, finished, tmp_path, tell):
    root = shutil.copytree(finished, tmp_path / "ws")
    database = root / "sandbox/review.sqlite3"
    groups = ids(suggestions_path(Workspace.open(root)))
    chance, acknowledged = random.Random(7), []
    for round_ in range(ROUNDS):
        port, child = start_review(host, root)
        person = Person(port, token(port), groups)
        thread = threading.Thread(target=person.work, args=(round_,))
        thread.start()
        time.sleep(chance.uniform(0.0, 0.3))
        kill_group(child)
        host.wait()
        thread.join()
        acknowledged += person.acknowledged
        assert set(acknowledged) <= events(database)
        assert not read_lines(root / "sandbox/approved_decisions.jsonl").bad
    assert len(acknowledged) > ROUNDS
    tell("kill -9 in review", ROUNDS, killed=ROUNDS, decisions_acknowledged=len(acknowledged))


def start_review(host, root: Path) -> tuple[int, int]:
    host.output.unlink(missing_ok=True)
    child = host.start("--workspace", root, "review", "--port", "0", "--no-browser")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        text = host.output.read_text() if host.output.exists() else ""
        if "127.0.0.1:" in text and text.partition("127.0.0.1:")[2].partition("/")[1]:
            return int(text.partition("127.0.0.1:")[2].partition("/")[0]), child
        time.sleep(0.01)
    raise AssertionError(f"the review did not start: {text}")


def token(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
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
