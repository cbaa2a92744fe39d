"""The rule `auto`, on folders as each source writes them."""

import importlib.util
import random
import sys
from itertools import combinations
from pathlib import Path

import pytest

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.suggest.candidates import find_new
from prefml.suggest.grouping import form_groups, open_sources
from prefml.suggest.grouping.auto import choose_rules
from prefml.suggest.grouping.facts import PictureFacts
from prefml.workspace import Workspace

from .pictures import picture, pictures, sets_of, sources

GENERATOR = Path(__file__).resolve().parents[3] / "benchmarks" / "_folders.py"


def load_generator():
    spec = importlib.util.spec_from_file_location("_folders", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    sys.modules["_folders"] = module
    spec.loader.exec_module(module)
    return module


FOLDERS = load_generator()
# The named rule reads two sets as one where a lost picture leaves rising stages: it is today's.
LEAST = {"the user's stages": 0.94, "other stage words": 0.94}


def f1(made, files):
    true = {}
    for one in files:
        if one.set is not None:
            true.setdefault(one.set, []).append(f"new/p/{one.path}")
    groups = [[image.path for image in one.images] for one in made.sets]
    found, wanted = (
        {pair for group in some for pair in combinations(sorted(group), 2)}
        for some in (groups, true.values())
    )
    return 2 * len(found & wanted) / (len(found) + len(wanted))


@pytest.mark.parametrize("source", FOLDERS.SOURCES, ids=lambda source: source.name)
def test_folders_of_every_source_form_their_sets(source, tmp_path):
    rng = random.Random(7)
    files = FOLDERS.disturbed(rng, source.make(rng, 20))
    FOLDERS.write(tmp_path / "new" / "p", files)
    workspace = Workspace.open(tmp_path)
    images = find_new(workspace, ProjectResolver.open(workspace), ()).images
    least = LEAST.get(source.name, 0.95)
    for rule in (SetRule(**source.rule), SetRule()):
        with open_sources(workspace) as opened:
            made = form_groups(images, rule, opened)
        assert f1(made, files) >= least, rule.name
        renamed = {f"new/p/{one.path}" for one in files if one.set is None}
        assert renamed.isdisjoint(image.path for one in made.sets for image in one.images)


def chosen(*names, facts=None, **settings):
    return choose_rules(pictures(*names), SetRule(**settings), sources(facts).facts)


def test_where_stage_words_occur_in_a_project_all_of_it_takes_them():
    found = chosen("a/20250101_000000_stage1_generated.png", "b/IMG_1.png", "b/IMG_1-Edit.png")
    assert {choice.rule.name for choice in found} == {"stages"}


def test_a_project_without_them_goes_by_its_own_folders():
    images = [picture("20250101_000000_stage1_generated.png"), picture("IMG_1.png", "q"),
              picture("IMG_1-Edit.png", "q")]  # fmt: skip
    found = choose_rules(images, SetRule(), sources().facts)
    assert {choice.rule.name for choice in found} == {"stages", "name"}


def test_a_folder_that_tells_nothing_is_a_question():
    (choice,) = chosen("p.png", "q.png", "r.png")
    assert choice.rule is None
    assert choice.told.why.endswith("?")


def test_the_rule_that_was_found_is_stated_for_the_configuration():
    names = [f"20250101_0000{i:02}_{word}.png" for i, word in enumerate(["draft", "done"] * 5)]
    (choice,) = chosen(*names)
    assert choice.told.settings == 'rule = "stages"\nstages = ["draft", "done"]'


def test_folders_of_days_are_no_sets():
    names = [f"2025/03/{day:02}/{i}.png" for day in range(1, 9) for i in range(3)]
    assert {choice.rule for choice in chosen(*names)} == {None}


def test_metadata_is_read_only_where_names_do_not_tell():
    def refuse(images):
        pytest.fail("opened a file")

    images = pictures(*(f"IMG_20231014_18324{i}_BURST00{j}.jpg" for i in "12" for j in "123"))
    (choice,) = choose_rules(images, SetRule(), refuse)
    assert choice.rule.name == "burst"


def test_pictures_of_two_folders_with_one_rule_are_grouped_together():
    facts = {name: PictureFacts("a1111", "x", 5) for name in ("a/1.png", "extras-images/0.png")}
    made = form_groups(pictures(*facts), SetRule(), sources(facts))
    assert sets_of(made) == [["a/1.png", "extras-images/0.png"]]
