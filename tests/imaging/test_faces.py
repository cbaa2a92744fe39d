from types import SimpleNamespace

import numpy as np
import pytest

from prefml.exceptions import ImageError
from prefml.imaging import faces
from prefml.imaging.decode import decode
from prefml.imaging.picture import Picture


def blank(width, height):
    return Picture(np.full((height, width, 3), 90, np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (512, 1), (1, 512), (300, 200)])
def test_a_picture_without_a_face_has_none_and_no_place(size):
    cues = faces.measure(blank(*size))
    assert tuple(cues) == faces.NAMES
    assert cues["face_count"] == cues["face_share"] == cues["face_confidence"] == 0
    assert np.isnan([cues[f"face_{corner}"] for corner in ("x1", "y1", "x2", "y2")]).all()


def test_the_largest_face_is_described():
    boxes = np.array([[0.2, 0.1, 0.6, 0.6], [0.8, 0.8, 0.9, 0.9]])
    cues = faces.face_cues(faces.Faces(boxes, np.array([0.7, 0.9])))
    assert cues["face_count"] == 2
    assert cues["face_confidence"] == 0.7
    assert cues["face_share"] == pytest.approx(0.2)
    assert [cues[f"face_{corner}"] for corner in ("x1", "y1", "x2", "y2")] == boxes[0].tolist()


@pytest.mark.shared
def test_a_face_is_found_in_a_real_photograph(shared):
    found = sorted(shared.glob("data/live_challenge/images/*/402.jpg"))
    if not found:
        pytest.skip("the photograph is not here")
    cues = faces.measure(decode(found[0]))
    assert cues["face_confidence"] > 0.75
    assert cues["face_count"] == 1
    assert 0.4 < (cues["face_x1"] + cues["face_x2"]) / 2 < 0.7
    assert cues["face_y2"] < 0.5


@pytest.mark.shared
def test_a_face_is_found_wherever_it_lies_and_alone(shared):
    found = sorted(shared.glob("data/live_challenge/images/*/402.jpg"))
    if not found:
        pytest.skip("the photograph is not here")
    pixels = decode(found[0]).pixels
    height, width = pixels.shape[:2]
    place = faces.detect_faces(Picture(pixels)).boxes[0]
    # A wide cut and a tall one, each with black beside it in the detector's square; mirrored, too.
    wide = Picture(np.ascontiguousarray(pixels[: 2 * height // 3, ::-1]))
    tall = Picture(np.ascontiguousarray(pixels[:, width // 5 : 4 * width // 5]))
    x1, y1, x2, y2 = place
    for cut, box in (
        (wide, [1 - x2, 1.5 * y1, 1 - x1, 1.5 * y2]),
        (tall, [(x1 - 0.2) / 0.6, y1, (x2 - 0.2) / 0.6, y2]),
    ):
        found = faces.detect_faces(cut)
        assert len(found.boxes) == 1
        np.testing.assert_allclose(found.boxes[0], box, atol=0.05)


@pytest.mark.shared
def test_few_pictures_without_people_seem_to_show_a_face(shared):
    flowers = sorted(shared.glob("data/live_challenge/images/*/*.jpg"))[:60]
    if not flowers:
        pytest.skip("the photographs are not here")
    assert sum(len(faces.detect_faces(decode(path)).boxes) > 0 for path in flowers) <= 3


class FakeYuNet:
    def setInputSize(self, size):  # noqa: N802
        self.size = size

    def detect(self, pixels):
        assert pixels.shape == (self.size[1], self.size[0], 3)
        width, height = self.size
        small = [0.1 * width, 0.1 * height, 0.1 * width, 0.1 * height, *[0] * 10, 0.8]
        large = [0.5 * width, 0.5 * height, 0.4 * width, 0.4 * height, *[0] * 10, 0.95]
        return 2, np.array([small, large], np.float32)


def test_yunet_gives_boxes_in_fractions_largest_first():
    found = faces.detect_faces_yunet(blank(500, 400), FakeYuNet())
    np.testing.assert_allclose(found.boxes[0], [0.5, 0.5, 0.9, 0.9], atol=1e-4)
    np.testing.assert_allclose(found.confidence, [0.95, 0.8], atol=1e-6)


def test_yunet_may_find_nothing():
    nothing = SimpleNamespace(setInputSize=lambda size: None, detect=lambda pixels: (1, None))
    assert faces.detect_faces_yunet(blank(50, 50), nothing).boxes.shape == (0, 4)


def test_a_file_that_is_no_face_model_is_refused(tmp_path):
    wrong = tmp_path / "model.onnx"
    wrong.write_bytes(b"no model")
    with pytest.raises(ImageError, match="no face model"):
        faces.yunet_detector(wrong)


def test_a_finder_that_was_made_looks_with_its_model(monkeypatch, tmp_path):
    made = []
    create = SimpleNamespace(create=lambda *given: made.append(given) or FakeYuNet())
    monkeypatch.setattr(faces.cv2, "FaceDetectorYN", create)
    found = faces.yunet_detector(tmp_path / "model.onnx")(blank(500, 400))
    assert made[0][0] == str(tmp_path / "model.onnx")
    np.testing.assert_allclose(found.boxes[0], [0.5, 0.5, 0.9, 0.9], atol=1e-4)
