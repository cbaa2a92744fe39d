"""Check models as JSON and LightGBM text: equal predictions, no pickle, nothing doubtful taken."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prefml import CropRegressor, SetRanker, load_exported, load_model
from prefml.decisions import read_decisions
from prefml.exceptions import ModelFileError
from prefml.features.tables import choice_table, crop_table
from prefml.models.exported import FORMAT, export_models, write_exported
from prefml.models.manifest import FORMAT as PICKLED
from prefml.models.manifest import OLDEST, read_manifest
from prefml.models.store import save_model
from prefml.ranking import PerProjectRanker, export
from prefml.ranking.calibration import WinCalibrator
from prefml.ranking.rejection import RejectionModel
from prefml.sidecars.sizes import picture_sizes
from prefml.sidecars.store import read_sidecars
from prefml.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
BUNDLES = sorted((ROOT / "tests" / "data").glob("models-*"))
CLOSE = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(scope="module")
def exported(trained):
    """Return the folder into which the sample's models were written by the command."""
    from prefml.cli import main

    assert main(["--workspace", str(trained), "export-model", "exported", "--json"]) == 0
    return trained / "exported"


@pytest.fixture(scope="module")
def tables(trained):
    workspace = Workspace.open(trained)
    decisions = read_decisions(workspace, picture_sizes(workspace))
    sidecars = read_sidecars(workspace.sidecars)
    return choice_table(decisions.items, sidecars), crop_table(decisions.crops, sidecars)


def test_the_exported_ranker_predicts_as_the_joblib_does(trained, exported, tables):
    table, _ = tables
    before = load_model(trained / "artifacts" / "ranker.joblib")
    after = load_exported(exported / "ranker.json", "ranker")
    np.testing.assert_allclose(after.predict(table.X), before.predict(table.X), **CLOSE)
    np.testing.assert_allclose(
        after.win_probability(table.X, table.set_id),
        before.win_probability(table.X, table.set_id),
        **CLOSE,
    )


def test_the_exported_ranker_gives_the_same_reasons(trained, exported, tables):
    table, _ = tables
    before = load_model(trained / "artifacts" / "ranker.joblib").explain(table.X, table.set_id)
    after = load_exported(exported / "ranker.json").explain(table.X, table.set_id)
    for one, other in zip(before, after, strict=True):
        assert [reason.name for reason in one.reasons] == [r.name for r in other.reasons]


def test_the_exported_crop_model_predicts_as_the_joblib_does(trained, exported, tables):
    _, table = tables
    before = load_model(trained / "artifacts" / "crop.joblib")
    after = load_exported(exported / "crop.json", "crop")
    for answer in ("predict", "keep_probability", "predict_bands"):
        one, other = getattr(before, answer)(table.X), getattr(after, answer)(table.X)
        np.testing.assert_allclose(other, one, **CLOSE)
    few = table.X[:5]
    boxes = [[p.box for p in model.propose(few)] for model in (before, after)]
    np.testing.assert_allclose(boxes[1], boxes[0], **CLOSE)


def test_what_is_exported_holds_no_pickle(exported):
    assert {path.suffix for path in exported.iterdir()} == {".json", ".txt"}
    for path in exported.iterdir():
        path.read_text("ascii")


def test_loading_an_export_unpickles_nothing(exported, monkeypatch):
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, lambda *_, **__: pytest.fail("something was unpickled"))
    load_exported(exported / "ranker.json")
    load_exported(exported / "crop.json")


def test_the_encoder_travels_with_the_export(trained, exported):
    manifest = read_manifest(trained / "artifacts" / "ranker.joblib")
    content = json.loads((exported / "ranker.json").read_text())
    assert content["encoder"]["identity"] == manifest.encoder.identity
    assert content["cues"] == manifest.cues


@pytest.mark.parametrize("kind", ["ranker", "crop"])
def test_the_example_without_prefml_predicts_the_same(kind, exported, tables, tmp_path):
    table = tables[0 if kind == "ranker" else 1]
    rows = table.X[:30]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    script = ROOT / "examples" / f"{kind}_without_prefml.py"
    source = script.read_text()
    assert "import prefml" not in source
    assert "from prefml" not in source
    ran = subprocess.run(
        [sys.executable, script, exported / f"{kind}.json", tmp_path / "rows.csv"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stderr
    model = load_exported(exported / f"{kind}.json")
    wanted = np.asarray(model.predict(rows)).reshape(len(rows), -1)
    found = np.array([[float(one) for one in line.split()] for line in ran.stdout.splitlines()])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


@pytest.fixture
def fitted():
    X = np.random.default_rng(0).normal(size=(60, 3))
    ranker = SetRanker(n_estimators=3, min_child_samples=2, linear=[[""]])
    return ranker.fit(X, np.tile([0, 1], 30), set_id=np.repeat(np.arange(30), 2))


@pytest.fixture
def small(fitted, tmp_path):
    return write_exported(fitted, tmp_path, "ranker", {"encoder": None}).path


def change(path, **entries):
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def test_a_ranker_without_column_names_predicts_the_same(fitted, small):
    X = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(load_exported(small).predict(X), fitted.predict(X), **CLOSE)


def test_many_sets_calibrate_by_steps_that_survive(tmp_path, make_many):
    X, y, set_id = make_many
    ranker = SetRanker(n_estimators=5, calibration="auto", n_folds=2)
    ranker.fit(X, y, set_id=set_id)
    assert ranker.calibrator_.isotonic_ is not None
    written = write_exported(ranker, tmp_path, "ranker", {})
    assert written.difference <= 1e-9


@pytest.fixture
def make_many():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2 * WinCalibrator().isotonic_from, 2))
    noisy = (X[:, 0] + rng.normal(size=len(X))).reshape(-1, 2)
    y = (noisy == noisy.max(axis=1, keepdims=True)).astype(int).ravel()
    return X, y, np.repeat(np.arange(len(noisy)), 2)


