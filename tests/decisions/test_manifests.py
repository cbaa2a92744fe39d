from __future__ import annotations

import json
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefml.decisions.manifests import read_manifests
from prefml.decisions.projects import ProjectResolver
from prefml.workspace import Workspace


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


@pytest.mark.parametrize(
    ("title", "root", "names"),
    [
        ("Xx", "../Xx", ("Xx",)),
        ("X", r"..\c\Xx" + "\\", ("X", "Xx")),
        (" ", "../Xx", ("Xx",)),
        (" ", "../XX//", ("XX",)),
        (7, "../unknown", ()),
        ("..", "../Xx", ("Xx",)),
        ("half \ud800", "../Xx", ("Xx",)),
    ],
)
def test_a_name_counts_once_and_only_if_a_folder_can_have_it(read, title, root, names):
    assert read(dated("2025-10-01", None, title=title, paths={"root": root}))[0][0].names == names


def test_an_id_that_no_file_name_can_have_here_is_left_out(read, monkeypatch):
    monkeypatch.setattr("os.fsencode", lambda text: text.encode("latin-1"))
    manifests, problems = read({"projectId": "\u65e5\u672c"})
    assert not manifests
    assert "no usable projectId" in problems[0]


def test_a_manifest_without_paths_has_its_title(read):
    assert read(dated("2025-10-01", None, title="X", paths=[]))[0][0].names == ("X",)


@pytest.mark.parametrize("root", ["..", "../..", ".", "", "/", 7, None])
def test_a_root_without_a_name_gives_none(read, root):
    assert read(dated("2025-10-01", None, paths={"root": root}))[0][0].names == ()


def test_dates_are_days_in_utc(read):
    manifests, _ = read(dated("2025-10-01T23:00:00-04:00", "2025-10-11T00:00:00Z"))
    assert manifests[0].days == (date(2025, 10, 2), date(2025, 10, 11))
    days = [date(2025, 10, day) for day in (1, 2, 11, 12)]
    assert [manifests[0].covers(day) for day in days] == [False, True, True, False]


def test_a_project_in_work_has_an_open_end(read):
    (manifest,) = read(dated("2025-10-01", None))[0]
    assert manifest.days == (date(2025, 10, 1), None)
    assert manifest.covers(date(2035, 1, 1))
    assert not manifest.covers(date(2025, 9, 30))


def test_a_project_that_ends_before_it_starts_is_reported_and_not_dated(read):
    manifests, problems = read(dated("2025-09-04T00:00:00Z", "2025-09-03T00:00:00Z"))
    assert manifests[0].days is None
    assert not manifests[0].covers(date(2025, 9, 4))
    assert problems == [
        "x.project.json: finishes 2025-09-03T00:00:00Z before it starts 2025-09-04T00:00:00Z; "
        "not matched by date"
    ]


def test_a_project_may_end_the_moment_it_starts(read):
    day = date(2025, 9, 4)
    manifests, problems = read(dated("2025-09-04T00:00:00Z", "2025-09-04T00:00:00Z"))
    assert (manifests[0].days, problems) == ((day, day), [])
    assert manifests[0].covers(day)


@pytest.mark.parametrize(("start", "end"), [(None, None), ("soon", None), ("2025-10-01", "soon")])
def test_dates_that_cannot_be_read_are_reported_and_not_used(read, start, end):
    manifests, problems = read(dated(start, end))
    assert manifests[0].days is None
    told = f"startedAt {start!r}, finishedAt {end!r}; not matched by date"
    assert problems == [f"x.project.json: {told}"]


@pytest.mark.parametrize("document", [{"bannedExtensions": []}, [], 3, "null", "{"])
def test_other_json_in_the_folder_is_no_manifest(read, document):
    assert read(document, "global_bans.json") == ([], [])


@pytest.mark.parametrize(
    "document", ["{", "", "[" * 100_000, {"projectId": ""}, {"projectId": 3}, {"a": 1}, "[]"]
)
def test_a_file_named_like_a_manifest_that_is_none_is_reported(read, document):
    manifests, problems = read(document)
    assert manifests == []
    assert len(problems) == 1
    assert re.fullmatch(
        r"x.project.json: (not JSON in UTF-8|no usable projectId); it is left out", problems[0]
    )


@pytest.mark.parametrize("identity", [3, "", "unknown", " ", "half \ud800"])
def test_an_id_that_cannot_be_used_is_reported_wherever_it_stands(read, identity):
    assert read({"projectId": identity}, "other.json") == (
        [],
        ["other.json: no usable projectId; it is left out"],
    )


def test_a_manifest_may_have_another_name_and_a_byte_order_mark(read):
    manifests, problems = read("\ufeff" + json.dumps(dated("2025-10-01", None)), "other.json")
    assert [(m.project, m.path) for m in manifests] == [("x", "other.json")]
    assert problems == []


def test_what_cannot_be_read_does_not_hide_the_manifests_after_it(read, tmp_path):
    (tmp_path / "a.project.json").mkdir()
    (tmp_path / "b.project.json").write_text("{")
    assert [m.project for m in read(dated("2025-10-01", None))[0]] == ["x"]


def test_manifests_of_several_folders_come_in_the_order_of_their_files(tmp_path):
    for folder, name in (("b", "1"), ("a", "2"), ("a", "1")):
        (tmp_path / folder).mkdir(exist_ok=True)
        text = json.dumps({"projectId": folder + name, "startedAt": "2025-10-01"})
        (tmp_path / folder / f"{name}.project.json").write_text(text)
    manifests, _ = read_manifests([tmp_path / "b", tmp_path / "a"])
    assert [m.project for m in manifests] == ["a1", "a2", "b1"]


def test_no_project_may_be_called_unknown(read):
    assert read({"projectId": "unknown"})[0] == []


def test_the_second_manifest_of_an_id_is_left_out(read):
    read(dated("2025-10-01", None), "a.project.json")
    manifests, problems = read(dated("2020-10-01", None), "b.project.json")
    assert [m.path for m in manifests] == ["a.project.json"]
    assert problems == ["b.project.json: repeats the id of a.project.json; it is left out"]


def test_a_folder_named_like_a_manifest_is_passed_over(tmp_path):
    (tmp_path / "x.project.json").mkdir()
    assert read_manifests([tmp_path]) == ([], [])


PARTS = st.one_of(st.text(max_size=6), st.sampled_from(["..", ".", "", "a", "x" * 300, "C:"]))
NAMES = st.lists(PARTS, max_size=4).map("/".join)


@settings(max_examples=150, deadline=None)
@given(NAMES, NAMES, NAMES)
def test_no_name_in_a_manifest_stops_what_reads_all_of_them(
    tmp_path_factory, identity, title, root
):
    folder = tmp_path_factory.mktemp("ws")
    (folder / "projects").mkdir()
    for name, document in {
        "a": {"projectId": identity, "title": title, "paths": {"root": root}},
        "b": {"projectId": "sound"},
    }.items():
        (folder / f"projects/{name}.project.json").write_text(json.dumps(document), "utf-8")
    workspace = Workspace.open(folder)
    resolver = ProjectResolver.open(workspace)
    assert resolver.from_name("sound") == "sound"
    assert all(path.is_relative_to(folder) for path in workspace.image_roots())


@pytest.mark.parametrize(
    "identity", ["..", ".", "/etc", "../x", "a/../..", "x" * 256, 42, True, []]
)
def test_an_id_that_no_folder_of_the_workspace_can_have_is_reported_and_left_out(read, identity):
    manifests, problems = read({"projectId": identity})
    assert manifests == []
    assert problems == ["x.project.json: no usable projectId; it is left out"]
