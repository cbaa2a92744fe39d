"""Two commands in one workspace: one waits or is refused, and what they write is whole.

One of the two is held before one of its steps with the files, while the other one runs from
beginning to end; then it goes on. Who was refused runs again.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from prefml.models.manifest import read_manifest
from prefml.models.store import load_model
from prefml.proposals import decisions_path, read_lines, suggestions_path
from prefml.review.store import EventStore
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

from .conftest import Child, Host
from .test_kill import KINDS, Person, events, ids, same, start_review, state, token
from .trees import draw_set, reviewed_tree, take_away_a_decision

pytestmark = pytest.mark.slow

STOPS = 6
AT_WORK = r"Error: another prefml [\w ]+ is at work in .*; run: the same command"


@pytest.fixture
def root(finished, tmp_path) -> Path:
    """A copy of it."""
    return shutil.copytree(finished, tmp_path / "ws")


def stops(host: Host, root: Path, *words: object) -> Iterator[int]:
    """Run a command once, and return steps that are spread over all of its work."""
    total = host.run(root, *words).steps
    assert total >= STOPS
    return (1 + (2 * number + 1) * total // (2 * STOPS) for number in range(STOPS))


def beside(host: Host, root: Path, first: list[object], second: list[object], at: int) -> list[str]:
    """Run the second command while the first stands at a step; return what was said in refusal.

    Whoever was refused runs again afterwards, the first one first.
    """
    held = host.start(root, *first, hold=at)
    held.wait_until_held()
    other = host.start(root, *second)
    other.wait()
    held.go_on()
    held.wait()
    refused = [refusal(child) for child in (held, other)]
    for words, said in zip((first, second), refused, strict=True):
        if said:
            host.run(root, *words)
    return [said for said in refused if said]


@dataclass
class Meetings:
    """How often two commands have met, and how many of them were refused."""

    tried: int = 0
    refused: int = 0

    def count(self, said: list[str], waiting: bool = True) -> None:
        """Count one meeting; who has to wait for the other was told that it is at work."""
        assert not waiting or all(re.match(AT_WORK, line) for line in said)
        self.refused, self.tried = self.refused + len(said), self.tried + 1

    def told(self) -> dict[str, int]:
        """Return what is written down of them; every one has ended well."""
        return {"tried": self.tried, "refused_and_run_again": self.refused, "whole": self.tried}


def refusal(child: Child) -> str:
    """Return the one line with which a command has refused; it is empty if it has done its work."""
    if child.status == 0:
        return ""
    last = child.text.strip().splitlines()[-1]
    assert child.status == 1, child.text
    assert last.startswith("Error: ")
    assert "unexpected" not in last
    assert "; run: " in last
    return last


def count_whole_models(root: Path) -> dict[str, str]:
    """Return the hash of each model; both load, and nothing is left beside them."""
    folder = root / "artifacts"
    assert not [*folder.rglob("*.tmp"), *folder.glob("candidate")]
    for kind in KINDS:
        load_model(folder / f"{kind}.joblib", kind)
    return {kind: read_manifest(folder / f"{kind}.joblib").sha256 for kind in KINDS}


@pytest.mark.parametrize("with_sidecars", [True, False])
def test_a_second_embed_is_refused(host, root, tell, with_sidecars):
    words, met = ["embed", "--force"], Meetings()
    for at in stops(host, root, *words):
        sound = read_sidecars(root / "data/sidecar")
        if not with_sidecars:
            shutil.rmtree(root / "data/sidecar")
        said = beside(host, root, words, words, at)
        met.count(said)
        assert same(read_sidecars(root / "data/sidecar"), sound)
        assert not list((root / "data/sidecar/parts").iterdir())
    assert met.refused
    tell("embed beside embed", **met.told())


def test_a_second_train_is_refused(host, root, tell):
    words, met = ["train", "--force"], Meetings()
    for at in stops(host, root, *words):
        sound = count_whole_models(root)
        said = beside(host, root, words, words, at)
        met.count(said)
        assert count_whole_models(root) == sound
    assert met.refused
    tell("train beside train", **met.told())


def test_a_second_suggest_loses_no_line_of_the_first(host, root, tell):
    path = suggestions_path(Workspace.open(root))
    sound, met = ids(path), Meetings()
    alpha, beta = ["suggest", "new/alpha"], ["suggest", "new/beta"]
    for at in stops(host, root, *alpha):
        path.unlink()
        said = beside(host, root, alpha, beta, at)
        met.count(said)
        assert ids(path) == sound
    assert met.refused
    tell("suggest beside suggest", **met.told())


def test_a_second_apply_is_refused(host, tmp_path, tell):
    root = reviewed_tree(tmp_path / "ws")
    words, met = ["apply", "--execute"], Meetings()
    start = state(root)
    steps = list(stops(host, root, *words))
    end = state(root)
    for at in steps:
        host.run(root, "apply", "--undo")
        assert state(root) == start
        said = beside(host, root, words, words, at)
        met.count(said)
        assert state(root) == end
    assert met.refused
    tell("apply beside apply", **met.told())


def test_suggest_and_apply_keep_out_of_each_others_way(host, root, tell):
    met = Meetings()
    for first, second in (("suggest", "apply"), ("apply", "suggest")):
        words = {"suggest": ["suggest"], "apply": ["apply", "--execute"]}
        decide_on_all(root)
        for at in stops(host, root, *words[first]):
            host.run(root, "apply", "--undo")
            said = beside(host, root, words[first], words[second], at)
            met.count(said)
            assert not list((root / "new").rglob("*.png"))
    assert met.refused
    tell("suggest beside apply", **met.told())


def decide_on_all(root: Path) -> None:
    """Write a decision on every suggestion, as the review does."""
    workspace = Workspace.open(root)
    rows = read_lines(suggestions_path(workspace)).rows
    decided = [
        {"group_id": row["group_id"], "timestamp": "t", "action": "approved",
         "images": row["images"], "project_id": row["project_id"],
         "final_choice": row["images"][0], "crop_coords": None} for row in rows
    ]  # fmt: skip
    decisions_path(workspace).write_text("".join(json.dumps(row) + "\n" for row in decided))


def with_other_rows(root: Path, number: int) -> None:
    """Add pictures, from which nothing is learned, in front of all others."""
    manifest = (root / "data/projects/alpha.project.json").read_text()
    (root / "data/projects/aaa.project.json").write_text(manifest.replace("alpha", "aaa"))
    shutil.rmtree(root / "images/aaa", ignore_errors=True)
    draw_set(root / "images/aaa", 60 + number, 7)


@pytest.mark.parametrize("held", ["train", "embed"])
def test_train_never_learns_from_the_rows_of_two_embeds(host, root, tell, held):
    commands = {"train": ["train", "--force"], "embed": ["embed"]}
    first, second = commands.pop(held), *commands.values()
    host.run(root, "train", "--force")
    sound, met = count_whole_models(root), Meetings()
    with_other_rows(root, 0)
    for at in stops(host, root, *first):
        with_other_rows(root, 1 + met.tried)
        said = beside(host, root, first, second, at)
        assert count_whole_models(root) == sound
        assert len(read_sidecars(root / "data/sidecar").index.query("project == 'aaa'")) == 2
        met.count(said, waiting=False)
    tell(f"{' '.join(second)} beside {' '.join(first)}".replace(" --force", ""), **met.told())


@pytest.mark.parametrize("held", ["train", "suggest"])
def test_suggest_never_uses_half_of_a_new_model(host, root, tell, held):
    path = suggestions_path(Workspace.open(root))
    commands = {"train": ["train", "--force"], "suggest": ["suggest"]}
    first, second = commands.pop(held), *commands.values()
    models, choices, met = {}, {}, Meetings()
    for away in (True, False):
        take_away_a_decision(root, away)
        host.run(root, "train", "--force")
        host.run(root, "suggest")
        models[away] = count_whole_models(root)
        choices.update(by_ranker(path))
    assert models[True]["ranker"] != models[False]["ranker"]
    for at in stops(host, root, *first):
        path.unlink()
        take_away_a_decision(root, met.tried % 2 == 0)
        said = beside(host, root, first, second, at)
        assert by_ranker(path).items() <= choices.items()
        assert count_whole_models(root) == models[met.tried % 2 == 0]
        met.count(said, waiting=False)
    tell(f"{' '.join(second)} beside {' '.join(first)}".replace(" --force", ""), **met.told())


def by_ranker(path: Path) -> dict[str, dict[str, object]]:
    """Return what the ranker of which hash has chosen, by group."""
    found = read_lines(path)
    assert not found.bad
    (digest,) = {row["model"]["ranker"]["sha256"] for row in found.rows}
    return {digest: {row["group_id"]: row["step1_selection"] for row in found.rows}}


def test_a_second_review_on_the_same_port_is_refused(host, root, tell):
    port, child = start_review(host, root)
    other = host.start(root, "review", "--port", port, "--no-browser")
    assert other.wait() == 1
    assert f"port {port} is in use; is another review open?" in refusal(other)
    assert token(port)
    child.kill()
    child.wait()
    tell("review beside review, same port", 1, refused=1)


def test_two_reviews_that_start_together_keep_every_decision(host, root, tell):
    groups, rounds, kept = ids(suggestions_path(Workspace.open(root))), 4, 0
    database = root / "sandbox/review.sqlite3"
    for round_ in range(rounds):
        for name in root.glob("sandbox/review.sqlite3*"):
            name.unlink()
        ports = [free_port(), free_port()]
        children = [host.start(root, "review", "--port", port, "--no-browser") for port in ports]
        for child in children:
            assert child.wait_until(lambda child=child: "127.0.0.1:" in child.text) is None, (
                child.text
            )
        people = [Person(port, token(port), groups, 60) for port in ports]
        work_together(
            [lambda one=one, s=s: one.work(s) for s, one in enumerate(people, 2 * round_)]
        )
        submit(ports[round_ % 2])
        acknowledged = [event for one in people for event in one.acknowledged]
        assert len(acknowledged) == 2 * 60
        assert set(acknowledged) <= events(database)
        assert exported(root) == in_force(database)
        kept += len(acknowledged)
        for child in children:
            child.kill()
            child.wait()
    tell("review beside review, other port", rounds, decisions_kept=kept)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def work_together(tasks: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def submit(port: int) -> None:
    person = Person(port, token(port), [], 0)
    assert person.post("submit_batch", {"event_id": secrets.token_hex(12)}) == 200
    person.connection.close()


def exported(root: Path) -> dict[str, str]:
    found = read_lines(decisions_path(Workspace.open(root)))
    assert not found.bad
    assert len(found.rows) == len(found.by_group())
    return {group: row["action"] for group, row in found.by_group().items()}


def in_force(database: Path) -> dict[str, str]:
    store = EventStore(database)
    try:
        with store.ledger() as ledger:
            entries = ledger.exported()
            return {entry.change.group_id: entry.change.state for entry in entries}
    finally:
        store.close()


def test_a_review_goes_on_beside_suggest(host, root, tell):
    workspace = Workspace.open(root)
    path, tried = suggestions_path(workspace), 0
    groups = ids(path)
    port, child = start_review(host, root)
    person = Person(port, token(port), groups, 40)
    for at in stops(host, root, "suggest"):
        held = host.start(root, "suggest", hold=at)
        held.wait_until_held()
        person.work(tried)
        submit(port)
        held.go_on()
        assert held.wait() == 0, held.text
        assert ids(path) == groups
        assert exported(root) == in_force(root / "sandbox/review.sqlite3")
        tried += 1
    assert len(person.acknowledged) == 40 * tried
    child.kill()
    child.wait()
    tell("review beside suggest", tried, decisions_kept=len(person.acknowledged))


def test_a_review_goes_on_beside_apply(host, root, tell):
    groups = ids(suggestions_path(Workspace.open(root)))
    originals, tried = set(pictures(root)), 0
    port, child = start_review(host, root)
    person = Person(port, token(port), groups, 40)
    person.actions = ("approved",)
    person.work(0)
    submit(port)
    for at in stops(host, root, "apply", "--execute"):
        host.run(root, "apply", "--undo")
        held = host.start(root, "apply", "--execute", hold=at)
        held.wait_until_held()
        person.work(1 + tried)
        submit(port)
        held.go_on()
        assert held.wait() == 0, held.text
        assert originals <= set(pictures(root))
        assert exported(root) == in_force(root / "sandbox/review.sqlite3")
        tried += 1
    host.run(root, "apply", "--undo")
    assert len(person.acknowledged) == 40 * (1 + tried)
    child.kill()
    child.wait()
    tell("review beside apply", tried, decisions_kept=len(person.acknowledged))


def pictures(root: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*.png")]
