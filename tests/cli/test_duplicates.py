import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from prefml.cli.duplicates import _text
from prefml.duplicates import DuplicateGroup
from prefml.models.store import save_model
from prefml.prediction import predictor
from prefml.sidecars import store


@pytest.fixture
def duplicates(prefml, workspace):
    """Return a function that embeds the pictures, and finds duplicates among them."""

    def run(*words):
        assert prefml("--workspace", workspace, "embed").status == 0
        return prefml("--workspace", workspace, "duplicates", *words)

    return run


def enlarge(workspace, path, name):
    """Write a larger copy of a picture, which hashes and encodes alike."""
    with Image.open(workspace / path) as image:
        image.resize((128, 192)).save(workspace / name)


class Ranker:
    """Ranker by the stages, or the other way round."""

    def __init__(self, sign):
        self.sign = sign

    def predict(self, X):
        return self.sign * np.nan_to_num(X["stage"].to_numpy(float))


def test_without_sidecars_the_command_that_makes_them_is_named(prefml, workspace):
    ran = prefml("--workspace", workspace, "duplicates")
    assert ran.status == 1
    assert "prefml embed" in ran.err


def test_groups_lie_inside_a_project_and_are_written_down(duplicates, workspace):
    first = "new/p/20250101_000000_stage1_generated.png"
    for project in ("p", "q"):
        enlarge(workspace, first, f"new/{project}/larger.png")
    ran = duplicates("--json")
    assert ran.status == 0
    (group,) = ran.json["groups"]
    assert group == {"project": "p", "images": [first, "new/p/larger.png"], "best": first}
    table = pd.read_parquet(workspace / "data/sidecar/duplicates.parquet")
    assert set(table["project"]) == {"p"}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_best_of_a_group_is_the_rankers_choice(duplicates, workspace, sign):
    first = "new/p/20250101_000000_stage1_generated.png"
    second = "new/p/20250102_000000_stage3_enhanced.png"
    enlarge(workspace, first, second)
    path = workspace / "artifacts" / "ranker.joblib"
    save_model(Ranker(sign), path, "ranker", {"encoder": None})
    (group,) = duplicates("--json").json["groups"]
    assert group["best"] == (second if sign > 0 else first)


def test_a_ranker_of_another_encoder_is_not_asked(duplicates, workspace):
    encoder = {"identity": "0" * 64, "id": "another", "name": "models/another"}
    save_model({}, workspace / "artifacts" / "ranker.joblib", "ranker", {"encoder": encoder})
    ran = duplicates()
    assert ran.status == 0, ran.err
    assert "groups of near duplicates" in ran.out
    assert ran.err.startswith("The ranker is not asked: ")
    assert "prefml embed --encoder models/another" in ran.err


def group(number):
    paths = tuple(f"{number}{end}.png" for end in "ab")
    return DuplicateGroup("p", np.arange(2), paths, paths, 1, (3, 0), (0.987654, 1.0))


def test_a_group_is_its_best_and_how_near_the_others_are():
    assert _text([group(1)]).splitlines() == [
        "p: 1b.png (best)",
        "    1a.png  3 bits, cosine 0.988",
        "1 group of near duplicates, 2 pictures.",
    ]


def test_a_long_list_is_cut_and_says_how_to_see_all_of_it():
    text = _text([group(number) for number in range(53)])
    assert text.count("(best)") == 50
    assert "... and 3 more groups; --json prints all of them" in text
    assert text.endswith("53 groups of near duplicates, 106 pictures.")


@pytest.mark.parametrize("ranked", [False, True])
def test_one_project_is_in_memory_at_a_time(duplicates, workspace, monkeypatch, ranked):
    first = "new/p/20250101_000000_stage1_generated.png"
    for project in ("p", "q"):
        place = workspace / "new" / project
        place.mkdir(exist_ok=True)
        enlarge(workspace, first, f"new/{project}/one.png")
        enlarge(workspace, first, f"new/{project}/two.png")
    if ranked:
        save_model(Ranker(1), workspace / "artifacts/ranker.joblib", "ranker", {"encoder": None})
    read = []
    for module in (store, predictor):
        whole = module.read_sidecars
        monkeypatch.setattr(
            module,
            "read_sidecars",
            lambda *words, whole=whole, **more: read.append(whole(*words, **more)) or read[-1],
        )
    groups = duplicates("--json").json["groups"]
    assert [group["project"] for group in groups] == ["p", "q"]
    assert len(read) >= 2
    assert all(sidecars.index["project"].nunique() <= 1 for sidecars in read)


@pytest.fixture
def twins(workspace):
    """Two near duplicates that nothing else waits for, beside one in new/."""
    first = "new/p/20250101_000000_stage1_generated.png"
    (workspace / "images/p").mkdir(parents=True)
    names = [f"images/p/{name}.png" for name in ("one", "two")]
    for name in names:
        enlarge(workspace, first, name)
    return names


def asked_about(workspace):
    path = workspace / "sandbox/automation_decisions.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def test_without_ask_nothing_is_asked_and_what_would_be_is_counted(duplicates, workspace, twins):
    ran = duplicates("--json")
    assert ran.json["questions"] == {
        "groups": 1, "pictures": 2, "asked": False, "new": 0,
        "left_out": {"in new/, whose sets come first; prefml suggest": 1},
    }  # fmt: skip
    assert asked_about(workspace) == []


def test_asked_groups_are_under_review_until_they_are_taken_back(
    prefml, duplicates, workspace, twins
):
    ran = duplicates("--ask")
    assert "1 group to decide, 1 of them new. Next: prefml review" in ran.out
    (line,) = asked_about(workspace)
    assert json.loads(line)["images"] == twins
    ran = prefml("--workspace", workspace, "duplicates", "--withdraw", "--json")
    assert ran.json == {"withdrawn": 1}
    assert asked_about(workspace) == []


def test_asking_and_taking_back_exclude_each_other(prefml, workspace):
    assert prefml("--workspace", workspace, "duplicates", "--ask", "--withdraw").status == 2
