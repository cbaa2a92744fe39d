import pytest

from prefml.review.groups import parse_group
from prefml.review.ledger import Ledger
from prefml.review.serialize import serialize_group
from prefml.review.thumbnails import ThumbnailCache
from prefml.workspace import Workspace

from .drawn_workspace import BOX, OTHER_BOX, draw_picture, suggestion
from .made_events import decide, decided

IMAGES = ["images/p/a.png", "images/p/gone.png"]


@pytest.fixture
def thumbnails(tmp_path):
    path = tmp_path / IMAGES[0]
    path.parent.mkdir(parents=True)
    draw_picture(0, 0, (40, 60)).save(path)
    return ThumbnailCache(Workspace.open(tmp_path), "secret")


def serialized(thumbnails, row=None, entry=None, tags=None):
    group = parse_group(row or suggestion("g", IMAGES, 1))
    return serialize_group(group, thumbnails, "pending", entry, tags or {})


def test_what_is_suggested_is_told(thumbnails):
    found = serialized(thumbnails)
    assert (found.group_id, found.project, found.suggested) == ("g", "harbour", 1)
    assert (found.confidence, found.none_probability) == (0.86, 0.12)
    assert (found.crop.box, found.crop.keep_probability) == (tuple(BOX), 0.26)
    assert [one.box for one in found.crop.alternatives] == [tuple(OTHER_BOX)]
    assert found.decision is None


def test_a_picture_is_named_by_its_opaque_id_and_measured(thumbnails):
    there, gone = serialized(thumbnails, tags={IMAGES[0]: ["long_hand"]}).images
    assert there.picture == f"/picture/{thumbnails.id_of(IMAGES[0])}"
    assert (there.name, there.width, there.height, there.tags) == ("a.png", 40, 60, ["long_hand"])
    assert (gone.version, gone.width, gone.height, gone.tags) == (None, None, None, [])


def test_without_probabilities_no_picture_has_one(thumbnails):
    found = serialized(thumbnails, {"group_id": "g", "images": IMAGES})
    assert [image.probability for image in found.images] == [None, None]
    assert (found.crop.offered, found.crop.box, found.suggested) == (False, None, None)


def test_the_decision_in_force_is_told_with_its_time(thumbnails):
    ledger = Ledger([decide(1, decided("g", crop_coords=(0.1, 0.2, 0.8, 0.9)))])
    entry = ledger.decision("g")
    found = serialized(thumbnails, entry=entry).decision
    assert (found.final_index, found.crop_coords) == (1, (0.1, 0.2, 0.8, 0.9))
    assert (found.crop_source, found.timestamp) == ("whole", entry.event.at)


def test_the_place_of_a_flag_is_told(thumbnails):
    place = {"flag": "odd hand", "image": IMAGES[0], "box": BOX}
    row = suggestion("g", IMAGES, 1, flags=["odd hand"], flag_places=[place])
    (found,) = serialized(thumbnails, row).flag_places
    assert (found.flag, found.index, found.box) == ("odd hand", 0, tuple(BOX))
    assert serialized(thumbnails).flag_places == []
