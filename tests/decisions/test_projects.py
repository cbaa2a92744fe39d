from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from prefml.decisions.manifests import Manifest
from prefml.decisions.projects import ProjectResolver, explicit_project
from prefml.decisions.quarantine import RowRefusedError
from prefml.workspace import Workspace


def manifest(project, *names, days=(date(2025, 10, 1), date(2025, 10, 11))):
    return Manifest(project, names or (project,), days, f"{project}.project.json")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def resolver():
    return ProjectResolver(
        [
            manifest("mojo1", "Mojo1"),
            manifest("mojo2", days=(date(2025, 10, 12), None)),
            manifest("slender_kiara", "Slender Kiara", days=None),
            manifest("aiko_raw", "Aiko_raw", days=None),
        ],
        aliases={"Kiara_Slender": "slender_kiara"},
        suffixes=("_final", "_raw"),
    )


@pytest.mark.parametrize(
    ("path", "project"),
    [
        ("mojo1/a.png", "mojo1"),
        ("PROJECT_ROOT/training data/mojo1_final/group_76/a.png", "mojo1"),
        ("/Users/me/Mojo1/a.png", "mojo1"),
        (r"C:\work\mojo2\a.png", "mojo2"),
        ("x/Slender Kiara/a.png", "slender_kiara"),
        ("x/Kiara_Slender/a.png", "slender_kiara"),
        ("x/Kiara_Slender_final/a.png", "slender_kiara"),
        ("x/Aiko_raw_final/a.png", "aiko_raw"),
    ],
)
def test_a_folder_of_exactly_that_name_is_the_project(resolver, path, project):
    assert resolver.from_path(path) == project


@pytest.mark.parametrize(
    "path",
    [
        "mojo10/a.png",
        "xmojo1/a.png",
        "MOJO1/a.png",
        "mojo1-old/a.png",
        "crop/mojo1.png",
        "crop/mojo1",
        "aiko/a.png",
        "mojo1_final_raw/a.png",
        "a.png",
        "",
    ],
)
def test_no_part_of_a_name_and_no_other_case_matches(resolver, path):
    assert resolver.from_path(path) is None


def test_a_path_that_names_two_projects_names_none(resolver):
    assert resolver.projects_in("mojo1/old/mojo2/a.png") == ("mojo1", "mojo2")
    assert resolver.from_path("mojo1/old/mojo2/a.png") is None


def test_the_workspace_s_own_path_names_no_project():
    resolver = ProjectResolver([manifest("mojo1"), manifest("home")], root=Path("/home/ws"))
    assert resolver.from_path("/home/ws/mojo1/a.png") == "mojo1"
    assert resolver.projects_in("/home/wsx/mojo1/a.png") == ("home", "mojo1")


@pytest.mark.parametrize(
    ("when", "project"),
    [
        ("2025-10-01T00:00:00", "mojo1"),
        ("2025-10-11T23:59:59", "mojo1"),
        ("2025-10-12T00:00:00", "mojo2"),
        ("2031-01-01T00:00:00", "mojo2"),
        ("2025-09-30T23:59:59", None),
    ],
)
def test_both_days_of_a_manifest_count_and_an_open_end_runs_on(resolver, when, project):
    assert resolver.from_time(at(when)) == project


def test_a_day_in_two_projects_is_not_determined():
    resolver = ProjectResolver([manifest("a"), manifest("b")])
    assert resolver.from_time(at("2025-10-05T00:00:00")) is None


def test_no_time_is_no_project(resolver):
    assert resolver.from_time(None) is None


def test_the_path_goes_before_the_date(resolver):
    placed = resolver.resolve(["mojo2/a.png"], when=at("2025-10-05T00:00:00"))
    assert placed == ("mojo2", ())


def test_what_the_date_decided_is_told_with_its_folders(resolver):
    placed = resolver.resolve(["crop/group_04/a.png"], when=at("2025-10-05T00:00:00"))
    assert placed == ("mojo1", ("crop", "group_04"))


def test_a_stated_name_that_nobody_knows_is_not_overruled_by_the_date(resolver):
    placed = resolver.resolve(["a.png"], "mojo10", at("2025-10-05T00:00:00"))
    assert placed == ("unknown", ("mojo10",))


def test_a_stated_name_against_the_path_is_mixed(resolver):
    with pytest.raises(RowRefusedError, match=r"mixed_projects: mojo2 .* and mojo1/a.png"):
        resolver.resolve(["mojo1/a.png"], "mojo2")


def test_a_mixed_set_names_both_paths(resolver):
    with pytest.raises(RowRefusedError, match=r"mojo1/a.png \(mojo1\) and mojo2/b.png \(mojo2\)"):
        resolver.resolve(["mojo1/a.png", "mojo2/b.png"])


def test_a_name_that_two_projects_claim_is_nobody_s():
    resolver = ProjectResolver([manifest("a", "Same"), manifest("b", "Same")])
    assert resolver.from_path("Same/x.png") is None
    assert resolver.problems == ["folder name 'Same' could mean a and b; it is not used"]


