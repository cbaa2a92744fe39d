import json
import pickle

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from prefml.exceptions import ModelFileError
from prefml.models import (
    FORMAT,
    ModelVersionWarning,
    load_model,
    manifest_path,
    read_manifest,
    save_model,
)


@pytest.fixture
def saved(tmp_path):
    model = LinearRegression().fit(np.eye(3), [1.0, 2.0, 3.0])
    return save_model(model, tmp_path / "ranker.joblib", "ranker", {"encoder": None, "sets": 3})


def change_manifest(path, **entries):
    place = manifest_path(path)
    place.write_text(json.dumps(json.loads(place.read_text()) | entries))


def test_a_saved_model_predicts_the_same_after_loading(saved):
    np.testing.assert_allclose(load_model(saved).predict(np.eye(3)), [1.0, 2.0, 3.0])


def test_plain_joblib_loads_the_estimator_itself(saved):
    assert isinstance(joblib.load(saved), LinearRegression)


def test_the_manifest_keeps_the_facts_and_the_versions(saved):
    manifest = read_manifest(saved)
    assert manifest["sets"] == 3
    assert {"python", "prefml", "lightgbm", "scikit-learn"} <= set(manifest["versions"])


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("the file was unpickled",))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"sha256": "0" * 64}, "not the file"),
        ({"format": FORMAT + 1}, "format"),
        ({"format": True}, "format"),
        ({"kind": "poem"}, "another program"),
        ({"versions": []}, "another program"),
    ],
)
def test_a_doubtful_manifest_is_refused_before_unpickling(saved, entries, message):
    saved.write_bytes(pickle.dumps(Bomb()))
    change_manifest(saved, **entries)
    with pytest.raises(ModelFileError, match=message):
        load_model(saved)


def test_a_changed_model_file_is_refused_before_unpickling(saved):
    saved.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match="not the file"):
        load_model(saved)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", "null", "[" * 100_000])
def test_a_damaged_manifest_is_refused(saved, content):
    manifest_path(saved).write_text(content)
    with pytest.raises(ModelFileError):
        load_model(saved)


def test_a_model_without_manifest_is_refused(saved):
    manifest_path(saved).unlink()
    with pytest.raises(ModelFileError, match="no manifest"):
        load_model(saved)


def test_a_missing_model_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(ModelFileError, match="run: prefml train"):
        load_model(tmp_path / "ranker.joblib")


def test_a_model_of_the_other_kind_is_refused(saved):
    with pytest.raises(ModelFileError, match="a crop model"):
        load_model(saved, "crop")


def test_other_library_versions_are_warned_of(saved):
    versions = read_manifest(saved)["versions"] | {"lightgbm": "0.1.0"}
    change_manifest(saved, versions=versions)
    with pytest.warns(ModelVersionWarning, match=r"lightgbm 0\.1\.0"):
        load_model(saved)


def test_a_class_other_than_the_manifest_says_is_refused(saved):
    change_manifest(saved, **{"class": "elsewhere.Model"})
    with pytest.raises(ModelFileError, match="LinearRegression"):
        load_model(saved)


@pytest.mark.parametrize("facts", [{}, {"sets": 1}])
def test_facts_without_encoder_are_refused(tmp_path, facts):
    with pytest.raises(ModelFileError, match="encoder"):
        save_model(LinearRegression(), tmp_path / "m.joblib", "ranker", facts)


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match="poem"):
        save_model(LinearRegression(), tmp_path / "m.joblib", "poem", {"encoder": None})
