import json

import pytest
from PIL import Image

from prefml.suggest.standing import Standing, standing_of
from prefml.workspace import Workspace

IMAGES = ["new/p/a.png", "new/p/b.png", "new/p/c.png"]


@pytest.fixture
def root(tmp_path):
    for name in IMAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 30)).save(tmp_path / name)
    return tmp_path


def write(root, name, *rows):
    (root / "sandbox").mkdir(exist_ok=True)
    (root / "sandbox" / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def standing(root):
    return standing_of(Workspace.open(root))


def test_an_empty_workspace_has_nothing(tmp_path):
    assert standing(tmp_path) == Standing()


def test_a_picture_is_new_until_something_is_suggested_for_it_or_decided(root):
    assert standing(root) == Standing(3)
    pair, one = {"group_id": "g", "images": IMAGES[:2]}, {"group_id": "h", "images": IMAGES[2:]}
    write(root, "automation_decisions.jsonl", pair)
    assert standing(root) == Standing(1, 1)
    write(root, "approved_decisions.jsonl", {**one, "action": "rejected", "timestamp": "t"})
    assert standing(root) == Standing(0, 1, 0, {"h": "t"})


@pytest.mark.parametrize("action", ["skipped", "approved", "overridden", "rejected"])
def test_what_was_skipped_is_undecided(root, action):
    row = {"group_id": "g", "images": IMAGES}
    write(root, "automation_decisions.jsonl", row)
    write(root, "approved_decisions.jsonl", {**row, "action": action, "final_choice": 0})
    is_open = action == "skipped"
    assert standing(root) == Standing(0, int(is_open), 0, {} if is_open else {"g": ""})


def test_within_the_budget_are_undecided_sets_without_a_flag(root):
    rows = [{"group_id": n, "images": [n], "within_budget": True} for n in "abc"]
    rows[2]["flags"] = ["fingers look odd"]
    write(root, "automation_decisions.jsonl", *rows, {"group_id": "d", "images": ["d"]})
    write(root, "approved_decisions.jsonl", {**rows[0], "action": "rejected"})
    assert (standing(root).undecided, standing(root).within_budget) == (3, 1)


def test_near_duplicates_that_are_decided_are_told_apart(root):
    mark = {"near_duplicates": {}}
    rows = [{"group_id": n, "images": [n]} for n in "abc"]
    write(root, "automation_decisions.jsonl", rows[0] | mark, *rows[1:])
    done = [row | {"action": "approved"} for row in rows]
    write(root, "approved_decisions.jsonl", *done[:2], done[2] | {"suggestion": mark})
    found = standing(root)
    assert found.decided.keys() == {"a", "b", "c"}
    assert found.duplicates == {"a", "c"}