def test_a_suffix_after_a_name_that_two_projects_claim_means_neither():
    resolver = ProjectResolver([manifest("a", "Same"), manifest("b", "Same")], suffixes=("_x",))
    assert resolver.names == {"a", "a_x", "b", "b_x"}


def test_an_empty_suffix_adds_nothing():
    resolver = ProjectResolver([manifest("a")], suffixes=("", "_x"))
    assert resolver.names == {"a", "a_x"}
    assert resolver.problems == []


def test_the_known_projects_come_in_order():
    resolver = ProjectResolver([manifest("b"), manifest("a")], folder_projects=["c"])
    assert resolver.projects == ("a", "b")
    assert [m.project for m in resolver.manifests] == ["b", "a"]
    assert ProjectResolver(folder_projects=["c", "unknown", "a"]).projects == ("a", "c")


def test_folders_above_and_here_name_nothing(resolver):
    placed = resolver.resolve(["./../x//a.png", "x/y/b.png"])
    assert placed == ("unknown", ("x", "y"))


def test_a_stated_project_that_is_known_goes_before_the_date(resolver):
    assert resolver.resolve(["x/a.png"], "mojo2", at("2025-10-05T00:00:00")) == ("mojo2", ())


@pytest.mark.parametrize(
    ("row", "stated"),
    [
        ({"project_id": " mojo1 ", "project": "mojo2"}, "mojo1"),
        ({"project_id": " ", "project": "mojo2"}, "mojo2"),
        ({"project_id": "unknown", "project": 7}, ""),
        ({"project_id": "a\0"}, "a\\x00"),
        ({}, ""),
    ],
)
def test_a_row_states_its_project_in_one_of_two_columns(row, stated):
    assert explicit_project(row) == stated


def test_an_id_goes_before_another_project_s_title_or_suffix():
    resolver = ProjectResolver([manifest("a"), manifest("a_raw", "a")], suffixes=("_raw",))
    assert resolver.from_path("a/x.png") == "a"
    assert resolver.from_path("a_raw/x.png") == "a_raw"


def test_an_alias_settles_what_two_projects_claim():
    manifests = [manifest("a", "Same"), manifest("b", "Same")]
    resolver = ProjectResolver(manifests, aliases={"Same": "b"})
    assert resolver.from_path("Same/x.png") == "b"


def test_an_alias_without_a_manifest_is_reported():
    resolver = ProjectResolver([manifest("a")], aliases={"A": "aa"})
    assert resolver.problems == ["alias 'A' means 'aa', which no manifest describes"]


def test_a_broken_manifest_is_told_before_what_follows_from_it(bench):
    (bench.root / "data" / "projects" / "z.project.json").write_text("{")
    (bench.root / "prefml.toml").write_text('[projects.aliases]\nA = "z"\n')
    first, second = ProjectResolver.open(Workspace.open(bench.root)).problems
    assert first.startswith("z.project.json: ")
    assert second.startswith("alias 'A'")


def test_a_workspace_inside_a_folder_named_like_a_project_is_not_of_it(tmp_path):
    root = tmp_path / "mojo2" / "workspace"
    (root / "data" / "projects").mkdir(parents=True)
    for name in ("mojo1", "mojo2"):
        text = f'{{"projectId": "{name}", "startedAt": "2020-01-01"}}'
        (root / "data" / "projects" / f"{name}.project.json").write_text(text)
    resolver = ProjectResolver.open(Workspace.open(root))
    assert resolver.projects_in(f"{root}/mojo1/a.png") == ("mojo1",)
    assert resolver.projects_in(f"{root}s/mojo1/a.png") == ("mojo2", "mojo1")


def test_an_alias_may_mean_any_name_of_a_project():
    resolver = ProjectResolver([manifest("a", "Title")], aliases={"Other": "Title"})
    assert resolver.from_path("Other/x.png") == "a"
    assert resolver.problems == []


def test_without_manifests_an_alias_makes_the_project_it_means():
    resolver = ProjectResolver(aliases={"woods": "forest"})
    assert resolver.from_name("woods") == "forest"
    assert resolver.problems == []


def test_without_manifests_the_image_folders_are_the_projects(tmp_path):
    for name in ("images/beach", "images/beach_final", "images/.cache", "training data/city"):
        (tmp_path / name).mkdir(parents=True)
    resolver = ProjectResolver.open(Workspace.open(tmp_path))
    assert resolver.projects == ("beach", "city")
    assert resolver.from_path("images/beach_final/a.png") == "beach"
    assert resolver.from_name("forest") is None


def test_where_nothing_is_known_a_stated_name_is_the_project(tmp_path):
    resolver = ProjectResolver.open(Workspace.open(tmp_path))
    assert resolver.from_name("forest") == "forest"
    assert resolver.from_name("unknown") is None


def test_with_manifests_the_image_folders_are_not_asked(bench):
    (bench.root / "images" / "beach").mkdir(parents=True)
    resolver = ProjectResolver.open(Workspace.open(bench.root))
    assert resolver.projects == ("mojo1", "mojo2")
