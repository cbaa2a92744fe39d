import csv
import io
import json

import pytest

from prefml.sample.logs import crop_logs, manifests, selection_logs, set_key
from prefml.sample.plan import PROJECTS


def rows_of(log):
    header, *rows = csv.reader(io.StringIO(log.text, newline=""))
    return header, rows


@pytest.fixture(scope="module")
def logs(plans):
    return {log.name: log for log in [*selection_logs(plans), *crop_logs(plans)]}


def test_every_set_is_logged_once_as_usable(plans, logs):
    selections = [log for name, log in logs.items() if "crop" not in name]
    assert sum(log.usable for log in selections) == len(plans)


def test_every_crop_is_logged_once_as_usable(plans, logs):
    crops = [log for name, log in logs.items() if "crop" in name]
    assert sum(log.usable for log in crops) == sum(plan.crop is not None for plan in plans)


def test_keys_of_sets_are_unique(plans):
    assert len({set_key(plan) for plan in plans}) == len(plans)


def test_a_lower_stage_is_logged_with_the_highest_that_was_rejected(plans, logs):
    header, rows = rows_of(logs["lower_stage_cases.csv"])
    assert len(rows) == sum(plan.lower_stage for plan in plans if plan.project == "orchard")
    chosen, rejected = header.index("chosen_stage"), header.index("max_rejected_stage")
    assert all(float(row[chosen]) < float(row[rejected]) for row in rows)


def test_the_chosen_image_is_not_among_the_rejected(logs):
    _, rows = rows_of(logs["historical_selection_log.csv"])
    for _, _, chosen, rejected, _ in rows:
        names = [path.rsplit("/", 1)[1] for path in json.loads(rejected)]
        assert names
        assert chosen.rsplit("/", 1)[1] not in names


def test_two_logs_end_their_lines_as_other_systems_do(logs):
    for name in ("historical_selection_log.csv", "crop_training_data.csv"):
        assert "\r\n" in logs[name].text
    assert "\r" not in logs["select_crop_log.csv"].text


def test_old_crop_rows_have_15_or_9_fields(logs):
    _, rows = rows_of(logs["select_crop_log_mixed_schemas.csv"])
    assert {len(row) for row in rows} == {15, 9}


def test_crops_of_the_new_format_are_in_fractions(logs):
    header, rows = rows_of(logs["crop_training_data.csv"])
    edges = slice(header.index("crop_x1"), header.index("crop_y2") + 1)
    outside = [row for row in rows if not all(0 <= float(edge) <= 1 for edge in row[edges])]
    # One of the rows that cannot be used.
    assert len(outside) == 1


def test_the_project_in_work_has_no_end(plans):
    files = {name: json.loads(text) for name, text in manifests(PROJECTS, plans).items()}
    for project in PROJECTS:
        manifest = files[f"{project.name}.project.json"]
        own = [plan for plan in plans if plan.project == project.name]
        assert manifest["counts"]["initialImages"] == sum(len(plan.images) for plan in own)
        assert (manifest["finishedAt"] is None) is (project is PROJECTS[-1])
    assert len(files) == len(PROJECTS) + 2
