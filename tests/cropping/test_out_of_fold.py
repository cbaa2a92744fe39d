import numpy as np

from prefml.boxes import is_whole, nearly_same
from prefml.cropping import CropRegressor


def learn(n=160, seed=0):
    """Learn crops round a subject that the columns name, a third of them kept whole."""
    rng = np.random.default_rng(seed)
    x, whole = rng.uniform(0, 0.4, n), rng.random(n) < 1 / 3
    boxes = np.column_stack([x, x, x + 0.5, x + 0.5])
    boxes[whole] = [0, 0, 1, 1]
    X = np.column_stack([x, whole + 0.1 * rng.normal(size=n)])
    groups = np.repeat([f"p{i}" for i in range(4)], n // 4)
    return CropRegressor(n_estimators=20).fit(X, boxes, groups=groups), X, boxes


def test_every_crop_has_a_held_out_proposal_and_its_probability():
    model, X, boxes = learn()
    held_out = model.held_out_
    assert held_out.boxes.shape == boxes.shape
    assert ((held_out.probability > 0) & (held_out.probability < 1)).all()
    assert not np.allclose(held_out.boxes, model.predict(X))


def test_held_out_proposals_do_no_better_than_those_for_new_pictures():
    known, new = [], []
    for seed in range(3):
        model, _, boxes = learn(seed=seed)
        _, X, others = learn(seed=seed + 100)
        known.append(nearly_same(boxes, model.held_out_.boxes).mean())
        new.append(nearly_same(others, model.predict(X)).mean())
    assert np.mean(known) < np.mean(new) + 0.05


def test_the_probability_is_that_of_the_proposals():
    model, X, _ = learn()
    proposed = model.propose(X[:20])
    np.testing.assert_allclose(model.probability(X[:20]), [one.probability for one in proposed])
    np.testing.assert_allclose(
        is_whole(model.predict(X[:20])), [one.keeps_whole for one in proposed]
    )


def test_without_any_signal_all_pictures_are_alike():
    model = CropRegressor().fit(np.zeros((30, 2)), np.tile([0.1, 0.0, 0.9, 0.8], (30, 1)))
    assert len(np.unique(model.held_out_.probability.round(6))) <= 4
    assert nearly_same(np.tile([0.1, 0.0, 0.9, 0.8], (30, 1)), model.held_out_.boxes).all()
