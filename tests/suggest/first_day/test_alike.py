"""Where names, metadata and times tell no sets, pictures that look alike are sets."""

import uuid

import numpy as np
import pytest
from PIL import Image

from prefml.cli._look import look_at
from prefml.decisions.set_rule import SetRule
from prefml.exceptions import WorkspaceError
from prefml.suggest.first_day.alike import ALIKE, find_sets, state_rule
from prefml.suggest.first_day.questions import write_questions
from prefml.workspace import Workspace

AUTO = SetRule("auto")


def unasked(workspace):
    pytest.fail("the pictures were looked at")


def scene(rng):
    """A picture of a few large shapes, unlike any other."""
    small = rng.integers(0, 256, (5, 4, 3), np.uint8)
    return Image.fromarray(small).resize((96, 120), Image.Resampling.BICUBIC)


def shoot(root, scenes, variants=3, seed=0):
    """Write pictures under names that tell nothing; return those of each scene."""
    rng = np.random.default_rng(seed)
    folder = root / "new" / "garden"
    folder.mkdir(parents=True)
    made = []
    for _ in range(scenes):
        picture, names = np.asarray(scene(rng), float), []
        for _ in range(variants):
            noisy = np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255)
            names.append(f"{uuid.UUID(bytes=rng.bytes(16))}.png")
            Image.fromarray(noisy.astype(np.uint8)).save(folder / names[-1])
        made.append(frozenset(names))
    return made


@pytest.fixture
def nameless(tmp_path):
    made = shoot(tmp_path, 12)
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    return Workspace.open(tmp_path), made


def test_where_names_tell_sets_no_picture_is_looked_at(tree):
    for number in range(10):
        tree.stages("1", "2", start=100 * number)
    made, rule = find_sets(Workspace.open(tree.root), AUTO, unasked)
    assert len(made.sets) == 10
    assert rule == AUTO


def test_where_they_tell_none_what_looks_alike_is_a_set_and_the_rule_is_told(nameless):
    workspace, scenes = nameless
    made, rule = find_sets(workspace, AUTO, look_at)
    assert rule.name == ALIKE
    assert {frozenset(image.filename for image in one.images) for one in made.sets} == set(scenes)
    (told,) = made.folders
    assert (told.folder, told.rule, told.images) == ("new/garden", ALIKE, 36)
    assert write_questions(state_rule(workspace, ALIKE), rule, "seed").sets == 12


def test_another_rule_that_was_asked_for_stays(nameless):
    workspace, _ = nameless
    with pytest.raises(WorkspaceError, match="no variants of one picture among 36 pictures"):
        find_sets(workspace, SetRule("name"), unasked)


def test_too_few_pictures_are_not_looked_at(tmp_path):
    shoot(tmp_path, 6)
    with pytest.raises(WorkspaceError, match="among 18 pictures"):
        find_sets(Workspace.open(tmp_path), AUTO, unasked)


@pytest.mark.parametrize("name", ["auto", ALIKE])
def test_pictures_that_are_all_unlike_are_said_to_form_no_sets(tmp_path, name):
    shoot(tmp_path, 20, variants=1)
    (tmp_path / "prefml.toml").write_text('encoder = "builtin"\n')
    with pytest.raises(WorkspaceError, match="among 20 pictures") as caught:
        find_sets(Workspace.open(tmp_path), SetRule(name), look_at)
    assert ("nor 10 sets of pictures that look alike" in str(caught.value)) == (name == "auto")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, '[sets]\nrule = "similar"\n'),
        ('encoder = "builtin"\n', 'encoder = "builtin"\n\n[sets]\nrule = "similar"\n'),
        ('[sets]\n# mine\nrule = "auto"\nmost = 4\n',
         '[sets]\n# mine\nrule = "similar"\nmost = 4\n'),
        ("[sets]  # mine\nmost = 4\n", '[sets]  # mine\nrule = "similar"\nmost = 4\n'),
        ("[sets]\nrule = 'auto' # so far", "[sets]\nrule = \"similar\" # so far"),
    ],
)  # fmt: skip
def test_the_rule_is_stated_where_it_can_be_changed(tmp_path, before, after):
    path = tmp_path / "prefml.toml"
    if before is not None:
        path.write_text(before)
    changed = state_rule(Workspace.open(tmp_path), ALIKE)
    assert changed.config.rule == ALIKE
    assert path.read_text() == after


def test_a_file_in_which_it_cannot_be_stated_stays_as_it_is(tmp_path):
    path = tmp_path / "prefml.toml"
    path.write_text('sets.rule = "auto"\n')
    with pytest.raises(WorkspaceError, match="under"):
        state_rule(Workspace.open(tmp_path), ALIKE)
    assert path.read_text() == 'sets.rule = "auto"\n'
