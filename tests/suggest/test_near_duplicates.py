"""Questions on near duplicates: of which pictures, and what a second call does."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.duplicates import DuplicateGroup
from prefml.proposals import read_suggestions
from prefml.suggest.near_duplicates import FreePictures, ask_about, withdraw
from prefml.workspace import Workspace

from ..suggest.conftest import Tree


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def group(*paths, best=0, project="alpha"):
    names = tuple(path.rpartition("/")[2] for path in paths)
    n = len(paths)
    return DuplicateGroup(project, np.arange(n), names, paths, best, (0,) * n, (1.0,) * n)


def write(tree, name, *rows):
    path = tree.root / "sandbox" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def free(tree, *paths):
    """Return which of some near duplicates are free, and why others are not."""
    pictures = FreePictures(Workspace.open(tree.root))
    rows = pictures.rows(None, [group(*paths)])
    return [paths[row] for row in rows], dict(pictures.left_out)


def pictures(tree, *paths):
    return [tree.picture(path) for path in paths]


def test_pictures_that_nothing_waits_for_are_free(tree):
    paths = pictures(tree, "images/alpha/a.png", "selected/alpha/b.png")
    assert free(tree, *paths) == (paths, {})


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("delete_staging/alpha/x.png", "in delete_staging/ already"),
        ("new/alpha/x.png", "in new/, whose sets come first; prefml suggest"),
        ("images/alpha/gone.png", "not where they were; prefml embed looks again"),
    ],
)
def test_pictures_on_their_way_or_gone_are_left_out_with_the_reason(tree, path, words):
    kept = tree.picture("images/alpha/a.png")
    if "gone" not in path:
        tree.picture(path)
    assert free(tree, kept, path) == ([kept], {words: 1})


def test_pictures_of_no_known_project_are_left_out(tree):
    path = tree.picture("images/x.png")
    found = FreePictures(Workspace.open(tree.root))
    assert not len(found.rows(None, [group(path, project="unknown")]))
    assert dict(found.left_out) == {"of no known project": 1}


def test_the_losers_of_logged_sets_were_decided_and_their_winner_is_free(tree):
    won, lost, other = pictures(tree, *(f"images/alpha/{name}.png" for name in "wlo"))
    tree.log((won, [lost], "2025-01-01T00:00:00Z"))
    assert free(tree, won, lost, other) == ([won, other], {"that lost their set": 1})


def test_pictures_of_sets_that_wait_are_left_out_and_those_of_waiting_duplicates_are_not(tree):
    a, b, c = pictures(tree, *(f"images/alpha/{name}.png" for name in "abc"))
    asked = {"group_id": "d", "images": [b, c], "near_duplicates": {}}
    write(tree, "automation_decisions.jsonl", {"group_id": "g", "images": [a]}, asked)
    assert free(tree, a, b, c) == ([b, c], {"of sets that wait for a decision": 1})


def test_pictures_of_decided_sets_are_left_out_until_they_are_moved(tree):
    a, b = pictures(tree, "images/alpha/a.png", "images/alpha/b.png")
    row = {"group_id": "g", "images": [a], "action": "approved", "project_id": "alpha"}
    write(tree, "approved_decisions.jsonl", row)
    assert free(tree, a, b) == ([b], {"of decided sets, where they were decided": 1})
    moved = tree.picture("selected/alpha/a.png")
    assert free(tree, moved, b) == ([moved, b], {})


def test_the_kept_one_of_decided_duplicates_is_free_once_the_others_are_moved(tree):
    a, b, c = pictures(tree, *(f"images/alpha/{name}.png" for name in "abc"))
    row = {"group_id": "d", "images": [a, b], "action": "approved", "final_choice": a}
    write(tree, "approved_decisions.jsonl", row | {"suggestion": {"near_duplicates": {}}})
    assert free(tree, a, c)[0] == [c]
    (tree.root / b).unlink()
    assert free(tree, a, c)[0] == [a, c]


PLACES = {
    "free": "images", "selected": "selected", "staged": "delete_staging", "new": "new",
    "waiting": "images", "decided": "images", "won": "images", "lost": "images", "gone": "images",
}  # fmt: skip


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=8))
def test_only_pictures_for_which_nothing_else_is_due_are_asked_about(tmp_path_factory, roles):
    tree = Tree(tmp_path_factory.mktemp("roles"))
    paths = [f"{PLACES[role]}/alpha/{at}.png" for at, role in enumerate(roles)]
    for role, path in zip(roles, paths, strict=True):
        if role != "gone":
            tree.picture(path)

    def named(role):
        return [path for path, one in zip(paths, roles, strict=True) if one == role]

    other = tree.picture("images/alpha/other.png")
    tree.log(
        *((path, [other], "2025-01-01T00:00:00Z") for path in named("won")),
        *((other, [path], "2025-01-01T00:00:00Z") for path in named("lost")),
    )
    waiting = ({"group_id": path, "images": [path]} for path in named("waiting"))
    decided = (
        {"group_id": path, "images": [path], "action": "approved"} for path in named("decided")
    )
    write(tree, "automation_decisions.jsonl", *waiting)
    write(tree, "approved_decisions.jsonl", *decided)
    found, left_out = free(tree, *paths)
    assert found == [
        path for path, role in zip(paths, roles, strict=True) if role in ("free", "selected", "won")
    ]
    assert sum(left_out.values()) == len(paths) - len(found)


def test_a_question_names_the_best_and_promises_nothing(tree):
    paths = pictures(tree, "images/alpha/a.png", "images/alpha/b.png")
    workspace = Workspace.open(tree.root)
    assert ask_about(workspace, [group(*paths, best=1)], "most pixels") == 1
    (row,) = read_suggestions(workspace).values()
    assert row["images"] == paths
    assert row["step1_selection"] == {
        "chosen": paths[1], "reason": "most pixels", "confidence": None
    }  # fmt: skip
    assert (row["within_budget"], row["project_id"]) == (False, "alpha")
    assert row["near_duplicates"] == {"distance": [0, 0], "cosine": [1.0, 1.0]}


def test_asking_twice_asks_once_and_a_group_that_grew_takes_the_place_of_the_one_before(tree):
    a, b, c = pictures(tree, *(f"images/alpha/{name}.png" for name in "abc"))
    workspace = Workspace.open(tree.root)
    assert ask_about(workspace, [group(a, b)], "") == 1
    assert ask_about(workspace, [group(a, b)], "") == 0
    assert ask_about(workspace, [group(a, b, c)], "") == 1
    assert [row["images"] for row in read_suggestions(workspace).values()] == [[a, b, c]]


def test_what_is_decided_and_what_is_about_sets_stays_and_duplicates_come_behind_sets(tree):
    a, b, c, d = pictures(tree, *(f"images/alpha/{name}.png" for name in "abcd"))
    workspace = Workspace.open(tree.root)
    ask_about(workspace, [group(a, b)], "")
    (row,) = read_suggestions(workspace).values()
    write(tree, "approved_decisions.jsonl", {"group_id": row["group_id"], "action": "approved"})
    write(tree, "automation_decisions.jsonl", row, {"group_id": "g", "images": ["new/x.png"]})
    ask_about(workspace, [group(a, b), group(c, d)], "")
    found = [one["images"] for one in read_suggestions(workspace).values()]
    assert found == [["new/x.png"], [c, d], [a, b]]


def test_withdrawing_takes_back_what_nobody_answered_and_nothing_else(tree):
    a, b, c, d = pictures(tree, *(f"images/alpha/{name}.png" for name in "abcd"))
    workspace = Workspace.open(tree.root)
    ask_about(workspace, [group(a, b), group(c, d)], "")
    answered = next(iter(read_suggestions(workspace)))
    write(tree, "approved_decisions.jsonl", {"group_id": answered, "action": "approved"})
    assert withdraw(workspace) == 1
    assert list(read_suggestions(workspace)) == [answered]
    assert withdraw(workspace) == 0


def test_no_decision_on_duplicates_is_a_label(tree):
    from prefml.decisions import read_decisions

    a, b = pictures(tree, "images/alpha/a.png", "images/alpha/b.png")
    workspace = Workspace.open(tree.root)
    ask_about(workspace, [group(a, b)], "")
    (row,) = read_suggestions(workspace).values()
    for action in ("approved", "overridden", "rejected"):
        answer = {"group_id": row["group_id"], "action": action, "final_choice": a}
        write(tree, "approved_decisions.jsonl", answer | {"images": [a, b], "suggestion": row})
        found = read_decisions(workspace)
        assert len(found.items) == len(found.crops) == len(found.rejections) == 0
        assert list(found.quarantine["reason"]) == ["duplicates"]
    assert isinstance(found.items, pd.DataFrame)
