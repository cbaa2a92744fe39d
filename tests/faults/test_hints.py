"""Every hint that a command prints can be followed: it works in the state that printed it."""

from __future__ import annotations

import re
import shlex
import shutil
from collections import Counter
from pathlib import Path

import pytest

from prefml.cli import main
from prefml.review.requests import Decide
from prefml.review.service import ReviewService
from prefml.sample import write_sample
from prefml.workspace import Workspace

# What stands before a command that is to be run now, and the command up to what ends it.
HINT = re.compile(
    r"(?:run: |-> +|next: |do it: |back: |baselines: |all: |same: )(prefml(?: [^\s;,()]+)+)",
    re.IGNORECASE,
)
MODELS, SIDECARS, CROPS = "artifacts", "data/sidecar", "data/training/*crop*"
# State -> what is taken away of a trained workspace.
STATES = {
    "empty": ("*",),
    "pictures alone": ("data", MODELS),
    "no logs": ("data/training", MODELS),
    "logs alone": ("images", "new", "training data", SIDECARS, MODELS),
    "not embedded": (SIDECARS, MODELS),
    "not trained": (MODELS,),
    "no crops logged, not embedded": (SIDECARS, MODELS, CROPS),
    "no crops logged, not trained": (MODELS, CROPS),
    "no crops logged": (CROPS, f"{MODELS}/crop*"),
    "no new pictures": ("new",),
    "trained": (),
    "suggested": (),
    "reviewed": (),
    "applied": (),
}
SLOW = set(STATES) - {"empty"}
# Models are trained over and over there: minutes each, for `make reliability` alone.
LONG = {
    "not trained", "no crops logged, not embedded", "no crops logged, not trained",
    "no crops logged", "no new pictures", "trained", "suggested", "reviewed",
}  # fmt: skip
COMMANDS = (
    ("ingest",), ("doctor",), ("status",), ("models",), ("models", "rollback"), ("duplicates",),
    ("apply",), ("apply", "--undo"), ("export-model", "exported"), ("review", "--no-browser"),
    ("rank", "new/a/1.png", "new/a/2.png"), ("crop", "new/a/1.png"), ("suggest",), ("train",),
    ("sets",), ("embed",),
)  # fmt: skip
# Where there is something to evaluate, that takes minutes.
WITHOUT_LOGS = {"empty", "pictures alone", "no logs"}


@pytest.fixture(scope="module")
def little(tmp_path_factory) -> Path:
    """Return a workspace of few sets, embedded and trained once."""
    folder = tmp_path_factory.mktemp("little") / "sample"
    write_sample(folder, share=0.05)
    for words in (["embed"], ["train"]):
        assert main(["--workspace", str(folder), *words, "--json"]) == 0
    return folder


@pytest.fixture
def run(monkeypatch, capsys):
    """Return a function that runs a command line: its status, and what it printed."""

    def serve(app, port, ready):
        app.extensions["prefml"].close()
        raise SystemExit(0)

    monkeypatch.setattr("prefml.review.serve", serve)

    def run(words):
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def reach(state: str, trained: Path, root: Path, run) -> Path:
    shutil.copytree(trained, root)
    for pattern in STATES[state]:
        for path in list(root.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if state in ("suggested", "reviewed", "applied"):
        assert run(("--workspace", root, "suggest"))[0] == 0
    if state in ("reviewed", "applied"):
        service = ReviewService(Workspace.open(root))
        for group_id in service.next_ids(3):
            service.decide(Decide(group_id=group_id, action="approved"))
        service.submit()
        service.close()
    if state == "applied":
        assert run(("--workspace", root, "apply", "--execute"))[0] == 0
    return root


@pytest.mark.parametrize(
    "state", [pytest.param(s, marks=pytest.mark.slow) if s in SLOW else s for s in STATES]
)
def test_every_hint_works_in_the_state_that_printed_it(
    little, tmp_path, run, state, record_property, monkeypatch, request
):
    if state in LONG and not request.config.getoption("--reliability"):
        pytest.skip("takes minutes: make reliability runs it")
    monkeypatch.chdir(tmp_path)
    place = reach(state, little, tmp_path / "made", run)
    followed: dict[str, str] = {}
    for words in (*COMMANDS, *[("evaluate",)] * (state in WITHOUT_LOGS)):
        shutil.rmtree("ws", ignore_errors=True)
        shutil.copytree(place, "ws")
        _, said = run(("--workspace", "ws", "--artifacts", "ws/artifacts", *words))
        # What the command has written is part of the state that printed the hint.
        for hint in dict.fromkeys(HINT.findall(said)):
            if hint in followed and Path("ws").is_dir():
                continue
            followed[hint] = words[0]
            assert "--workspace ws" in hint or hint == "prefml sample", hint
            assert "--artifacts ws/artifacts" in hint or hint == "prefml sample", hint
            assert not re.search(r"\b[A-Z]{2,}\b", hint), hint
            status, answer = run(shlex.split(hint)[1:])
            assert status == 0, f"[{state}] {' '.join(words)} said {hint!r}: {answer[-300:]}"
    assert followed, "a state without a hint"
    record_property("reliability", {
        "part": "kinds", "what": f"hints printed where a workspace is: {state}",
        "tried": len(followed), "outcomes": dict(Counter(followed=len(followed))), "lost": 0,
    })  # fmt: skip


@pytest.mark.slow
def test_a_missing_crop_model_asks_for_crops_where_none_are_logged(little, tmp_path, run):
    place = reach("no crops logged", little, tmp_path / "ws", run)
    _, said = run(("--workspace", place, "crop", "new/a.png"))
    assert said.strip().endswith("run: log 10 crops (0 so far) in data/training/ or in a review, "
                                 f"then prefml train --workspace {place}")  # fmt: skip
