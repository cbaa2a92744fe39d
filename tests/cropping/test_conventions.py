"""scikit-learn's own checks hand any numbers as target; crops are boxes."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_array

from prefml.cropping import CropRegressor

# These two hand targets of another width than a box has, which no crop model can predict.
FOUR_COLUMNS = {
    "check_regressors_train": "predictions have four columns, not the check's one",
    "check_regressor_multioutput": "predictions have four columns, not the check's five",
}


def as_corner_boxes(y):
    if y is None:
        return None
    first = check_array(y, ensure_2d=False, dtype=float)
    first = first.reshape(len(first), -1)[:, 0]
    side = 0.1 + 0.8 / (1.0 + np.exp(-np.clip(first, -50, 50)))
    return np.column_stack([np.zeros((len(side), 2)), side, side])


class OnAnyTarget(CropRegressor):
    """Regressor that takes any target as the side of a box in the corner."""

    def fit(self, X, y, size=None, groups=None, sample_weight=None):
        return super().fit(X, as_corner_boxes(y), size, groups, sample_weight)

    def score(self, X, y, sample_weight=None):
        return super().score(X, as_corner_boxes(y), sample_weight)


@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routing"])
@parametrize_with_checks(
    [OnAnyTarget(n_estimators=5)], expected_failed_checks=lambda estimator: FOUR_COLUMNS
)
def test_crop_regressor_keeps_to_scikit_learns_conventions(estimator, check, routing):
    with config_context(enable_metadata_routing=routing):
        check(estimator)


def fits_of(random_state):
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(120, 3))
    boxes = np.column_stack([X[:, :2] * 0.3, 0.7 + X[:, :2] * 0.3])
    model = CropRegressor(n_estimators=5, random_state=random_state)
    return [model.fit(X, boxes).predict_bands(X) for _ in range(2)]


def test_an_integer_seeds_every_fit_alike():
    assert np.array_equal(*fits_of(3))


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(3)], ids=["None", "instance"])
def test_without_an_integer_two_fits_differ(random_state):
    assert not np.array_equal(*fits_of(random_state))


@pytest.mark.parametrize("target", [[0.1, 0.2], [[0.1, 0.2, 0.3]] * 2, [["a"] * 4] * 2])
def test_a_target_that_is_no_list_of_boxes_is_refused(target):
    with pytest.raises(ValueError, match=r"^boxes of shape|^boxes\[0\]: .* not four numbers"):
        CropRegressor().fit(np.zeros((2, 1)), target)
