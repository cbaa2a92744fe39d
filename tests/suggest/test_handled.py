import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.decisions import read_decisions
from prefml.decisions.projects import ProjectResolver
from prefml.suggest.candidates import find_candidates
from prefml.suggest.handled import handled_pictures, is_decided, keys_of
from prefml.workspace import Workspace

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@pytest.fixture
def resolver(tree):
    return ProjectResolver.open(Workspace.open(tree.root))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.dictionaries(st.sampled_from(["images", "project_id"]), json_values))
def test_any_line_is_about_pictures_with_a_project_or_about_none(resolver, row):
    assert all(project and isinstance(name, str) for project, name in keys_of(row, resolver))


def test_the_project_that_is_stated_counts_and_else_that_of_the_path(resolver):
    stated = {"images": ["somewhere/a.png"], "project_id": "beta"}
    told = {"images": ["new/alpha/a.png", "new/nowhere/b.png"]}
    assert keys_of(stated, resolver) == [("beta", "a.png")]
    assert keys_of(told, resolver) == [("alpha", "a.png")]


def handled(tree, resolver, decided, suggestions=()):
    decisions = read_decisions(Workspace.open(tree.root))
    return handled_pictures(decisions, decided, dict(suggestions), resolver)


@pytest.mark.parametrize(
    ("action", "found"),
    [("approved", True), ("overridden", True), ("rejected", True), ("skipped", False)],
)
def test_only_what_was_decided_is_handled(tree, resolver, action, found):
    row = {"action": action, "images": ["new/alpha/a.png"]}
    assert handled(tree, resolver, {"g": row}) == ({("alpha", "a.png")} if found else set())


def test_what_was_approved_in_bulk_is_handled_although_it_is_no_label(tree, resolver):
    (tree.root / "sandbox").mkdir()
    images = tree.stages("1", "2")
    line = {"group_id": "g", "images": images, "step1_selection": {"chosen": images[0]}}
    tree.approve(line, project_id="alpha", shown={"bulk": True})
    decided = {"g": {"action": "approved", "images": images, "project_id": "alpha"}}
    assert read_decisions(Workspace.open(tree.root)).items.empty
    assert handled(tree, resolver, decided) == {("alpha", path.rsplit("/")[-1]) for path in images}


def test_a_decision_without_pictures_is_about_those_of_its_suggestion(tree, resolver):
    suggestions = {"g": {"images": ["new/alpha/a.png"]}}
    assert handled(tree, resolver, {"g": {"action": "rejected"}}, suggestions) == {
        ("alpha", "a.png")
    }
    assert handled(tree, resolver, {"h": {"action": "rejected"}}, suggestions) == set()


def test_what_the_logs_decided_is_handled(tree, resolver):
    one, two = tree.stages("1", "2")
    tree.log((two, [one], "2025-02-01T00:00:00Z"))
    names = {path.rsplit("/", 1)[1] for path in (one, two)}
    assert handled(tree, resolver, {}) == {("alpha", name) for name in names}


def test_a_skipped_group_still_waits():
    decided = {"a": {"action": "rejected"}, "b": {"action": "skipped"}, "c": {}}
    assert [is_decided(group, decided) for group in ("a", "b", "c", "d", 3)] == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_pictures_of_one_name_in_two_folders_are_decided_on_one_by_one(tree, resolver):
    for number in (1, 2):
        tree.picture(f"new/alpha/set{number}/a.png")
    row = {"action": "approved", "images": ["new/alpha/set1/a.png"]}
    assert handled(tree, resolver, {"g": row}) == {("alpha", "set1/a.png")}
    assert keys_of({"images": ["a.png"], "project_id": "alpha"}, resolver) == [("alpha", "a.png")]
    found = find_candidates(Workspace.open(tree.root), resolver, ["new"], {("alpha", "set1/a.png")})
    assert [group.paths for group in found.groups] == [("new/alpha/set2/a.png",)]


def test_a_name_that_repeats_outside_the_folder_asked_for_is_told_apart_all_the_same(
    tree, resolver
):
    tree.picture("images/alpha/set1/a.png")
    tree.picture("new/alpha/set2/a.png")
    found = find_candidates(Workspace.open(tree.root), resolver, ["new"], ())
    assert [group.keys for group in found.groups] == [(("alpha", "set2/a.png"),)]


@pytest.mark.parametrize("where", ["decision", "suggestion"])
def test_of_near_duplicates_those_that_were_not_kept_are_handled(tree, resolver, where):
    images = [tree.picture(f"images/alpha/{name}.png") for name in "ab"]
    mark = {"near_duplicates": {}}
    row = {"group_id": "d", "action": "approved", "final_choice": images[0], "images": images}
    shown = {"suggestion": mark} if where == "decision" else {}
    known = {} if where == "decision" else {"d": {"images": images, **mark}}
    if where == "suggestion":
        del row["images"]
    decisions = read_decisions(Workspace.open(tree.root))
    found = handled_pictures(decisions, {"d": row | shown}, known, resolver)
    assert found == {("alpha", "b.png")}
