import json

import pytest

from prefml.decisions.tags import (
    FLAG_TAGS,
    LEAST_PROJECTS,
    LEAST_TAGGED,
    count_tagged,
    read_tags,
    still_needed,
)
from prefml.imaging.anomalies import ANOMALIES
from prefml.review.requests import TAGS
from prefml.workspace import Workspace


@pytest.fixture
def tags(bench):
    """Return a function that writes decisions and reads the tags of their pictures."""
    bench.project("mojo1")
    bench.project("mojo2")
    (bench.root / "sandbox").mkdir()

    def read(*lines):
        text = "\n".join(map(json.dumps, lines))
        (bench.root / "sandbox" / "approved_decisions.jsonl").write_text(text + "\n")
        return read_tags(Workspace.open(bench.root))

    return read


def decided(group="g", project="mojo1", names=("a.png", "b.png"), marked=None, **more):
    images = [f"{project}/{name}" for name in names]
    image_tags = {f"{project}/{name}": tags for name, tags in (marked or {}).items()}
    return {
        "group_id": group, "action": "approved", "images": images, "image_tags": image_tags, **more,
    }  # fmt: skip


def rows(found):
    return {
        (row["project"], row["filename"]): {name for name in FLAG_TAGS if row[name]}
        for _, row in found.iterrows()
    }


def test_each_picture_bears_the_flags_that_its_tags_name(tags):
    found = tags(decided(marked={"b.png": ["long_hand", "extra_fingers"]}))
    assert rows(found) == {
        ("mojo1", "a.png"): set(), ("mojo1", "b.png"): {"hand_length", "suspicion"},
    }  # fmt: skip


def test_every_anomaly_has_tags_of_the_review():
    assert set(FLAG_TAGS) == set(ANOMALIES)
    assert {tag for tags in FLAG_TAGS.values() for tag in tags} < set(TAGS)


def test_pictures_without_a_tag_count_only_where_tags_are_set(tags):
    found = tags(
        decided("g", marked={"a.png": ["long_hand"]}),
        decided("h", names=("c.png", "d.png")),
        decided("i", "mojo2"),
    )
    assert {project for project, _ in rows(found)} == {"mojo1"}
    assert len(found) == 4


def test_a_tag_that_no_score_measures_still_says_that_tags_are_set(tags):
    found = tags(decided(marked={"a.png": ["long_foot"]}))
    assert len(found) == 2
    assert count_tagged(found)["limb"] == (0, 0)


@pytest.mark.parametrize(
    "more", [{"shown": {"bulk": True}}, {"action": "skipped"}, {"action": None}]
)
def test_a_set_that_nobody_looked_at_says_nothing(tags, more):
    found = tags(
        decided("g", marked={"a.png": ["long_hand"]}), decided("h", names=("c.png",), **more)
    )
    assert ("mojo1", "c.png") not in rows(found)


def test_the_last_decision_counts(tags):
    first, last = decided(marked={"a.png": ["long_hand"]}), decided(marked={"a.png": ["long_foot"]})
    assert rows(tags(first, last))["mojo1", "a.png"] == set()


def test_a_picture_that_was_seen_twice_bears_both_tags(tags):
    found = tags(
        decided("g", marked={"a.png": ["long_hand"]}),
        decided("h", marked={"a.png": ["warped_wrist"]}),
    )
    assert rows(found)["mojo1", "a.png"] == {"hand_length", "wrist"}
    assert len(found) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"images": "a.png"}, {"images": [3]}, {"images": None}, {"image_tags": ["a.png"]},
        {"image_tags": {"mojo1/a.png": "long_hand"}}, {"image_tags": {"mojo1/a.png": [7]}},
        {"images": ["mojo1/a.png", "mojo2/a.png"]}, {"shown": 3},
    ],
)  # fmt: skip
def test_what_cannot_be_used_has_no_tag(tags, broken):
    found = tags(decided("g") | broken, decided("h", marked={"b.png": ["long_hand"]}))
    assert sum(bool(flags) for flags in rows(found).values()) == 1


def test_a_picture_of_no_known_project_is_left_out(tags):
    found = tags(decided(project="elsewhere", marked={"a.png": ["long_hand"]}))
    assert len(found) == 0


def test_a_workspace_without_tags_has_none(tags):
    assert len(tags(decided())) == 0
    assert set(count_tagged(tags(decided())).values()) == {(0, 0)}


def test_tagged_pictures_and_their_projects_are_counted(tags):
    found = tags(
        decided("g", marked={"a.png": ["long_hand"], "b.png": ["long_hand"]}),
        decided("h", "mojo2", marked={"a.png": ["long_hand"]}),
    )
    assert count_tagged(found)["hand_length"] == (3, 2)


def test_it_is_said_what_is_missing():
    assert still_needed(LEAST_TAGGED, LEAST_PROJECTS) == ""
    assert still_needed(12, 3) == "needs 8 tagged pictures more"
    assert still_needed(30, 2) == "needs tags in 1 more project"
    assert still_needed(19, 1) == "needs 1 tagged picture more and tags in 2 more projects"
