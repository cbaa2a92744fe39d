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


STAGED = [f"a/20250101_0000{i:02}_stage1_generated.png" for i in range(3)]


def test_where_stage_words_name_half_of_a_project_all_of_it_takes_them():
    found = chosen(*STAGED, "b/IMG_1.png", "b/IMG_1-Edit.png")
    assert {choice.rule.name for choice in found} == {"stages"}


def test_where_they_name_less_only_their_folders_do():
    other = [f"b/IMG_{i}{end}.png" for i in range(5) for end in ("", "-Edit")]
    found = {choice.told.folder: choice.rule.name for choice in chosen(*STAGED, *other)}
    assert found == {"new/p/a": "stages", "new/p/b": "name"}


def test_folders_of_sets_are_told_beside_folders_of_other_sources():
    jobs = [
        f"mj/a_0f8fad5b-d9cb-469f-a165-70867728{i:04}_{j}.png" for i in range(9) for j in "0123"
    ]
    sets = [f"mine/s{i}/{name}.png" for i in range(4) for name in ("p", "q")]
    found = {choice.told.folder: choice.rule.name for choice in chosen(*jobs, *sets)}
    assert found == {"new/p/mj": "name"} | {f"new/p/mine/s{i}": "folder" for i in range(4)}


def test_a_folder_in_which_few_pictures_were_edited_goes_by_names():
    names = [*(f"DSC{i:04}.jpg" for i in range(20)), "DSC0001-Edit.tif", "DSC0002-Edit.tif",
             "DSC0003-Edit.tif"]  # fmt: skip
    assert [choice.rule.name for choice in chosen(*names)] == ["name"]


def test_names_with_times_are_bursts_where_some_lie_close_together():
    names = [
        f"IMG_20250101_00{minute:02}{second:02}.jpg" for minute in range(9) for second in (0, 1)
    ]
    assert [choice.rule.name for choice in chosen(*names)] == ["burst"]
    far = [f"IMG_20250101_00{minute:02}00.jpg" for minute in range(9)]
    assert [choice.rule for choice in chosen(*far)] == [None]


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
