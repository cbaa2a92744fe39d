import numpy as np
from sklearn.base import clone

from prefml.cropping import CropRegressor, default_cropper


def test_the_default_cropper_is_not_fitted_and_has_the_seed(crops):
    model = default_cropper(3)
    assert model.get_params() == CropRegressor(random_state=3).get_params()
    assert not hasattr(model, "shrink_")


def test_the_default_cropper_learns_crops_that_follow_an_object(crops, unseen):
    model = clone(default_cropper()).set_params(n_estimators=40)
    model.fit(crops.X, crops.boxes, groups=crops.project)
    constant = CropRegressor().fit(crops.X[:20], crops.boxes[:20])
    assert model.score(unseen.X, unseen.boxes) > constant.score(unseen.X, unseen.boxes) + 0.2
    assert np.isfinite(model.keep_threshold_)
