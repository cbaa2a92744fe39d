from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from prefml.evaluation import neural
from prefml.evaluation.neural import NeuralCropper, NeuralRanker
from prefml.exceptions import NotEnoughDataError, PrefmlError

torch_only = pytest.mark.torch


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def choices(sets: int = 120, width: int = 6, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(sets * 3, width))
    set_id = np.repeat(np.arange(sets), 3)
    best = X[:, 0].reshape(sets, 3).argmax(axis=1)
    y = (np.arange(3) == best[:, None]).astype(int).ravel()
    return X, y, set_id


def accuracy(model, X, y):
    return np.mean(model.predict(X).reshape(-1, 3).argmax(1) == y.reshape(-1, 3).argmax(1))


@torch_only
def test_the_ranker_learns_which_picture_wins(torch):
    X, y, set_id = choices()
    other_X, other_y, _ = choices(seed=1)

    model = NeuralRanker().fit(X, y, set_id=set_id)

    assert accuracy(model, other_X, other_y) > 0.8


@torch_only
def test_the_ranker_has_the_layers_of_the_seed_on_a_512_wide_embedding(torch):
    X, y, set_id = choices(sets=4, width=512)

    model = NeuralRanker(epochs=1).fit(X, y, set_id=set_id)

    widths = [m.in_features for m in model.net_ if hasattr(m, "in_features")]
    assert [*widths, model.net_[-1].out_features] == [512, 256, 64, 1]


@torch_only
def test_the_cropper_has_the_layers_of_the_seed_on_a_512_wide_embedding(torch):
    model = NeuralCropper(epochs=1).fit(np.zeros((3, 512)), np.tile([0, 0, 1, 1], (3, 1)))

    widths = [m.in_features for m in model.net_ if hasattr(m, "in_features")]
    assert [*widths, model.net_[-1].out_features] == [512, 256, 128, 4]


@torch_only
def test_the_same_seed_gives_the_same_scores(torch):
    X, y, set_id = choices(sets=20)
    first = NeuralRanker(epochs=3).fit(X, y, set_id=set_id).predict(X)

    torch.manual_seed(99)
    second = NeuralRanker(epochs=3).fit(X, y, set_id=set_id).predict(X)

    assert np.array_equal(first, second)


@torch_only
def test_fitting_leaves_the_global_seed_alone(torch):
    X, y, set_id = choices(sets=5)
    torch.manual_seed(3)
    expected = torch.rand(1)

    torch.manual_seed(3)
    NeuralRanker(epochs=1).fit(X, y, set_id=set_id)

    assert torch.equal(torch.rand(1), expected)


@torch_only
def test_fitting_leaves_the_number_of_threads_alone(torch):
    before = torch.get_num_threads()
    X, y, set_id = choices(sets=5)

    NeuralRanker(epochs=1).fit(X, y, set_id=set_id)

    assert torch.get_num_threads() == before


@torch_only
def test_missing_and_constant_columns_do_no_harm(torch):
    X, y, set_id = choices(sets=40)
    X[::5, 1] = np.nan
    X[:, 2] = 7
    X[:, 3] = np.nan

    scores = NeuralRanker(epochs=2).fit(X, y, set_id=set_id).predict(X)

    assert np.isfinite(scores).all()


@torch_only
def test_sets_without_a_choice_are_refused(torch):
    with pytest.raises(NotEnoughDataError, match="no set with a choice"):
        NeuralRanker().fit(np.zeros((2, 2)), [0, 0], set_id=["a", "a"])


@torch_only
def test_no_crops_are_refused(torch):
    with pytest.raises(NotEnoughDataError, match="no crops"):
        NeuralCropper().fit(np.zeros((0, 2)), np.zeros((0, 4)))


@torch_only
def test_the_cropper_learns_a_box_that_follows_its_input(torch):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 3))
    left = 0.25 + 0.2 * X[:, 0]
    boxes = np.column_stack([left, left, left + 0.5, left + 0.5])

    model = NeuralCropper(dropout=0).fit(X, boxes)

    assert np.abs(model.predict(X) - boxes).mean() < 0.05


@torch_only
def test_predicted_boxes_are_ordered_and_inside(torch):
    rng = np.random.default_rng(0)
    model = NeuralCropper(epochs=1).fit(rng.normal(size=(9, 3)), rng.uniform(size=(9, 4)))

    x1, y1, x2, y2 = model.predict(rng.normal(size=(50, 3)) * 100).T

    assert ((x1 >= 0) & (x1 <= x2) & (x2 <= 1)).all()
    assert ((y1 >= 0) & (y1 <= y2) & (y2 <= 1)).all()


@torch_only
@pytest.mark.parametrize("model", [NeuralRanker(epochs=2), NeuralCropper(dropout=0.1)])
def test_a_net_can_be_cloned(torch, model):
    assert clone(model).get_params() == model.get_params()


def test_without_torch_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(neural, "has_torch", lambda: False)
    X, y, set_id = choices(sets=3)

    with pytest.raises(PrefmlError, match=r"prefml\[clip\]"):
        NeuralRanker().fit(X, y, set_id=set_id)
