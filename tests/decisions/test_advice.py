from __future__ import annotations

import pytest

from prefml.decisions.advice import project_advice


def row(path: str, number: int = 0, when: str = "") -> str:
    return f"s,g{number},{path}/a{number}.png,\"['{path}/b{number}.png']\",{when}"


def test_a_folder_of_rows_without_a_project_is_worth_an_alias(bench):
    bench.selections(row("other"), row("mojo1", 1))
    decisions = bench.read()
    assert decisions.aliases == ("other",)
    assert decisions.unplaced == 0


def test_a_folder_that_stands_beside_a_known_project_is_worth_none(bench):
    bench.selections(row("training data/other"), row("training data/mojo1", 1))
    assert bench.read().aliases == ("other",)


def test_a_folder_whose_rows_dates_give_to_two_projects_is_worth_none(bench):
    bench.project("may", "2025-05-01", "2025-05-31")
    bench.project("june", "2025-06-01", "2025-06-30")
    days = ("2025-05-02", "2025-06-02", "2025-07-02")
    bench.selections(*(row("crop", number, day) for number, day in enumerate(days)))
    decisions = bench.read()
    assert decisions.aliases == ()
    assert decisions.unplaced == 1


def test_names_without_a_folder_cannot_be_helped_by_an_alias(bench):
    bench.selections("s,g,a.png,\"['b.png']\",")
    decisions = bench.read()
    assert (decisions.aliases, decisions.unplaced) == ((), 1)


def test_following_the_advice_gives_the_rows_their_project(bench):
    bench.selections(row("other"))
    (name,) = bench.read().aliases
    (bench.root / "prefml.toml").write_text(f'[projects.aliases]\n{name} = "mojo1"\n')
    decisions = bench.read()
    assert set(decisions.items["project"]) == {"mojo1"}
    assert decisions.aliases == ()


@pytest.mark.parametrize(
    ("aliases", "unplaced", "said"),
    [
        ((), 0, ""),
        (("x", "y"), 0, 'add the folder to [projects.aliases] in prefml.toml: "x" = "PROJECT"'),
        ((), 1, "give the rows a column `project`, or the manifest the dates (startedAt, "
                "finishedAt) in which they were decided"),
    ],
)  # fmt: skip
def test_only_what_helps_is_advised(aliases, unplaced, said):
    assert project_advice(aliases, unplaced) == said


def test_both_are_advised_where_both_help():
    assert "; or give the rows" in project_advice(("x",), 2)
