import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from prefml import load_exported
from prefml.models import kinds, training
from prefml.models.kinds import RANKER
from prefml.models.manifest import read_manifest
from prefml.models.store import load_model
from prefml.ranking import default_ranker
from prefml.ranking.per_project import PerProjectRanker


@pytest.fixture
def copy(trained, tmp_path):
    folder = tmp_path / "copy"
    ignored = shutil.ignore_patterns("*.png", "*.jpg", "*.webp", "*.bmp", "*.tif*", "artifacts")
    shutil.copytree(trained, folder, ignore=ignored)
    return folder


def test_both_models_are_written_with_their_manifests(trained):
    names = {path.name for path in (trained / "artifacts").iterdir()}
    assert names >= {"ranker.joblib", "ranker.manifest.json", "crop.joblib", "crop.manifest.json"}


@pytest.mark.parametrize("kind", ["ranker", "crop"])
def test_the_manifest_says_what_the_model_was_trained_on(trained, kind):
    manifest = read_manifest(trained / "artifacts" / f"{kind}.joblib")
    assert manifest.encoder.name == "builtin"
    assert manifest.counts["projects"] == 5
    assert len(manifest.decisions_sha256) == 64
    assert manifest.fold_scores


def test_the_loaded_ranker_ranks_a_row_by_itself(trained):
    model = load_model(trained / "artifacts" / "ranker.joblib")
    assert "stage" in model.feature_names_in_


def test_only_the_named_model_is_trained(prefml, copy):
    ran = prefml("--workspace", copy, "--artifacts", copy / "b", "train", "crop", "--json")
    assert (ran.status, list(ran.json)) == (0, ["crop"])
    assert {path.name for path in (copy / "b").iterdir()} == {"crop.joblib", "crop.manifest.json"}


def test_crops_without_pictures_are_learned_from_their_sizes(prefml, copy):
    shutil.rmtree(copy / "data" / "sidecar")
    ran = prefml("--workspace", copy, "train", "--json")
    assert ran.status == 0
    assert "no sidecars" in ran.json["ranker"]["why_not"]
    assert read_manifest(copy / "artifacts" / "crop.joblib").encoder is None


def test_a_workspace_without_sidecars_names_the_command_that_makes_them(prefml, copy):
    shutil.rmtree(copy / "data" / "sidecar")
    ran = prefml("--workspace", copy, "train", "ranker")
    assert ran.status == 1
    assert ran.err.startswith("Error: ")
    assert "run: put pictures into images/PROJECT/" in ran.err


