import json

import pytest

from prefml.cli import main
from prefml.exceptions import ModelFileError
from prefml.models.history import add_to_history, install, list_models, roll_back
from prefml.models.manifest import manifest_path, read_manifest
from prefml.models.store import amend_manifest, load_model, save_model
from prefml.workspace import Workspace


class Model(dict):
    pass


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def save(workspace, number, place="ranker.joblib", kind="ranker"):
    facts = {"encoder": None, "fold_scores": {"top1": number / 10}}
    path = save_model(Model(number=number), workspace.artifacts / place, kind, facts)
    manifest = json.loads(manifest_path(path).read_text())
    manifest["written"] = f"2025-01-{number:02}T00:00:00+00:00"
    manifest_path(path).write_text(json.dumps(manifest))
    return path


def current(workspace):
    return load_model(workspace.artifacts / "ranker.joblib")["number"]


def test_installing_keeps_the_model_before(workspace):
    save(workspace, 1)
    install(workspace, "ranker", save(workspace, 2, "candidate/ranker.joblib"))
    assert current(workspace) == 2
    (now, before) = list_models(workspace)
    assert (now.name, before.current, before.manifest.fold_scores) == (
        "current",
        False,
        {"top1": 0.1},
    )
    assert load_model(before.path)["number"] == 1


def test_rolling_back_loses_nothing(workspace):
    save(workspace, 1)
    install(workspace, "ranker", save(workspace, 2, "candidate/ranker.joblib"))
    assert roll_back(workspace, "ranker").manifest.fold_scores == {"top1": 0.1}
    assert current(workspace) == 1
    roll_back(workspace, "ranker")
    assert current(workspace) == 2


def test_a_named_model_is_brought_back(workspace):
    for number in (1, 2, 3):
        install(workspace, "ranker", save(workspace, number, "candidate/ranker.joblib"))
    names = [model.name for model in list_models(workspace) if not model.current]
    roll_back(workspace, names[-1])
    assert current(workspace) == 1


def test_keeping_twice_makes_one_copy(workspace):
    save(workspace, 1)
    assert add_to_history(workspace, "ranker") == add_to_history(workspace, "ranker")
    assert len(list_models(workspace)) == 2


def test_a_changed_model_is_listed_as_unusable_and_never_brought_back(workspace):
    save(workspace, 1)
    kept = add_to_history(workspace, "ranker")
    save(workspace, 2)
    kept.write_bytes(b"changed")
    assert [bool(model.problem) for model in list_models(workspace)] == [False, True]
    with pytest.raises(ModelFileError, match="one of: none yet"):
        roll_back(workspace, "ranker")


def test_a_model_of_another_kind_is_not_installed(workspace):
    with pytest.raises(ModelFileError, match="crop model"):
        install(workspace, "ranker", save(workspace, 1, "candidate/x.joblib", "crop"))


def test_the_command_lists_and_rolls_back(workspace, capsys):
    words = ["--workspace", str(workspace.root), "models"]
    assert main(words) == 0
    assert "prefml train" in capsys.readouterr().out
    save(workspace, 1)
    install(workspace, "ranker", save(workspace, 2, "candidate/ranker.joblib"))
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["models"]
    assert [(one["kind"], one["current"]) for one in found] == [("ranker", True), ("ranker", False)]
    assert main([*words, "rollback", "ranker"]) == 0
    assert "in use again" in capsys.readouterr().out
    assert current(workspace) == 1
    assert main([*words, "rollback", "crop"]) == 1
    assert capsys.readouterr().err.startswith("Error: no earlier model 'crop'")


def test_a_damaged_candidate_is_not_installed(workspace):
    save(workspace, 1)
    candidate = save(workspace, 2, "candidate/ranker.joblib")
    candidate.write_bytes(candidate.read_bytes() + b"x")
    with pytest.raises(ModelFileError, match=r"changed since it was written.*prefml train"):
        install(workspace, "ranker", candidate)
    assert current(workspace) == 1


def test_a_sound_copy_of_a_damaged_model_is_brought_back(workspace):
    path = save(workspace, 1)
    add_to_history(workspace, "ranker")
    path.write_bytes(b"damaged")
    roll_back(workspace, "ranker")
    assert current(workspace) == 1


def test_a_model_in_the_history_keeps_what_its_manifest_said_last(workspace):
    path = save(workspace, 1)
    first = add_to_history(workspace, "ranker")
    amend_manifest(path, {"rejection_sha256": "a" * 64})
    again = add_to_history(workspace, "ranker")
    assert again == first
    assert read_manifest(first).rejection_sha256 == "a" * 64


def test_a_ranker_brings_the_model_of_rejections_back_that_it_promised_with(workspace):
    for number in (1, 2):
        path = save(workspace, 10 + number, "candidate/rejection.joblib", "rejection")
        install(workspace, "rejection", path)
        install(workspace, "ranker", save(workspace, number, "candidate/ranker.joblib"))
        sha256 = read_manifest(workspace.artifacts / "rejection.joblib").sha256
        amend_manifest(workspace.artifacts / "ranker.joblib", {"rejection_sha256": sha256})
    roll_back(workspace, "ranker")
    assert current(workspace) == 1
    assert load_model(workspace.artifacts / "rejection.joblib")["number"] == 11
    roll_back(workspace, "rejection")
    assert (current(workspace), load_model(workspace.artifacts / "rejection.joblib")["number"]) == (
        1, 12,
    )  # fmt: skip
