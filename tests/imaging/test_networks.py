"""Each network gives what it gives in its own runtime; `_convert_mediapipe.py` wrote that down."""

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import onnxruntime
import pytest
import sklearn.datasets

from prefml.imaging import networks

FOLDER = Path(networks.__file__).parent / "models"
ORIGINAL = Path(__file__).resolve().parents[1] / "data" / "mediapipe_outputs.npz"
PICTURES = {
    "grace_hopper.jpg": Path(matplotlib.get_data_path()) / "sample_data",
    "china.jpg": Path(sklearn.datasets.__file__).parent / "images",
    "flower.jpg": Path(sklearn.datasets.__file__).parent / "images",
}
# Outputs in pixels of the input.
PLACES = ("regressors", "landmarks")


@pytest.fixture(scope="module")
def original():
    with np.load(ORIGINAL) as kept:
        return dict(kept)


def views(picture, side):
    """Return a picture as a square, and its upper middle, as the converter cuts them."""
    pixels = cv2.imread(str(PICTURES[picture] / picture))[..., ::-1].copy()
    height, width = pixels.shape[:2]
    half = min(height, width) // 2
    left = (width - half) // 2
    parts = [pixels, pixels[:half, left : left + half]]
    return [cv2.resize(part, (side, side), interpolation=cv2.INTER_LINEAR) for part in parts]


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("network", networks.NETWORKS, ids=lambda one: one.name)
def test_a_network_gives_what_its_own_runtime_gives(network, picture, original):
    for i, pixels in enumerate(views(picture, network.side)):
        for output, found in network.run(pixels).items():
            expected = original[f"{network.name}/{picture}_{i}/{output}"]
            step = -(-found.size // 2048)
            unit = network.side if output in PLACES else 1
            np.testing.assert_allclose(
                found.ravel()[::step] / unit, expected / unit, atol=1e-3, rtol=0, err_msg=output
            )


@pytest.mark.parametrize("network", networks.NETWORKS, ids=lambda one: one.name)
def test_a_network_is_as_its_description_says(network):
    session = onnxruntime.InferenceSession(str(FOLDER / f"{network.name}.onnx"))
    assert [one.shape for one in session.get_inputs()] == [[1, 3, network.side, network.side]]
    assert tuple(one.name for one in session.get_outputs()) == network.outputs


def test_every_network_has_its_origin_and_licence_beside_it():
    files = sorted(path.stem for path in FOLDER.glob("*.onnx"))
    assert files == sorted(one.name for one in networks.NETWORKS)
    text = (FOLDER / "README.md").read_text("utf-8")
    assert all(f"`{name}.onnx`" in text for name in files)
    assert "Apache License" in (FOLDER / "LICENSE").read_text("utf-8")


def test_a_session_is_opened_once():
    assert networks.open_session("palm_detection") is networks.open_session("palm_detection")
