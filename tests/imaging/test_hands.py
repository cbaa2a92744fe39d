import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from prefml.exceptions import ImageError
from prefml.imaging import hands

LENGTHS = np.array([1.05, 0.9, 1.0, 0.92, 0.72])


def flat_hand(stretch=(1.0,) * 5):
    points = np.zeros((21, 3))
    points[0] = [0.5, 0.9, 0.0]
    for finger, first in enumerate((1, 5, 9, 13, 17)):
        root = points[0] + [(finger - 2) * 0.02, -0.2, 0.0]
        length = LENGTHS[finger] * 0.2 * stretch[finger]
        points[first : first + 4] = root - np.outer(np.linspace(0, length, 4), [0, 1, 0])
    return points


def test_a_usual_hand_is_not_odd():
    assert hands.finger_anomaly(flat_hand()) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("stretch", [1.8, 0.3])
def test_a_finger_far_too_long_or_short_is_odd(stretch):
    assert hands.finger_anomaly(flat_hand((1, stretch, 1, 1, 1))) > 1


def test_oddity_does_not_depend_on_the_hands_size():
    points = flat_hand((1, 1, 1.3, 1, 1))
    assert hands.finger_anomaly(points * 3) == pytest.approx(hands.finger_anomaly(points))


def test_a_hand_without_size_is_not_odd():
    assert hands.finger_anomaly(np.zeros((21, 3))) == 0.0


def test_without_mediapipe_hands_are_not_looked_at(monkeypatch, tmp_path):
    monkeypatch.setattr(hands, "find_spec", lambda name: None)
    model = tmp_path / "hand_landmarker.task"
    model.touch()
    assert "pip install" in hands.hands_advice(model)
    assert hands.hand_detector(model) is None


def test_without_a_model_file_the_advice_names_it(monkeypatch, tmp_path):
    monkeypatch.setattr(hands, "find_spec", lambda name: ModuleSpec(name, None))
    assert "hand_landmarker.task" in hands.hands_advice(None)
    assert str(tmp_path / "here.task") in hands.hands_advice(tmp_path / "here.task")
    assert hands.hand_detector(None) is None


@pytest.fixture
def mediapipe(monkeypatch):
    """Stand in for MediaPipe by the few names that are used."""
    points = [SimpleNamespace(x=x, y=y, z=z) for x, y, z in flat_hand((1, 2.0, 1, 1, 1))]
    result = SimpleNamespace(hand_landmarks=[points], handedness=[[SimpleNamespace(score=0.9)]])
    landmarker = SimpleNamespace(detect=lambda image: result)

    def create(options):
        if "broken" in options.base_options.model_asset_path:
            raise RuntimeError("not a task file")
        return landmarker

    fake = ModuleType("mediapipe")
    fake.__spec__ = ModuleSpec("mediapipe", None)
    fake.Image, fake.ImageFormat = SimpleNamespace, SimpleNamespace(SRGB=1)
    python = ModuleType("mediapipe.tasks.python")
    python.BaseOptions = SimpleNamespace
    python.vision = SimpleNamespace(
        HandLandmarkerOptions=SimpleNamespace,
        HandLandmarker=SimpleNamespace(create_from_options=create),
    )
    for name, module in (
        ("mediapipe", fake), ("mediapipe.tasks", ModuleType("mediapipe.tasks")),
        ("mediapipe.tasks.python", python),
    ):  # fmt: skip
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("mediapipe")
def test_hands_are_found_with_box_and_flag(tmp_path):
    model = tmp_path / "hand_landmarker.task"
    model.touch()
    assert hands.hands_advice(model) is None
    (hand,) = hands.hand_detector(model)(SimpleNamespace(working=np.zeros((100, 100, 3), np.uint8)))
    assert hand.confidence == 0.9
    assert hand.flagged
    assert 0 <= hand.box[0] < hand.box[2] <= 1
    assert hand.box[1] < 0.4 < 0.9 < hand.box[3]


@pytest.mark.usefixtures("mediapipe")
def test_a_file_that_is_no_hand_model_is_refused(tmp_path):
    model = tmp_path / "broken.task"
    model.touch()
    with pytest.raises(ImageError, match="no hand model"):
        hands.hand_detector(model)


def test_the_model_file_is_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv(hands.MODEL_VARIABLE, raising=False)
    assert hands.hand_model_path() is None
    monkeypatch.setenv(hands.MODEL_VARIABLE, str(tmp_path / "hand.task"))
    assert hands.hand_model_path() == tmp_path / "hand.task"


@pytest.mark.usefixtures("mediapipe")
def test_hands_are_looked_at_when_the_environment_names_a_model(monkeypatch, tmp_path):
    picture = SimpleNamespace(working=np.zeros((10, 10, 3), np.uint8))
    monkeypatch.delenv(hands.MODEL_VARIABLE, raising=False)
    assert hands.detect_hands(picture) is None
    model = tmp_path / "hand_landmarker.task"
    model.touch()
    monkeypatch.setenv(hands.MODEL_VARIABLE, str(model))
    assert len(hands.detect_hands(picture)) == 1
