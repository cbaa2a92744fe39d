import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from prefml.cropping import CropRegressor
from prefml.cropping.export import from_plain, to_plain
from prefml.cropping.policy import Policy

from .conftest import make_people

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ANSWERS = ("predict", "keep_probability", "predict_bands")


def through_json(cropper):
    document, texts = to_plain(cropper)
    return from_plain(json.loads(json.dumps(document, allow_nan=False)), texts)


@pytest.fixture(
    scope="module",
    params=["an object", "everything", "an array", "nothing", "people", "free people"],
)
def written(request, crops, noise):
    """Return a fitted cropper and rows, of tables that hold more and less."""
    if request.param.endswith("people"):
        made = make_people(locked=request.param == "people")
        model = CropRegressor(n_estimators=20).fit(made.X, made.boxes, groups=made.project)
        assert model.model_.scorer.around_.uses_people
        return model, made.X
    if request.param == "nothing":
        return CropRegressor(n_estimators=10).fit(noise.X, noise.boxes), noise.X
    X = crops.X
    if request.param == "everything":
        rng = np.random.default_rng(0)
        grid = {f"cue__map_grid_{r}{c}": rng.random(len(X)) for r in range(7) for c in range(7)}
        extent = {f"cue__map_{axis}{q}": rng.random(len(X)) for axis in "xy" for q in (5, 50, 95)}
        extent = {name.replace("x5", "x05").replace("y5", "y05"): v for name, v in extent.items()}
        embedding = {f"emb__{i:04d}": rng.normal(size=len(X)) for i in range(20)}
        X = X.assign(**grid, **extent, **embedding)
    rows = X.to_numpy() if request.param == "an array" else X
    model = CropRegressor(n_estimators=20, n_components=4)
    return model.fit(rows, crops.boxes, groups=crops.project), rows


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_cropper_read_back_answers_to_the_last_digit(written, answer):
    model, rows = written
    again = through_json(model)
    np.testing.assert_array_equal(getattr(again, answer)(rows), getattr(model, answer)(rows))


def test_a_cropper_read_back_proposes_the_same(written):
    model, rows = written
    few = rows[:5]
    assert through_json(model).propose(few, policy=Policy()) == model.propose(few, policy=Policy())


def test_writing_what_was_read_gives_the_same_document(written):
    model, _ = written
    document, texts = to_plain(model)
    again, texts_again = to_plain(through_json(model))
    assert json.dumps(again) == json.dumps(document)
    assert list(texts_again) == list(texts)


def test_fitted_attributes_are_read_back(written):
    model, _ = written
    again = through_json(model)
    assert (again.shrink_, again.keep_threshold_) == (model.shrink_, model.keep_threshold_)
    assert again.inner_iou_ == model.inner_iou_
    np.testing.assert_array_equal(again.constant_, model.constant_)


def test_a_threshold_that_is_never_reached_is_none_in_json(fitted_on_noise):
    document, texts = to_plain(fitted_on_noise)
    assert document["threshold"] is None
    assert "windows" not in texts
    assert through_json(fitted_on_noise).keep_threshold_ == np.inf


def test_parameters_of_another_version_are_left_out(fitted, unseen):
    document, texts = to_plain(fitted)
    document["parameters"] = document["parameters"] | {"of_the_future": 1}
    again = from_plain(document, texts)
    np.testing.assert_array_equal(again.predict(unseen.X[:9]), fitted.predict(unseen.X[:9]))
    assert again.get_params() == fitted.get_params()


def test_columns_keep_their_names(fitted, unseen):
    again = through_json(fitted)
    assert again.feature_names_in_.tolist() == list(unseen.X)
    with pytest.raises(ValueError, match="feature names"):
        again.predict(pd.DataFrame(unseen.X.to_numpy(), columns=list("abcdef")))


@pytest.mark.parametrize("part", ["inputs", "windows", "keep", "bands", "similar", "threshold"])
def test_a_document_without_a_part_is_refused(fitted, part):
    document, texts = to_plain(fitted)
    del document[part]
    with pytest.raises(KeyError, match=part):
        from_plain(document, texts)


def test_bands_of_a_projects_own_are_written_and_read(fitted):
    rows = {name: np.full((4, 2), 0.05) for name in ("p", "q")}
    before, fitted.model_.bands.own_moves_ = fitted.model_.bands.own_moves_, rows
    try:
        document, texts = to_plain(fitted)
    finally:
        fitted.model_.bands.own_moves_ = before
    again = from_plain(json.loads(json.dumps(document)), texts)
    assert sorted(again.model_.bands.own_moves_) == ["p", "q"]
    del document["bands"]["own_moves"]
    assert from_plain(document, texts).model_.bands.own_moves_ == {}


def test_the_example_that_needs_no_prefml_crops_the_same(written, tmp_path):
    model, rows = written
    document, texts = to_plain(model)
    for name, text in texts.items():
        (tmp_path / f"crop.{name}.txt").write_text(text)
    files = {name: {"file": f"crop.{name}.txt"} for name in texts}
    (tmp_path / "crop.json").write_text(json.dumps({"model": document, "files": files}))
    example = runpy.run_path(str(EXAMPLES / "crop_without_prefml.py"))
    few = np.asarray(rows, float)[:6]
    found = np.array(list(example["boxes"](tmp_path / "crop.json", few)))
    np.testing.assert_allclose(found, model.predict(rows[:6]), atol=1e-9)
