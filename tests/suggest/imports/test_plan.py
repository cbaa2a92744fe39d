import pytest

from prefml.boxes import Box
from prefml.decisions import read_decisions
from prefml.exceptions import ConfigError


def chosen(plan):
    return {one.winner: one.losers for one in plan.new}


def test_sets_by_the_rule_become_decisions_and_the_rest_is_counted(place):
    place.picture("new/p/a.png", rating="5")
    place.picture("new/p/a-Edit.png")
    place.picture("new/p/b.png", rating="3")
    place.picture("new/p/b-Edit.png", rating="3")
    place.picture("new/p/c.png")
    place.picture("new/p/c-Edit.png")
    place.picture("new/p/d.png", rating="5")
    place.picture("new/x/e.png", rating="5")
    place.picture("new/p/f.png", rating="9")
    place.picture("new/p/f-Edit.png", rating="1")
    plan = place.plan("new")
    assert chosen(plan) == {"new/p/a.png": ("new/p/a-Edit.png",)}
    assert plan.no_decision == {"tie": 1, "unrated": 1, "unreadable": 1}
    assert plan.alone.total() == 1
    assert plan.passed_over == {"unknown_project": 1}
    assert (plan.pictures, plan.sets) == (9, 4)
    assert not (place.root / "data" / "training").exists()


def test_an_import_that_is_repeated_adds_nothing(place):
    place.picture("new/p/a.png", rating="5", box=Box(0.1, 0.1, 0.9, 0.9))
    place.picture("new/p/a-Edit.png", rating="1")
    first = place.plan("new")
    assert len(first.write()) == 2
    before = {path: path.read_bytes() for path in (place.root / "data" / "training").iterdir()}
    again = place.plan("new")
    assert (again.new, again.changed, again.crops, again.changed_crops) == ([], [], [], [])
    assert (again.known, again.known_crops) == (1, 1)
    assert again.write() == []
    assert {path: path.read_bytes() for path in before} == before


def test_a_mind_that_was_changed_takes_the_place_of_what_was_imported(place):
    place.picture("new/p/a.png", rating="5", box=Box(0.1, 0.1, 0.9, 0.9))
    place.picture("new/p/a-Edit.png", rating="1")
    place.plan("new").write()
    place.picture("new/p/a.png", rating="2", box=Box(0.3, 0.1, 0.9, 0.9))
    place.picture("new/p/a-Edit.png", rating="4")
    plan = place.plan("new")
    assert (len(plan.changed), len(plan.changed_crops)) == (1, 1)
    plan.write()
    found = read_decisions(place.workspace)
    assert list(found.items["filename"][found.items["chosen"]]) == ["a-Edit.png"]
    assert list(found.crops["x1"]) == [0.3]
    assert len(found.quarantine) == 0


def test_crops_become_labels_but_for_those_at_an_angle(place):
    place.picture("new/p/a.png", box=Box(0.1, 0.2, 0.9, 0.8))
    turned = place.picture("new/p/b.png", box=Box(0.1, 0.2, 0.9, 0.8))
    beside = turned.with_name("b.png.xmp")
    beside.write_bytes(beside.read_bytes().replace(b'CropAngle="0"', b'CropAngle="3"'))
    broken = place.picture("new/p/c.png", box=Box(0.1, 0.2, 0.9, 0.8))
    beside = broken.with_name("c.png.xmp")
    beside.write_bytes(beside.read_bytes().replace(b'CropLeft="0.1"', b'CropLeft="5"'))
    plan = place.plan("new")
    assert [(one.path, one.box, one.size) for one in plan.crops] == [
        ("new/p/a.png", pytest.approx((0.1, 0.2, 0.9, 0.8)), (40, 60))
    ]
    assert plan.no_crop == {"turned_crop": 1, "unreadable_crop": 1}


def test_the_crop_of_a_turned_picture_turns_with_it(place):
    place.picture("new/p/a.jpg", box=Box(0.1, 0.2, 0.4, 0.6), orientation=6, size=(60, 40))
    (crop,) = place.plan("new").crops
    assert crop.box == pytest.approx((0.4, 0.1, 0.8, 0.4))
    assert crop.size == (40, 60)


def test_another_crop_of_a_picture_that_a_log_has_is_counted(place):
    folder = place.root / "data" / "training"
    folder.mkdir(parents=True)
    (folder / "crops.csv").write_text(
        "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"
        ",p,a.png,0.5,0.5,0.9,0.9,40,60\n"
    )
    place.picture("new/p/a.png", box=Box(0.1, 0.2, 0.4, 0.6))
    assert place.plan("new").no_crop == {"other_crop": 1}


def test_a_label_counts_where_the_configuration_says_what_it_means(place):
    place.picture("new/p/a.png", label="Yellow")
    place.picture("new/p/a-Edit.png", label="Blue")
    assert place.plan("new").no_decision == {"unrated": 1}
    (place.root / "prefml.toml").write_text('[picks.winner]\nlabel = "Yellow"\n')
    assert chosen(place.plan("new")) == {"new/p/a.png": ("new/p/a-Edit.png",)}


def test_the_time_of_a_decision_is_that_of_the_metadata(place):
    path = place.picture("new/p/a.png", rating="5")
    place.picture("new/p/a-Edit.png")
    beside = path.with_name("a.png.xmp")
    stamp = b'xmp:MetadataDate="2025-03-01T10:00:00+02:00" xmp:Rating'
    beside.write_bytes(beside.read_bytes().replace(b"xmp:Rating", stamp))
    assert place.plan("new").new[0].timestamp == "2025-03-01T08:00:00+00:00"


def test_a_project_that_is_not_known_is_refused(place):
    place.picture("new/p/a.png", rating="5")
    with pytest.raises(ConfigError, match="one of p, q"):
        place.plan("new", project="other")


def test_stacks_and_columns_of_sets_that_mix_projects_are_no_sets(place):
    (place.root / "marks.csv").write_text(
        "image,set,project,pick\na.png,1,p,1\nb.png,1,q,\nc.png,2,p,1\nd.png,2,p,\ne.png,3,p,1\n"
    )
    plan = place.plan("marks.csv")
    assert plan.no_decision == {"mixed_projects": 1}
    assert chosen(plan) == {"c.png": ("d.png",)}
    assert plan.alone == {"alone": 1}


def test_a_set_that_was_corrected_in_the_review_stays_as_it_was_corrected(place):
    place.picture("new/p/a.png", rating="5")
    place.picture("new/p/a-Edit.png")
    place.picture("new/p/b.png")
    (place.root / "sandbox").mkdir()
    (place.root / "sandbox" / "set_corrections.jsonl").write_text(
        '{"group_id": "g", "project_id": "p", "images": ["new/p/a.png", "new/p/b.png"], '
        '"created": "2025-01-01T00:00:00Z"}\n'
    )
    assert set(chosen(place.plan("new"))["new/p/a.png"]) <= {"new/p/b.png", "new/p/a-Edit.png"}
