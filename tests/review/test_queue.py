import pytest

from prefml.review.groups import parse_group
from prefml.review.ledger import Ledger
from prefml.review.queue import PREFETCHED_SETS, pictures_ahead, queue_groups

from .made_events import decide, decided, tag


def known(*rows):
    return {row["group_id"]: parse_group({"images": ["p/a", "p/b"], **row}) for row in rows}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("all", ["sure", "unsure", "odd", "done", "alike"]),
        ("pending", ["sure", "unsure", "odd", "alike"]),
        ("duplicates", ["alike"]),
        ("uncertain", ["unsure", "odd", "done"]),
        ("flagged", ["unsure", "odd"]),
        ("crops", ["sure"]),
        ("skipped", ["done"]),
    ],
)
def test_each_filter_passes_its_groups_in_the_order_of_the_file(name, found):
    groups = known(
        {"group_id": "sure", "step1_selection": {"chosen": 0, "confidence": 0.9},
         "step2_crop": {"needs_crop": True, "crop_coords": [0, 0, 0.5, 0.5]}},
        {"group_id": "unsure"},
        {"group_id": "odd", "flags": ["fingers"]},
        {"group_id": "done"},
        {"group_id": "alike", "near_duplicates": {}},
    )  # fmt: skip
    ledger = Ledger([decide(1, decided("done", "skipped")), tag(2, "unsure", a=["long_hand"])])
    assert [one.group_id for one in queue_groups(groups, ledger, name, None)] == found


def test_a_project_is_picked_out():
    groups = known({"group_id": "g", "project_id": "p"}, {"group_id": "h", "project_id": "q"})
    assert [one.group_id for one in queue_groups(groups, Ledger(), "all", "q")] == ["h"]


def test_pictures_of_the_sets_that_follow_are_made_ready_too():
    groups = known(*({"group_id": str(i), "images": [f"p/{i}"]} for i in range(100)))
    names = pictures_ahead([groups["3"]], groups)
    assert names == [f"p/{i}" for i in range(3, 4 + PREFETCHED_SETS)]
    assert pictures_ahead([], groups) == []
