import pytest

from prefml.boxes import Box
from prefml.decisions import ProjectResolver, read_decisions
from prefml.decisions.imports.known import KnownDecisions
from prefml.workspace import Workspace


@pytest.fixture
def known(tmp_path):
    (tmp_path / "images" / "p").mkdir(parents=True)
    folder = tmp_path / "data" / "training"
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text(
        'set_id,chosen_path,neg_paths\ns,images/p/a.png,"[""images/p/b.png""]"\n'
    )
    (folder / "crops.csv").write_text(
        "timestamp,project_id,filename,crop_x1,crop_y1,crop_x2,crop_y2,width,height\n"
        ",p,a.png,0.1,0.1,0.9,0.9,100,100\n,p,w.png,0,0,1,1,100,100\n"
    )
    workspace = Workspace.open(tmp_path)
    reviewed = {
        "bulk": {"action": "approved", "images": ["images/p/c.png", "images/p/d.png"],
                 "shown": {"bulk": True}, "crop_coords": [0.2, 0.2, 0.8, 0.8]},
        "open": {"action": "skipped", "images": ["images/p/e.png", "images/p/f.png"],
                 "final_choice": 0},
        "odd": {"action": "approved", "images": [], "final_choice": 3},
    }  # fmt: skip
    suggested = {"bulk": {"step1_selection": {"chosen": "images/p/d.png"}, "project_id": "p"}}
    resolver = ProjectResolver.open(workspace)
    return KnownDecisions.read(read_decisions(workspace), reviewed, suggested, resolver)


def test_logged_decisions_are_known_by_their_pictures_and_winner(known):
    assert known.has_set("p", ["b.png", "a.png"], "a.png")
    assert not known.has_set("p", ["a.png", "b.png"], "b.png")
    assert not known.has_set("q", ["a.png", "b.png"], "a.png")


def test_what_was_approved_in_bulk_is_known_and_so_no_new_label(known):
    assert known.has_set("p", ["c.png", "d.png"], "d.png")
    assert known.has_crop("p", "d.png", Box(0.2, 0.2, 0.8, 0.8))


def test_what_was_skipped_is_not_known(known):
    assert not known.has_set("p", ["e.png", "f.png"], "e.png")


def test_crops_are_known_within_rounding(known):
    assert known.has_crop("p", "a.png", Box(0.101, 0.1, 0.9, 0.9))
    assert known.has_crop("p", "a.png", Box(0.3, 0.1, 0.9, 0.9)) is False
    assert known.has_crop("p", "b.png", Box(0.3, 0.1, 0.9, 0.9)) is None
    assert known.has_crop("p", "w.png", Box(0.3, 0.1, 0.9, 0.9)) is None
