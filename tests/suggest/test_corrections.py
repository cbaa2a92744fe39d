import pytest

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import RULES, SetRule
from prefml.proposals import write_lines
from prefml.proposals.corrections import CorrectedSet, corrections_path, write_corrections
from prefml.suggest.corrections import measure_rules, read_known_corrections
from prefml.workspace import Workspace

from .grouping.pictures import pictures, sources

NOON = "2025-07-05T12:00:00Z"


def held(name, *images, project="alpha"):
    return CorrectedSet(name, project, list(images), NOON)


@pytest.fixture
def known(tree):
    def read(*sets):
        workspace = Workspace.open(tree.root)
        workspace.sandbox.mkdir(exist_ok=True)
        write_corrections(workspace, sets)
        return read_known_corrections(workspace, ProjectResolver.open(workspace))

    return read


def test_corrected_sets_are_known_by_project_and_file_name(known):
    found = known(held("x", "new/alpha/a.png", "new/alpha/b.png"))
    assert found.members == ([("alpha", "a.png"), ("alpha", "b.png")],)
    assert found.notes == ()


def test_sets_of_two_projects_or_of_none_are_not_used_and_told(known):
    mixed = held("mixed", "new/alpha/a.png", "new/beta/b.png", project="")
    nowhere = held("nowhere", "new/gamma/a.png", project="gamma")
    good = held("good", "new/alpha/c.png")
    found = known(mixed, nowhere, good)
    assert [one.group_id for one in found.sets] == ["good"]
    (note,) = found.notes
    assert "2 lines are not used, such as mixed is not of one known project" in note


def test_a_picture_that_two_lines_name_by_other_paths_is_in_the_first(known):
    found = known(held("x", "new/alpha/a.png"), held("y", "new/alpha/sub/a.png"))
    assert [one.group_id for one in found.sets] == ["x"]
    assert "names a picture twice" in found.notes[0]


def test_a_line_that_is_no_set_is_counted(known, tree):
    known()
    write_lines(corrections_path(Workspace.open(tree.root)), [{"group_id": "x"}])
    workspace = Workspace.open(tree.root)
    found = read_known_corrections(workspace, ProjectResolver.open(workspace))
    assert "1 line is not used" in found.notes[0]


def test_every_rule_is_measured_or_says_why_it_cannot_be():
    there = pictures("a.png", "a-Edit.png", "b.png")
    corrected = [[("p", "a.png"), ("p", "a-Edit.png")], [("p", "b.png"), ("p", "gone.png")]]
    found = measure_rules(there, SetRule(), sources(), corrected)
    assert (found.sets, found.pictures) == (2, 3)
    scores = {one.rule: one for one in found.rules}
    assert list(scores) == list(RULES)
    assert (scores["name"].precision, scores["name"].recall) == (1, 1)
    assert (scores["folder"].found, scores["folder"].right, scores["folder"].recall) == (3, 1, 1)
    assert scores["stages"].recall == 0
    assert "prefml embed" in scores["similar"].problem
    assert "--table" in scores["table"].problem


def test_a_rule_whose_settings_cannot_be_used_says_so():
    rule = SetRule(preset="nosuch")
    found = measure_rules(pictures("a.png"), rule, sources(), [[("p", "a.png")]])
    assert "nosuch" in {one.rule: one.problem for one in found.rules}["name"]


def test_without_a_corrected_picture_nothing_is_measured():
    assert measure_rules(pictures("a.png"), SetRule(), sources(), [[("p", "b.png")]]) is None
