import shutil

import pytest


@pytest.fixture(scope="module")
def twice(trained, tmp_path_factory):
    """A workspace whose models were trained twice."""
    from prefml.cli import main

    folder = tmp_path_factory.mktemp("models") / "copy"
    ignored = shutil.ignore_patterns("*.png", "*.jpg", "*.webp", "*.bmp", "*.tif*")
    shutil.copytree(trained, folder, ignore=ignored)
    assert main(["--workspace", str(folder), "train", "--force", "--json"]) == 0
    return folder


def test_the_list_has_the_models_in_use_and_those_before(prefml, twice):
    models = prefml("--workspace", twice, "models", "--json").json["models"]
    assert [(m["kind"], m["current"], m["usable"]) for m in models] == [
        ("ranker", True, True),
        ("ranker", False, True),
        ("crop", True, True),
        ("crop", False, True),
    ]


@pytest.mark.parametrize(("kind", "least"), [("ranker", 0.9), ("crop", 0.5)])
def test_an_earlier_model_is_compared_on_the_latest_decisions(prefml, twice, kind, least):
    ran = prefml("--workspace", twice, "models", "compare", kind, "--json")
    assert ran.json["decisions"] > 50
    assert min(ran.json["score"], ran.json["current_score"]) > least


def test_an_unknown_name_is_answered_with_the_way_to_the_list(prefml, twice):
    for action in ("compare", "rollback"):
        ran = prefml("--workspace", twice, "models", action, "nobody")
        assert ran.status == 1
        assert "run: prefml models" in ran.err


def test_before_any_training_the_list_says_what_to_do(prefml, tmp_path):
    assert "prefml train" in prefml("--workspace", tmp_path, "models").out