def test_a_crop_model_that_knows_nothing_survives(tmp_path):
    boxes = np.tile([0.1, 0.0, 0.9, 0.8], (12, 1))
    model = CropRegressor().fit(np.zeros((12, 2)), boxes)
    write_exported(model, tmp_path, "crop", {})
    again = load_exported(tmp_path / "crop.json")
    np.testing.assert_array_equal(again.predict(np.zeros((1, 2))), model.predict(np.zeros((1, 2))))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": FORMAT + 1}, "format"),
        ({"format": True}, "format"),
        ({"kind": "poem"}, "another program"),
        ({"files": []}, "another program"),
        ({"model": {}}, "was changed"),
        ({"files": {"trees0": {"file": "../x", "sha256": ""}}}, "plain file name"),
        ({"files": {"trees0": {"file": "none.txt", "sha256": ""}}}, "no file"),
        ({"files": {"trees0": 3}}, "plain file name"),
        ({"files": {"trees0": {"file": 1, "sha256": ""}}}, "plain file name"),
        ({"files": {"trees0": {}}}, "plain file name"),
        ({"files": {"trees0": {"file": "n" * 9999, "sha256": ""}}}, "expected a readable file"),
        ({"model": []}, "another program"),
        ({"sha256": 1}, "another program"),
        ({"files": {}}, "KeyError"),
    ],
)
def test_a_doubtful_export_is_refused(small, entries, message):
    change(small, **entries)
    with pytest.raises(ModelFileError, match=message):
        load_exported(small)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", "null", "3", "[" * 100_000])
def test_a_damaged_export_is_refused(small, content):
    small.write_text(content)
    with pytest.raises(ModelFileError):
        load_exported(small)


def test_a_changed_number_is_noticed(small):
    text = small.read_text()
    place = text.index('"centre"')
    digit = next(i for i in range(place, len(text)) if text[i] in "12345678")
    small.write_text(text[:digit] + str(int(text[digit]) + 1) + text[digit + 1 :])
    with pytest.raises(ModelFileError, match="was changed"):
        load_exported(small)


def test_changed_trees_are_noticed(small):
    trees = small.with_name("ranker.trees0.txt")
    trees.write_text(trees.read_text().replace("num_leaves=", "num_leaves=1", 1))
    with pytest.raises(ModelFileError, match=r"trees0\.txt was changed"):
        load_exported(small)


def test_an_export_of_the_other_kind_is_refused(small):
    with pytest.raises(ModelFileError, match="a crop model"):
        load_exported(small, "crop")


def test_a_model_that_would_predict_otherwise_is_not_handed_out(tmp_path, monkeypatch, small):
    ranker = load_exported(small)
    to_plain, columns = export.to_plain, ranker.score_.config.trees[::-1].tolist()

    def reverse_columns(model):
        document, texts = to_plain(model)
        return document | {"trees": document["trees"] | {"columns": columns}}, texts

    monkeypatch.setattr(export, "to_plain", reverse_columns)
    with pytest.raises(ModelFileError, match="predicts otherwise"):
        write_exported(ranker, tmp_path, "ranker", {})


def test_there_is_a_bundle_of_models():
    assert BUNDLES


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
@pytest.mark.parametrize("kind", ["ranker", "crop"])
def test_exported_models_of_every_version_predict_as_they_did(folder, kind):
    check_predictions(load_exported(folder / f"{kind}.json"), folder, kind)


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
@pytest.mark.parametrize("kind", ["ranker", "crop"])
@pytest.mark.filterwarnings("ignore::prefml.models.store.ModelVersionWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
def test_joblib_models_of_every_version_predict_as_they_did_or_are_refused(folder, kind):
    manifest = json.loads((folder / f"{kind}.manifest.json").read_text())
    if not OLDEST <= manifest["format"] <= PICKLED:
        with pytest.raises(ModelFileError, match="run: prefml train"):
            load_model(folder / f"{kind}.joblib")
        return
    model, refusal = None, ""
    try:
        model = load_model(folder / f"{kind}.joblib")
    except ModelFileError as error:
        refusal = str(error)
    if model is None:
        assert "cannot be unpickled here" in refusal
        assert "run: prefml train" in refusal
    else:
        check_predictions(model, folder, kind)


def check_predictions(model, folder, kind):
    stored = json.loads((folder / "predictions.json").read_text())[kind]
    # Parsed by Python, to the last digit.
    rows = pd.read_csv(folder / f"{kind}.csv", dtype=str).map(float)
    for answer, wanted in stored.items():
        words = {"set_id": np.arange(len(rows)) // 3} if answer == "win_probability" else {}
        np.testing.assert_allclose(getattr(model, answer)(rows, **words), wanted, **CLOSE)


@pytest.mark.parametrize("n_sets", [5, 60])
def test_what_is_usual_of_steps_survives_and_too_few_of_them_do_too(tmp_path, n_sets):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(2 * n_sets, 4)), columns=["step__0", "step__1", "kind", "a"])
    X["kind"] = 102.0
    X.loc[::2, ["step__0", "step__1", "kind"]] = np.nan
    ranker = SetRanker(n_estimators=3, min_child_samples=2, novelty=("step__",), novelty_by="kind")
    ranker.fit(X, np.tile([0, 1], n_sets), set_id=np.repeat(np.arange(n_sets), 2))
    written = write_exported(ranker, tmp_path, "ranker", {})
    assert written.difference <= 1e-9
    np.testing.assert_allclose(load_exported(written.path).predict(X), ranker.predict(X), **CLOSE)


def test_callbacks_are_code_and_stay_behind(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 3))
    ranker = SetRanker(n_estimators=3, min_child_samples=2, callbacks=[print_nothing])
    ranker.fit(X, np.tile([0, 1], 30), set_id=np.repeat(np.arange(30), 2))
    path = write_exported(ranker, tmp_path, "ranker", {}).path
    assert "print_nothing" not in path.read_text()
    assert load_exported(path).callbacks is None
    np.testing.assert_allclose(load_exported(path).predict(X), ranker.predict(X), **CLOSE)


