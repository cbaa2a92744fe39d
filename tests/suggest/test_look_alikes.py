import numpy as np
import pandas as pd
import pytest

from prefml.sidecars.find import ImageFile
from prefml.sidecars.store import Sidecars
from prefml.suggest.candidates import Candidate
from prefml.suggest.look_alikes import look_alikes


def sidecars(*pictures):
    """Hold pictures of (project, name, hash, angle): alike are equal bits and near angles."""
    pictures = sorted(pictures)
    index = pd.DataFrame(
        [(project, name, f"images/{project}/{name}") for project, name, _, _ in pictures],
        columns=["project", "filename", "path"],
    )
    angles = np.array([angle for *_, angle in pictures])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    hashes = np.array([f"{bits:016x}" for _, _, bits, _ in pictures])
    return Sidecars(index, vectors, hashes, pd.DataFrame(index=index.index), None, "")


def candidate(*names, project="p"):
    images = tuple(ImageFile(project, name, f"images/{project}/{name}", 1, 1) for name in names)
    return Candidate(project, images)


def paths(found, name, project="p"):
    return [path for path, _ in found.get((project, name), [])]


def test_a_near_duplicate_elsewhere_in_the_project_is_found_and_measured():
    held = sidecars(("p", "new.png", 0b0, 0.0), ("p", "old.png", 0b11, 0.1))
    found = look_alikes(held, [candidate("new.png")])
    assert found == {("p", "new.png"): [("images/p/old.png", "2 bits apart, cosine 0.995")]}


@pytest.mark.parametrize(("bits", "angle"), [(0b111111111, 0.0), (0, 0.4)])
def test_bits_and_cosine_must_both_be_near(bits, angle):
    held = sidecars(("p", "new.png", 0, 0.0), ("p", "old.png", bits, angle))
    assert look_alikes(held, [candidate("new.png")]) == {}


def test_a_picture_of_the_same_set_or_of_another_project_is_no_look_alike():
    held = sidecars(("p", "a.png", 0, 0.0), ("p", "b.png", 0, 0.0), ("q", "c.png", 0, 0.0))
    assert look_alikes(held, [candidate("a.png", "b.png")]) == {}


def test_the_three_nearest_come_first():
    others = [("p", f"{n}.png", (1 << n) - 1, 0.0) for n in (4, 1, 3, 2)]
    held = sidecars(("p", "new.png", 0, 0.0), *others)
    found = look_alikes(held, [candidate("new.png")])
    assert paths(found, "new.png") == [f"images/p/{n}.png" for n in (1, 2, 3)]


def test_a_chain_of_duplicates_does_not_make_its_ends_alike():
    chain = [("p", f"{n}.png", (1 << (6 * n)) - 1, 0.0) for n in range(4)]
    found = look_alikes(sidecars(*chain), [candidate("0.png")])
    assert paths(found, "0.png") == ["images/p/1.png"]


def test_without_pictures_there_is_nothing_alike():
    held = sidecars(("p", "new.png", 0, 0.0))
    assert look_alikes(held, [candidate("new.png")]) == {}
    assert look_alikes(held, []) == {}
