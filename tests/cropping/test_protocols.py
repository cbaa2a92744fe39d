import numpy as np
import pytest

from prefml.cropping import Cropper, CropRegressor
from prefml.cropping.baselines import ConstantBox, FullFrame, SaliencyBox, SizeStageBoost

CROPPERS = [
    CropRegressor(n_estimators=3),
    ConstantBox(),
    FullFrame(),
    SaliencyBox(),
    SizeStageBoost(n_estimators=3),
]


@pytest.mark.parametrize("cropper", CROPPERS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("framed", [True, False])
def test_every_cropper_is_fitted_and_predicts_as_the_protocol_says(cropper, framed, crops):
    X = crops.X if framed else crops.X.to_numpy()
    assert isinstance(cropper, Cropper)
    assert cropper.fit(X, crops.boxes) is cropper
    boxes = cropper.predict(X[:7], size=crops.size[:7])
    assert boxes.shape == (7, 4)
    assert (boxes >= 0).all()
    assert (boxes <= 1).all()
    assert np.array_equal(boxes, cropper.predict(X[:7]))
