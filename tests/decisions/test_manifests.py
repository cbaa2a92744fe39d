from __future__ import annotations

import json
from datetime import date

import pytest

from prefml.decisions.manifests import read_manifests


@pytest.fixture
def read(tmp_path):
    def read_one(document, name="x.project.json"):
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / name).write_text(text)
        return read_manifests([tmp_path])

    return read_one


def dated(start, end, **more):
    return {"projectId": "x", "startedAt": start, "finishedAt": end, **more}


def test_title_and_last_part_of_the_root_are_names(read):
    manifests, _ = read(dated("2025-10-01", None, title="X 1", paths={"root": "../c/Xx/"}))
    assert manifests[0].names == ("X 1", "Xx")


@pytest.mark.parametrize("root", ["..", "../..", ".", "", "/", 7, None])
def test_a_root_without_a_name_gives_none(read, root):
    assert read(dated("2025-10-01", None, paths={"root": root}))[0][0].names == ()


def test_dates_are_days_in_utc(read):
    manifests, _ = read(dated("2025-10-01T23:00:00-04:00", "2025-10-11T00:00:00Z"))
    assert manifests[0].days == (date(2025, 10, 2), date(2025, 10, 11))


def test_a_project_in_work_has_an_open_end(read):
    assert read(dated("2025-10-01", None))[0][0].days == (date(2025, 10, 1), None)


def test_a_project_that_ends_before_it_starts_is_reported_and_not_dated(read):
    manifests, problems = read(dated("2025-09-04T00:00:00Z", "2025-09-03T00:00:00Z"))
    assert manifests[0].days is None
    assert not manifests[0].covers(date(2025, 9, 4))
    assert "before it starts" in problems[0]


@pytest.mark.parametrize(("start", "end"), [(None, None), ("soon", None), ("2025-10-01", "soon")])
def test_dates_that_cannot_be_read_are_reported_and_not_used(read, start, end):
    manifests, problems = read(dated(start, end))
    assert manifests[0].days is None
    assert "not matched by date" in problems[0]


@pytest.mark.parametrize("document", [{"bannedExtensions": []}, [], 3, "null", "{"])
def test_other_json_in_the_folder_is_no_manifest(read, document):
    assert read(document, "global_bans.json") == ([], [])


@pytest.mark.parametrize(
    "document", ["{", "", "[" * 100_000, {"projectId": ""}, {"projectId": 3}, {"a": 1}, "[]"]
)
def test_a_file_named_like_a_manifest_that_is_none_is_reported(read, document):
    manifests, problems = read(document)
    assert manifests == []
    assert problems[0].startswith("x.project.json:")


def test_no_project_may_be_called_unknown(read):
    assert read({"projectId": "unknown"})[0] == []


def test_the_second_manifest_of_an_id_is_left_out(read):
    read(dated("2025-10-01", None), "a.project.json")
    manifests, problems = read(dated("2020-10-01", None), "b.project.json")
    assert [m.path for m in manifests] == ["a.project.json"]
    assert "repeats the id" in problems[0]


def test_a_folder_named_like_a_manifest_is_passed_over(tmp_path):
    (tmp_path / "x.project.json").mkdir()
    assert read_manifests([tmp_path]) == ([], [])
