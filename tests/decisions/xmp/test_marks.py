import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from prefml.boxes import Box
from prefml.decisions.xmp import new_packet, read_packet
from prefml.decisions.xmp.marks import (
    CROP_FIELDS,
    FIELDS,
    Marks,
    crop_values,
    read_marks,
    read_rating,
    stored_box,
    upright_box,
)
from prefml.exceptions import ForeignFileError

EDGES = st.tuples(*[st.floats(0, 0.45)] * 2, *[st.floats(0.55, 1)] * 2)


def marks(**texts):
    names = FIELDS | CROP_FIELDS
    return read_marks(read_packet(new_packet({names[key]: text for key, text in texts.items()})))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({}, Marks()),
        ({"rating": "3", "label": "Red"}, Marks(3, "Red")),
        ({"rating": "-1"}, Marks(-1)),
        ({"rating": "4.0"}, Marks(4)),
        ({"pick": "1", "good": "True"}, Marks(flag="picked")),
        ({"pick": "-1", "good": "false"}, Marks(flag="rejected")),
        ({"pick": "0", "pick_label": "2"}, Marks()),
        ({"pick_label": "3"}, Marks(flag="picked")),
        ({"pick_label": "1"}, Marks(flag="rejected")),
    ],
)
def test_ratings_labels_and_flags_are_read(texts, found):
    assert marks(**texts) == found


@pytest.mark.parametrize(
    "texts",
    [
        {"rating": "7"},
        {"rating": "many"},
        {"rating": "2.5"},
        {"rating": "nan"},
        {"pick": "2"},
        {"good": "perhaps"},
        {"pick_label": "4"},
        {"pick": "1", "good": "False"},
        {"pick": "1", "pick_label": "1"},
    ],
)
def test_values_that_cannot_be_and_contradictions_are_refused(texts):
    with pytest.raises(ForeignFileError):
        marks(**texts)


def test_nothing_given_is_no_rating():
    assert read_rating(None) == read_rating("") == 0


@given(EDGES)
def test_a_crop_that_is_written_is_read_back(edges):
    box = Box(*edges)
    found = read_marks(read_packet(new_packet(crop_values(box))))
    assert found.box == pytest.approx(box, abs=2e-3 if found.box == (0, 0, 1, 1) else 1e-6)


def test_without_a_crop_none_is_read():
    assert read_marks(read_packet(new_packet(crop_values(None)))).box is None
    assert marks(CropTop="0.1").box is None


def test_a_crop_at_an_angle_is_told_and_is_no_box():
    box = {"HasCrop": "True", "CropLeft": "0", "CropTop": "0", "CropRight": "1", "CropBottom": ".5"}
    assert marks(**box, CropAngle="1.5") == Marks(crop_problem="turned_crop")
    assert marks(**box, CropAngle="-0.00000").box == Box(0, 0, 1, 0.5)
    assert marks(**box, CropAngle="steep").crop_problem == "unreadable_crop"


@pytest.mark.parametrize("missing", ["CropLeft", "CropBottom"])
def test_a_crop_that_lacks_an_edge_is_no_box_and_leaves_the_rating(missing):
    box = {"HasCrop": "True", "CropLeft": "0", "CropTop": "0", "CropRight": "1", "CropBottom": ".5"}
    del box[missing]
    assert marks(**box, rating="4") == Marks(4, crop_problem="unreadable_crop")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_with_the_picture(orientation):
    image = Image.new("L", (100, 60))
    image.paste(255, (10, 6, 40, 30))
    exif = image.getexif()
    exif[274] = orientation
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(file))
    left, top, right, bottom = upright.getbbox()
    wide, high = upright.size
    box = upright_box(Box(0.1, 0.1, 0.4, 0.5), orientation)
    assert box == pytest.approx((left / wide, top / high, right / wide, bottom / high))
    assert stored_box(box, orientation) == pytest.approx((0.1, 0.1, 0.4, 0.5))
