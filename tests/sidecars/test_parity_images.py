import json

import pytest
from PIL import Image

from prefml.sidecars.parity_images import _PICTURES, _SETS, _SIDE, parity_images
from prefml.workspace import Workspace


@pytest.fixture
def write(tmp_path):
    """Write pictures of one grey each, and a log of sets of them, the chosen one first."""

    def write(levels, sets):
        folder = tmp_path / "images" / "harbour"
        folder.mkdir(parents=True)
        for name, level in levels.items():
            Image.new("RGB", (900, 600), (level,) * 3).save(folder / f"{name}.png")
        rows = ["session_id,set_id,chosen_path,neg_paths,timestamp"]
        for number, (chosen, *others) in enumerate(sets):
            names = json.dumps([f"harbour/{name}.png" for name in others]).replace('"', '""')
            rows.append(f's,{number},harbour/{chosen}.png,"{names}",2025-01-01T00:00:00Z')
        (tmp_path / "data" / "training").mkdir(parents=True)
        (tmp_path / "data" / "training" / "selection_only_log.csv").write_text("\n".join(rows))
        return Workspace.open(tmp_path)

    return write


def test_sets_point_at_their_pictures_with_the_chosen_one_first(write):
    pictures, sets = parity_images(write({"a": 10, "b": 20, "c": 30}, [("b", "a"), ("c", "b")]))
    levels = [[pictures[place].getpixel((0, 0))[0] for place in one] for one in sets]
    assert levels == [[20, 10], [30, 20]]


def test_each_picture_is_opened_once_and_reduced(write):
    pictures, _ = parity_images(write({"a": 10, "b": 20}, [("b", "a"), ("a", "b")]))
    assert sorted(picture.getpixel((0, 0))[0] for picture in pictures) == [10, 20]
    assert all(max(picture.size) == _SIDE for picture in pictures)


def test_a_set_with_a_missing_or_damaged_picture_is_left_out(write):
    workspace = write({"a": 10, "b": 20, "c": 30}, [("b", "a"), ("c", "b"), ("a", "gone")])
    (workspace.root / "images" / "harbour" / "c.png").write_bytes(b"no picture")
    pictures, sets = parity_images(workspace)
    assert len(sets) == 1
    assert len(pictures) == 2


def test_many_are_spread_over_the_workspace(write):
    names = [f"n{number:03d}" for number in range(100)]
    levels = {name: number for number, name in enumerate(names)}
    pictures, sets = parity_images(write(levels, zip(names[::2], names[1::2], strict=True)))
    assert len(sets) == _SETS
    shown = {picture.getpixel((0, 0))[0] for picture in pictures}
    assert len(shown) >= _PICTURES
    assert max(shown) - min(shown) > 70


def test_without_pictures_there_is_nothing_to_compare_on(tmp_path):
    assert parity_images(Workspace.open(tmp_path)) == ([], [])
