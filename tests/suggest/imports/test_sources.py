import pytest

from prefml.exceptions import ForeignFileError
from prefml.suggest.imports import kind_of

from ...decisions.imports.catalogues import make_catalogue


def chosen(plan):
    return {one.winner: one.losers for one in plan.new}


def test_kept_and_rejected_are_grouped_as_they_lay_together(place):
    place.picture("sorted/p/kept/a.png")
    place.picture("sorted/p/rejected/a-Edit.png")
    place.picture("sorted/p/kept/deep/b.png")
    place.picture("sorted/p/rejected/deep/b-Edit.png")
    place.picture("sorted/p/kept/c.png")
    place.picture("sorted/p/kept/c-Edit.png")
    place.picture("sorted/p/rejected/d.png")
    place.picture("sorted/p/rejected/d-Edit.png")
    place.picture("sorted/p/other/e.png")
    plan = place.plan("sorted/p")
    assert plan.kind == "folders"
    assert chosen(plan) == {
        "sorted/p/kept/a.png": ("sorted/p/rejected/a-Edit.png",),
        "sorted/p/kept/deep/b.png": ("sorted/p/rejected/deep/b-Edit.png",),
    }
    assert plan.no_decision == {"tie": 1, "none_kept": 1}
    assert plan.passed_over == {"elsewhere": 1}


def test_kept_and_rejected_are_grouped_by_metadata_of_the_files_where_they_are(place):
    from PIL import Image, PngImagePlugin

    for name, seed in (("kept/x.png", 5), ("rejected/y.png", 6)):
        info = PngImagePlugin.PngInfo()
        info.add_text("parameters", f"a cat\nSteps: 20, Sampler: Euler a, Seed: {seed}")
        path = place.root / "new/p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    plan = place.plan("new/p", rule="metadata")
    assert chosen(plan) == {"new/p/kept/x.png": ("new/p/rejected/y.png",)}


def test_a_folder_elsewhere_is_imported_under_the_project_that_is_named(place, tmp_path_factory):
    from .conftest import Place

    away = Place(tmp_path_factory.mktemp("away"))
    away.picture("shoot/a.png", rating="5")
    away.picture("shoot/a-Edit.png")
    away.picture("shoot/b.png", rating="5")
    assert place.plan(away.root / "shoot").passed_over == {"unknown_project": 3}
    assert chosen(place.plan(away.root / "shoot", project="p")) == {"a.png": ("a-Edit.png",)}


def test_a_project_that_is_named_does_not_go_before_that_of_a_path(place):
    place.picture("new/q/a.png", rating="5")
    place.picture("new/q/a-Edit.png")
    place.picture("new/q/p/b.png", rating="5")
    (place.root / "marks.csv").write_text("image,project,pick\nnew/q/a.png,p,1\nc.png,,1\n")
    plan = place.plan("new", project="p")
    assert [one.project for one in plan.new] == ["q"]
    assert plan.passed_over == {"unknown_project": 1}
    plan = place.plan("marks.csv", project="p")
    assert (plan.pictures, plan.passed_over) == (1, {"mixed_projects": 1})


def test_a_picture_that_cannot_be_opened_leaves_its_set_undecided(place):
    place.picture("new/p/a.png", rating="5")
    place.picture("new/p/a-Edit.png").write_bytes(b"no picture")
    assert place.plan("new").no_decision == {"unreadable": 1}


def test_packets_in_the_pictures_count(place):
    place.picture("new/p/a.jpg", rating="5", embedded=True)
    place.picture("new/p/a-Edit.jpg", rating="2", embedded=True)
    assert chosen(place.plan("new")) == {"new/p/a.jpg": ("new/p/a-Edit.jpg",)}


def test_sidecars_without_a_picture_and_files_that_are_none_are_counted(place):
    place.picture("new/p/a.png", rating="5").unlink()
    (place.root / "new" / "empty").mkdir()
    (place.root / "new" / "empty" / "z.xmp").write_text("")
    (place.root / "new" / "p" / "gone.png").symlink_to("nowhere.png")
    plan = place.plan("new")
    assert plan.passed_over["no_picture"] == 2
    assert plan.passed_over["unreadable_picture"] == 1


def test_stacks_of_a_catalogue_are_sets_and_the_rest_follows_the_rule(place):
    for name in ("a.png", "b.png", "c.png", "c-Edit.png"):
        place.picture(f"images/p/{name}")
    make_catalogue(
        place.root / "my.lrcat", "/Volumes/old/p",
        [
            ("a.png", {"pick": 1, "stack": "s"}),
            ("b.png", {"pick": 0, "stack": "s"}),
            ("c.png", {"rating": 4}),
            ("c-Edit.png", {"rating": 5, "crop": "CropLeft = 0.1, CropTop = 0.2, CropRight = 0.9,"
                            " CropBottom = 0.8, CropAngle = 0"}),
            ("sub/c.png", {"rating": 1}),
        ],
    )  # fmt: skip
    plan = place.plan("my.lrcat")
    assert plan.kind == "lightroom"
    assert chosen(plan) == {
        "images/p/a.png": ("images/p/b.png",),
        "images/p/c-Edit.png": ("images/p/c.png",),
    }
    assert [one.path for one in plan.crops] == ["images/p/c-Edit.png"]
    assert plan.passed_over == {"same_name": 1}


def test_pictures_of_a_catalogue_that_are_not_there_count_by_name(place):
    make_catalogue(
        place.root / "my.lrcat", "/Volumes/old/q",
        [
            ("a.png", {"pick": 1, "stack": "s", "orientation": "BC", "fileWidth": 60,
                       "fileHeight": 40, "crop": "CropLeft = 0.1, CropTop = 0.2, CropRight = 0.4,"
                       " CropBottom = 0.6"}),
            ("b.png", {"stack": "s"}),
        ],
    )  # fmt: skip
    plan = place.plan("my.lrcat")
    assert chosen(plan) == {"a.png": ("b.png",)}
    assert plan.crops[0].box == pytest.approx((0.4, 0.1, 0.8, 0.4))


def test_a_table_names_pictures_beside_itself_or_by_project(place):
    place.picture("new/p/a.png")
    place.picture("new/p/a-Edit.png")
    (place.root / "new" / "p" / "marks.csv").write_text("image,kept\na.png,yes\na-Edit.png,no\n")
    assert chosen(place.plan("new/p/marks.csv")) == {"new/p/a.png": ("new/p/a-Edit.png",)}


def test_what_a_source_is_can_be_seen_or_is_refused(tmp_path):
    (tmp_path / "kept").mkdir()
    assert kind_of(tmp_path) == "xmp"
    (tmp_path / "rejected").mkdir()
    assert kind_of(tmp_path) == "folders"
    for name, kind in (("a.lrcat", "lightroom"), ("a.CSV", "csv")):
        (tmp_path / name).write_text("")
        assert kind_of(tmp_path / name) == kind
    (tmp_path / "a.xmp").write_text("")
    with pytest.raises(ForeignFileError, match="name the folder"):
        kind_of(tmp_path / "a.xmp")
    with pytest.raises(ForeignFileError, match="no "):
        kind_of(tmp_path / "none")


def test_a_file_is_no_folder_of_pictures(place):
    (place.root / "a.csv").write_text("")
    with pytest.raises(ForeignFileError, match="no folder"):
        place.plan("a.csv", kind="folders")