def test_an_empty_workspace_gives_one_clear_line(prefml, tmp_path):
    ran = prefml("--workspace", tmp_path, "train")
    assert (ran.status, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_the_text_names_scores_and_baselines(prefml, copy):
    ran = prefml("--workspace", copy, "train", "crop")
    assert "overlap with the person's crop (IoU)" in ran.out
    assert "of one constant box" in ran.out


def test_damaged_sidecars_are_not_taken_for_missing_ones(prefml, copy):
    next((copy / "data/sidecar/cues.parquet").rglob("*.parquet")).write_bytes(b"")
    ran = prefml("--workspace", copy, "train")
    assert ran.status == 1
    assert "prefml embed" in ran.err


def test_the_manifest_is_strict_json(trained):
    text = (trained / "artifacts" / "ranker.manifest.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["kind"] == "ranker"


@pytest.fixture
def used(copy, trained):
    shutil.copytree(trained / "artifacts", copy / "artifacts")
    return copy


@pytest.fixture
def corrupted(monkeypatch):
    """Mix winners and losers up wherever a ranker is fitted."""

    def fit_on_losers(model, table, rows):
        return RANKER.fit(model, replace(table, y=1 - table.y), rows)

    monkeypatch.setitem(kinds.BY_NAME, "ranker", replace(RANKER, fit=fit_on_losers))


def digest(folder):
    return read_manifest(folder / "artifacts" / "ranker.joblib").sha256


def test_a_corrupted_ranker_does_not_replace_the_one_in_use(prefml, used, corrupted):
    before = digest(used)
    ran = prefml("--workspace", used, "train", "ranker")
    assert ran.status == 0
    assert "REFUSED: worse on recent decisions" in ran.out
    assert digest(used) == before
    assert (used / "artifacts" / "candidate" / "ranker.joblib").exists()
    forced = prefml("--workspace", used, "train", "ranker", "--force", "--json")
    assert forced.json["ranker"]["in_use"] is True
    assert digest(used) != before
    assert not (used / "artifacts" / "candidate").exists()
    back = prefml("--workspace", used, "models", "rollback", "ranker", "--json")
    assert back.status == 0
    assert digest(used) == before


def test_training_again_on_the_same_decisions_keeps_the_model(prefml, used):
    before = digest(used)
    ran = prefml("--workspace", used, "train", "ranker", "--json")
    assert ran.json["ranker"]["in_use"] is True
    assert digest(used) == before


def test_the_manifest_says_up_to_when_the_model_has_learned(trained):
    manifest = read_manifest(trained / "artifacts" / "ranker.joblib")
    assert np.datetime64(manifest.last_decision[:10]) > np.datetime64("2025-06-01")


def test_a_ranker_for_each_project_is_trained_served_and_exported(
    prefml, trained, tmp_path, monkeypatch
):
    few = PerProjectRanker(default_ranker(), min_sets=10)
    monkeypatch.setattr(
        training, "per_project_kind", lambda: replace(RANKER, make=lambda: clone(few))
    )
    folder = tmp_path / "own"
    shutil.copytree(trained, folder, ignore=shutil.ignore_patterns("artifacts"))
    ran = prefml("--workspace", folder, "train", "ranker", "--per-project", "--json")
    assert ran.status == 0, ran.err
    model = load_model(folder / "artifacts" / "ranker.joblib", "ranker")
    assert ran.json["ranker"]["counts"]["projects_with_their_own"] == len(model.own_) > 0
    pictures = sorted((folder / "images" / "garden").glob("*_stage*"))[:3]
    images = [picture.relative_to(folder) for picture in pictures]
    ranked = prefml("--workspace", folder, "rank", *images, "--json")
    assert ranked.status == 0, ranked.err
    assert sum(one["probability"] for one in ranked.json["ranking"]) == pytest.approx(1)
    exported = prefml("--workspace", folder, "export-model", "plain", "--json")
    assert exported.status == 0, exported.err
    again = load_exported(folder / "plain" / "ranker.json", "ranker")
    assert list(again.own_) == list(model.own_)


def test_too_few_decisions_are_counted_with_the_number_that_is_needed(prefml, copy, monkeypatch):
    monkeypatch.setattr(kinds, "MIN_DECISIONS", 1000)
    ran = prefml("--workspace", copy, "train")
    assert (ran.status, ran.out) == (1, "")
    assert re.search(r"ranker: \d+ sets, at least 1000 are needed", ran.err)
    assert re.search(r"crop: \d+ crops, at least 1000 are needed", ran.err)
    assert not list(copy.glob("artifacts/*.joblib"))


def test_a_model_of_an_earlier_training_is_named_where_none_can_be_trained(prefml, copy):
    assert prefml("--workspace", copy, "train", "crop").status == 0
    for log in (copy / "data" / "training").glob("*.csv"):
        if "crop_x1" in log.read_text("utf-8").partition("\n")[0]:
            log.unlink()
    ran = prefml("--workspace", copy, "train")
    assert ran.status == 0
    assert "crop: not trained; 0 crops" in ran.out
    assert "crop.joblib stays in use, from an earlier training" in ran.out
    assert "ranker.joblib stays" not in ran.out


def test_scores_are_named_by_what_was_measured(tmp_path):
    from prefml.cli.train import _lines

    scores = {"new_measure": 0.25, "iou_chosen": 0.8, "lower_stage_top1": 0.5, "top1": 0.9}
    made = training.TrainingResult("ranker", tmp_path, {"sets": 40}, scores)
    words = [line.split("  ")[1] for line in _lines([made], tmp_path) if line.startswith("  ")]
    assert [line.rstrip(" 0123456789.") for line in words] == [
        "agreement (top-1)", "agreement where they chose a lower stage",
        "overlap with the person's crop (IoU)", "new_measure",
    ]  # fmt: skip


def test_what_was_left_out_of_a_training_is_said_with_its_numbers(tmp_path):
    from prefml.cli.train import _lines

    left_out = {"no_sidecar": 3, "one_picture": 1}
    made = training.TrainingResult("ranker", tmp_path, {"sets": 40}, left_out=left_out)
    assert "  left out: 3 no sidecar, 1 one picture" in list(_lines([made], tmp_path))


def test_what_tells_rejected_sets_is_named_in_words(tmp_path):
    from prefml.cli.train import _lines

    scores = {"log_loss": 0.4, "log_loss_base_rate": 0.5, "auc": 0.9}
    made = training.TrainingResult("rejection", tmp_path, {"reviewed_sets": 40}, scores)
    missing = training.TrainingResult(
        "rejection", why_not="3 reviewed sets, at least 10 are needed"
    )
    lines = list(_lines([made, missing], tmp_path))
    assert lines[0].startswith("none is good: 40 reviewed sets -> ")
    assert any(line.startswith("  rejected sets told from accepted ones (AUC)") for line in lines)
    assert "none is good: not trained; 3 reviewed sets, at least 10 are needed" in lines


def tag(workspace, per_project, tags):
    """Review sets of the sample by hand, and tag a picture in each."""
    lines = []
    for folder in sorted((workspace / "images").iterdir()) if per_project else []:
        names = sorted(path.name for path in folder.iterdir())[: 2 * per_project]
        pairs = zip(names[::2], names[1::2], strict=False)
        for number, images in enumerate(pairs):
            paths = [f"images/{folder.name}/{name}" for name in images]
            lines.append({
                "group_id": f"{folder.name}-{number}", "project_id": folder.name,
                "action": "rejected", "images": paths, "image_tags": {paths[0]: tags},
                "timestamp": "2025-11-01T00:00:00Z",
            })  # fmt: skip
    (workspace / "sandbox").mkdir(exist_ok=True)
    text = "\n".join(map(json.dumps, lines))
    (workspace / "sandbox" / "approved_decisions.jsonl").write_text(text)


def test_it_is_said_how_many_tags_a_flag_still_needs(prefml, copy, trained):
    for folder in (trained / "images").iterdir():
        target = copy / "images" / folder.name
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.iterdir())[:4]:
            shutil.copy(path, target)
    tag(copy, 2, ["long_hand"])
    ran = prefml("--workspace", copy, "train", "ranker", "--json")
    found = ran.json["ranker"]["flags"]["hand_length"]
    assert found["tagged"] == 2 * found["projects"]
    assert found["why_not"] == f"needs {20 - found['tagged']} tagged pictures more"
    assert found["in_use"] is False
    assert ran.json["ranker"]["flags"]["limb"]["tagged"] == 0
