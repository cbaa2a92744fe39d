import hashlib
import io
import json
import os
import pickle
import shutil
import threading
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from prefml.exceptions import ModelFileError
from prefml.files import file_sha256, folder_lock
from prefml.models import store
from prefml.models.manifest import FORMAT, manifest_path, read_manifest
from prefml.models.store import (
    ModelVersionWarning,
    amend_manifest,
    load_model,
    load_pair,
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
    assert manifest.document["sets"] == 3
    assert {"python", "prefml", "lightgbm", "scikit-learn"} <= set(manifest.versions)


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
    versions = read_manifest(saved).versions | {"lightgbm": "0.1.0"}
    change_manifest(saved, versions=versions)
    with pytest.warns(ModelVersionWarning, match=r"lightgbm 0\.1\.0"):
        load_model(saved)


def test_a_class_other_than_the_manifest_says_is_refused(saved):
    change_manifest(saved, **{"class": "elsewhere.Model"})
    with pytest.raises(ModelFileError, match="LinearRegression"):
        load_model(saved)


def plant(saved):
    """Put a pickle that runs code in the place of the model."""
    saved.write_bytes(pickle.dumps(Bomb()))


def test_a_link_in_the_place_of_a_model_is_no_way_round_the_check(saved, tmp_path):
    other = tmp_path / "elsewhere.joblib"
    other.write_bytes(pickle.dumps(Bomb()))
    saved.unlink()
    saved.symlink_to(other)
    with pytest.raises(ModelFileError, match="not the file"):
        load_model(saved)


def test_a_manifest_that_links_to_that_of_another_model_is_refused(saved, tmp_path):
    other = save_model(LinearRegression().fit(np.eye(2), [0, 1]), tmp_path / "crop.joblib", "crop",
                       {"encoder": None})  # fmt: skip
    plant(saved)
    manifest_path(saved).unlink()
    manifest_path(saved).symlink_to(manifest_path(other))
    for kind in ("ranker", None):
        with pytest.raises(ModelFileError):
            load_model(saved, kind)


def test_two_models_whose_files_were_swapped_are_both_refused(saved, tmp_path):
    other = save_model(LinearRegression().fit(np.eye(2), [0, 1]), tmp_path / "other.joblib",
                       "ranker", {"encoder": None})  # fmt: skip
    mine, theirs = saved.read_bytes(), other.read_bytes()
    saved.write_bytes(theirs)
    other.write_bytes(mine)
    for path in (saved, other):
        with pytest.raises(ModelFileError, match="not the file"):
            load_model(path)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_truncated_model_file_is_refused(saved, length):
    saved.write_bytes(saved.read_bytes()[:length])
    with pytest.raises(ModelFileError, match="not the file"):
        load_model(saved)


@pytest.mark.parametrize("length", [0, 1, 100, -3])
def test_a_truncated_manifest_is_refused_before_unpickling(saved, length):
    plant(saved)
    place = manifest_path(saved)
    place.write_text(place.read_text()[:length])
    with pytest.raises(ModelFileError):
        load_model(saved)


@pytest.mark.parametrize("maker", ["mkdir", "fifo", "loop"])
@pytest.mark.parametrize("of", ["model", "manifest"])
def test_what_is_no_file_is_refused_and_not_waited_for(saved, maker, of):
    path = saved if of == "model" else manifest_path(saved)
    path.unlink()
    if maker == "mkdir":
        path.mkdir()
    elif maker == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(path)
    with pytest.raises(ModelFileError, match=rf"no {of} "):
        load_model(saved)


@pytest.mark.parametrize(
    "entries",
    [{"sha256": None}, {"sha256": "x"}, {"class": None}, {"encoder": []}, {"encoder": {"id": 1}},
     {"cues": 1}, {"written": 5}, {"format": "2"}, {"format": -1}, {"kind": ["ranker"]}],
)  # fmt: skip
def test_a_manifest_with_nonsense_in_it_is_refused_before_unpickling(saved, entries):
    plant(saved)
    change_manifest(saved, **entries)
    with pytest.raises(ModelFileError):
        load_model(saved)


def test_a_file_that_is_changed_between_the_check_and_the_load_is_not_loaded(saved, monkeypatch):
    check = store._check_versions

    def change_then_check(*given):
        plant(saved)
        return check(*given)

    monkeypatch.setattr(store, "_check_versions", change_then_check)
    np.testing.assert_allclose(load_model(saved).predict(np.eye(3)), [1.0, 2.0, 3.0])


def test_what_these_versions_cannot_unpickle_names_the_way_out(saved):
    content = pickle.dumps(LinearRegression()).replace(b"LinearRegression", b"LinearRegressiox")
    saved.write_bytes(content)
    change_manifest(saved, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    with pytest.raises(ModelFileError, match=r"cannot be unpickled.*run: prefml train"):
        load_model(saved)


@pytest.mark.parametrize("facts", [{}, {"sets": 1}])
def test_facts_without_encoder_are_refused(tmp_path, facts):
    with pytest.raises(ModelFileError, match="encoder"):
        save_model(LinearRegression(), tmp_path / "m.joblib", "ranker", facts)


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match="poem"):
        save_model(LinearRegression(), tmp_path / "m.joblib", "poem", {"encoder": None})


@pytest.fixture
def half_replaced(tmp_path):
    """Return the model of one training beside the manifest of another."""
    for name, number in (("a", 1), ("b", 2)):
        save_model(LinearRegression().fit([[0], [1]], [0, number]), tmp_path / f"{name}.joblib",
                   "ranker", {"encoder": None})  # fmt: skip
    manifest_path(tmp_path / "b.joblib").rename(tmp_path / "later.json")
    shutil.copyfile(manifest_path(tmp_path / "a.joblib"), manifest_path(tmp_path / "b.joblib"))
    return tmp_path / "b.joblib"


def test_half_of_a_new_model_is_waited_for_while_a_training_is_at_work(half_replaced):
    def finish():
        (half_replaced.parent / "later.json").replace(manifest_path(half_replaced))

    with folder_lock(half_replaced.parent, ModelFileError("held")):
        other = threading.Timer(0.1, finish)
        other.start()
        model, manifest = load_pair(half_replaced)
        other.join()
    assert model.coef_[0] == pytest.approx(2)
    assert manifest.sha256 == file_sha256(half_replaced)


def test_half_of_a_new_model_is_refused_when_no_training_is_at_work(half_replaced):
    with pytest.raises(ModelFileError, match="not the file its manifest describes"):
        load_pair(half_replaced)


def test_half_of_a_new_model_is_not_waited_for_for_ever(half_replaced, monkeypatch):
    monkeypatch.setattr(store, "_PATIENCE", 0.05)
    with (
        folder_lock(half_replaced.parent, ModelFileError("held")),
        pytest.raises(ModelFileError, match="not the file its manifest describes"),
    ):
        load_pair(half_replaced)


@pytest.mark.parametrize(
    "facts", [{"encoder": {"id": "x"}}, {"encoder": None, "counts": []}], ids=["encoder", "counts"]
)
def test_facts_that_a_manifest_cannot_hold_leave_the_model_before_in_its_place(saved, facts):
    before = saved.read_bytes()
    with pytest.raises(ModelFileError, match="what prefml writes there"):
        save_model(LinearRegression().fit([[0], [1]], [0, 1]), saved, "ranker", facts)
    assert saved.read_bytes() == before
    load_model(saved)


def test_a_manifest_is_amended_and_its_model_stays(saved):
    before = saved.read_bytes()
    amend_manifest(saved, {"rejection_sha256": "a" * 64, "counts": {"sets": 3}})
    manifest = read_manifest(saved)
    assert (manifest.rejection_sha256, manifest.counts) == ("a" * 64, {"sets": 3})
    assert saved.read_bytes() == before
    load_model(saved)


def test_an_entry_that_no_manifest_has_is_not_amended(saved):
    before = manifest_path(saved).read_text()
    with pytest.raises(ModelFileError):
        amend_manifest(saved, {"counts": "many"})
    assert manifest_path(saved).read_text() == before


class Watched(io.FileIO):
    """Opened file that notes the most bytes that were read at once."""

    most = 0

    def read(self, size=-1):
        return self.noted(super().read(size))

    def readall(self):
        return self.noted(super().readall())

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.noted(range(count))
        return count

    @classmethod
    def noted(cls, found):
        cls.most = max(cls.most, len(found))
        return found


@pytest.fixture
def most_at_once(monkeypatch):
    """Return a function that loads a model and tells the most bytes that were read at once."""
    plain = Path.open

    def opened(path, *given, **named):
        return Watched(path) if path.suffix == ".joblib" else plain(path, *given, **named)

    def load(path):
        with monkeypatch.context() as patch:
            patch.setattr(Watched, "most", 0)
            patch.setattr(Path, "open", opened)
            with pytest.raises(ModelFileError, match="not the file"):
                load_model(path)
            return Watched.most

    return load


@pytest.mark.parametrize("length", [0, 1, 10_000_000])
def test_a_model_file_of_another_size_is_refused_unread(saved, most_at_once, length):
    saved.write_bytes(bytes(length))
    assert most_at_once(saved) == 0


def test_a_model_file_of_another_hash_is_refused_without_being_held(saved, most_at_once):
    saved.write_bytes(bytes(10_000_000))
    change_manifest(saved, size=10_000_000)
    assert 0 < most_at_once(saved) < 1_000_000


def test_a_manifest_without_a_size_is_one_all_the_same(saved, most_at_once):
    content = json.loads(manifest_path(saved).read_text())
    assert content.pop("size") == saved.stat().st_size
    manifest_path(saved).write_text(json.dumps(content))
    assert load_model(saved).n_features_in_ == 3
    saved.write_bytes(bytes(10_000_000))
    assert 0 < most_at_once(saved) < 1_000_000


@pytest.mark.parametrize("size", [-1, "7", 1.5, [], True])
def test_a_size_that_is_none_is_refused(saved, size):
    change_manifest(saved, size=size)
    with pytest.raises(ModelFileError, match="run: prefml train"):
        load_model(saved)