def print_nothing(_):
    pass


def test_without_a_model_there_is_nothing_to_export(tmp_path):
    with pytest.raises(ModelFileError, match=r"no models in .*prefml train"):
        export_models(Workspace.open(tmp_path), "plain")


@pytest.mark.parametrize("n_rejected", [5, 60], ids=["base rate", "logistic"])
def test_what_tells_rejected_sets_is_plain_numbers_too(tmp_path, n_rejected):
    rng = np.random.default_rng(0)
    features, rejected = rng.normal(size=(200, 4)), np.arange(200) < n_rejected
    model = RejectionModel().fit_sets(features, rejected)
    written = write_exported(model, tmp_path, "rejection", {"encoder": None})
    assert written.files == (tmp_path / "rejection.json",)
    again = load_exported(written.path, "rejection")
    np.testing.assert_array_equal(again.predict_sets(features), model.predict_sets(features))
    with pytest.raises(ModelFileError, match="a rejection model"):
        load_exported(written.path, "ranker")


def test_a_workspace_exports_what_tells_rejected_sets_beside_its_ranker(fitted, tmp_path):
    workspace = Workspace.open(tmp_path)
    model = RejectionModel().fit_sets(np.zeros((30, 2)), np.arange(30) < 3)
    for kind, one in (("ranker", fitted), ("rejection", model)):
        save_model(one, workspace.artifacts / f"{kind}.joblib", kind, {"encoder": None})
    written = export_models(workspace, "plain")
    assert [one.kind for one in written] == ["ranker", "rejection"]
    assert load_exported(tmp_path / "plain" / "rejection.json").rate_ == model.rate_


@pytest.fixture(params=[True, False], ids=["named", "bare"])
def per_project(request):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 3)), columns=list("abc"))
    X = X if request.param else X.to_numpy()
    ranker = PerProjectRanker(SetRanker(n_estimators=3, min_child_samples=2), min_sets=10)
    sets = np.repeat(np.arange(30), 3)
    return ranker.fit(X, np.tile([0, 1, 0], 30), sets, np.repeat(["p", "q"], 45)), X


def test_rankers_of_projects_predict_the_same(per_project, tmp_path):
    ranker, X = per_project
    written = write_exported(ranker, tmp_path, "ranker", {})
    assert written.difference <= 1e-9
    assert len(written.files) == 1 + 3
    again = load_exported(written.path, "ranker")
    for project in (np.repeat(["q", "p", "new"], 30), None):
        np.testing.assert_allclose(again.predict(X, project), ranker.predict(X, project), **CLOSE)


def test_the_example_without_prefml_predicts_for_a_project(per_project, tmp_path):
    ranker, X = per_project
    path = write_exported(ranker, tmp_path, "ranker", {}).path
    pd.DataFrame(X).to_csv(tmp_path / "rows.csv", index=False)
    script = ROOT / "examples" / "ranker_without_prefml.py"
    for words, wanted in (
        (["q"], ranker.own_["q"]),
        (["new"], ranker.common_),
        ([], ranker.common_),
    ):
        ran = subprocess.run(
            [sys.executable, script, path, tmp_path / "rows.csv", *words],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = np.array(ran.stdout.split(), float)
        np.testing.assert_allclose(found, wanted.predict(X), rtol=0, atol=1e-6)
