from __future__ import annotations

import csv
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.decisions import read_decisions
from prefml.decisions.quarantine import REASONS
from prefml.exceptions import PrefmlError
from prefml.workspace import Workspace


def assert_no_row_vanishes(decisions):
    listed = decisions.quarantine.groupby(["file", "reason"]).size().to_dict()
    for file in decisions.files:
        assert file.rows == file.accepted + sum(file.quarantined.values())
        for reason, count in file.quarantined.items():
            assert reason in REASONS
            assert listed.pop((file.path, reason)) == count
    assert listed == {}


def test_an_empty_workspace_has_no_files_and_empty_typed_frames(tmp_path):
    decisions = read_decisions(Workspace.open(tmp_path))
    assert decisions.files == ()
    assert decisions.items.empty
    assert decisions.items.dtypes["timestamp"] == "datetime64[us, UTC]"
    assert decisions.crops.dtypes["x1"] == "float64"
    assert decisions.items.dtypes["chosen"] == "bool"


def test_empty_and_full_frames_have_the_same_types(bench):
    bench.selections("s,g,mojo1/a.png,\"['mojo1/b.png']\",2025-10-05")
    bench.crops(bench.crop_row())
    full = bench.read()
    (bench.training / "selection_only_log.csv").unlink()
    (bench.training / "select_crop_log.csv").unlink()
    empty = bench.read()
    for name in ("items", "crops"):
        assert getattr(full, name).dtypes.to_dict() == getattr(empty, name).dtypes.to_dict()


def test_an_unknown_header_refuses_every_row_of_the_file(bench):
    bench.log("scores.csv", "project,filename,mos", "a,b,1", "", "c,d,2")
    decisions = bench.read()
    assert decisions.files[0].quarantined == {"unknown_columns": 2}
    assert_no_row_vanishes(decisions)


def test_beside_no_training_folder_other_tables_are_passed_over(tmp_path):
    (tmp_path / "scores.csv").write_text("project,filename,mos\na,b,1\n")
    (tmp_path / "log.csv").write_text(
        "session_id,set_id,chosen_path,neg_paths,timestamp\ns,g,a.png,\"['b.png']\",\n"
    )
    decisions = read_decisions(Workspace.open(tmp_path))
    assert [file.path for file in decisions.files] == ["log.csv"]


def test_our_own_report_is_no_log(bench):
    bench.log("report.csv", "file,line,reason,detail,row", "a,1,b,c,d")
    assert bench.read().files == ()


def test_a_folder_named_like_a_log_is_passed_over(bench):
    (bench.training / "x.csv").mkdir()
    (bench.root / "decisions" / "x.decision").mkdir(parents=True)
    assert bench.read().files == ()


def test_rows_that_are_not_utf8_are_quarantined_and_the_others_read(bench):
    bench.crops(bench.crop_row(), bench.crop_row("mojo1/b.png"))
    path = bench.training / "select_crop_log.csv"
    path.write_bytes(path.read_bytes().replace(b"mojo1/b", b"mojo1/\xe9"))
    decisions = bench.read()
    assert len(decisions.crops) == 1
    assert decisions.quarantine["reason"].tolist() == ["unreadable_row"]
    assert "\\xe9.png" in decisions.quarantine["row"][0].replace("\\udce9", "\\xe9")


def test_a_log_with_mark_and_crlf_is_read_like_any_other(bench):
    bench.crops(bench.crop_row(), bench.crop_row("mojo1/b.png"))
    path = bench.training / "select_crop_log.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(bench.read().crops) == 2


@pytest.fixture
def everything(bench):
    bench.project("mojo3", "2025-10-01", "2025-10-31")
    bench.selections(
        's,g1,mojo1/a.png,"[""mojo1/b.png""]",2025-10-05T01:43:47Z',
        "s,g2,mojo1/c.png,\"['mojo1/d.png', 'mojo1/e.png']\",20250727_224840",
    )
    bench.crops(
        bench.crop_row(),
        bench.crop_row("crop/b.png", size="0,0"),
        "x,mojo1,/t/mojo1_final/a.png,2.0,0.0,0.0,1.0,1.0,2025-09-23T00:20:47+00:00",
    )
    bench.crops_v2("2025-10-05T00:00:00Z,mojo2,a.png,0,0,.5,.75,200,400")
    sandbox = bench.root / "sandbox"
    sandbox.mkdir()
    group = {"group_id": "g", "images": ["mojo1/x.png", "mojo1/y.png"]}
    (sandbox / "automation_decisions.jsonl").write_text(json.dumps(group) + "\n")
    reviewed = {"group_id": "g", "action": "approved", "final_choice": "x.png",
                "crop_coords": [0, 0, 1, 1], "timestamp": "2025-10-05T01:43:47Z"}  # fmt: skip
    (sandbox / "approved_decisions.jsonl").write_text(json.dumps(reviewed) + "\n")
    (bench.root / "decisions").mkdir()
    label = {"project_id": "mojo3", "ai_crop_accepted": True, "ai_crop_coords": [0, 0, 0.5, 1]}
    (bench.root / "decisions" / "z.decision").write_text(json.dumps(label))
    return bench


def test_every_format_is_read_at_once(everything):
    decisions = everything.read()
    assert decisions.items["set_id"].nunique() == 3
    assert len(decisions.crops) == 4
    assert decisions.quarantine["reason"].tolist() == ["unknown_size", "placeholder"]
    assert_no_row_vanishes(decisions)


mutation = st.tuples(
    st.sampled_from(["set", "cut", "insert", "double"]),
    st.integers(0, 10_000),
    st.one_of(
        st.integers(0, 255).map(lambda code: bytes([code])),
        st.sampled_from(
            [
                b"\0",
                b"\xff",
                b'"',
                b"\n",
                b"\r",
                b"nan",
                b"-1",
                b"1e308",
                b"\xef\xbb\xbf",
                b"[" * 99,
            ]
        ),
    ),
)


def mutate(raw, kind, place, with_bytes):
    place %= len(raw) + 1
    if kind == "cut":
        return raw[:place]
    if kind == "double":
        return raw + raw[place:]
    return raw[:place] + with_bytes + raw[place + (kind == "set") :]


damage = given(st.integers(0, 8), st.lists(mutation, min_size=1, max_size=4))


def fuzz(examples):
    return settings(
        max_examples=examples,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        deadline=None,
    )


@fuzz(100)
@damage
def test_damaged_files_never_raise_and_no_row_vanishes(everything, which, mutations):
    assert_damage_is_survived(everything, which, mutations)


@pytest.mark.slow
@fuzz(3000)
@damage
def test_thousands_of_damaged_files_never_raise(everything, which, mutations):
    assert_damage_is_survived(everything, which, mutations)


def assert_damage_is_survived(everything, which, mutations):
    files = sorted(path for path in everything.root.rglob("*") if path.is_file())
    path = files[which % len(files)]
    sound = path.read_bytes()
    damaged = sound
    for step in mutations:
        damaged = mutate(damaged, *step)
    path.write_bytes(damaged)
    try:
        decisions = everything.read()
    except PrefmlError:
        return
    finally:
        path.write_bytes(sound)
    assert_no_row_vanishes(decisions)
    boxes = decisions.crops[["x1", "y1", "x2", "y2"]].to_numpy()
    assert ((boxes >= 0) & (boxes <= 1)).all()
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    for _, members in decisions.items.groupby("set_id"):
        assert members["chosen"].sum() == 1
        assert len(members) > 1


def test_files_come_in_order_and_tell_their_reasons_most_frequent_first(bench):
    refused = ["s,g,,\"['b.png']\",", "s,h,mojo1/a.png,[],", "s,i,mojo1/c.png,[],"]
    bench.selections(*refused, "s,j,mojo1/a.png,\"['mojo1/b.png']\",", name="b.csv")
    bench.crops(bench.crop_row(), name="a.csv")
    first, second = bench.read().files
    assert (first.path, first.rows, first.accepted) == ("data/training/a.csv", 1, 1)
    assert (second.path, second.rows, second.accepted) == ("data/training/b.csv", 4, 1)
    assert list(second.quarantined.items()) == [("no_losers", 2), ("no_image", 1)]


def test_a_part_of_a_row_that_is_not_used_is_a_problem_with_its_place(everything):
    (everything.root / "sandbox" / "automation_decisions.jsonl").unlink()
    label = {"group_id": "h", "action": "approved", "images": ["mojo1/a.png", "mojo1/q.png"],
             "final_choice": "a.png", "crop_coords": [0, 0, 1, 1]}  # fmt: skip
    (everything.root / "sandbox" / "approved_decisions.jsonl").write_text(json.dumps(label))
    (problem,) = everything.read().problems
    first = "first in data/training/select_crop_log.csv:2"
    place = "sandbox/approved_decisions.jsonl:1"
    assert problem == f"{place}: part of the row is not used: repeat_crop, {first}"


def test_the_columns_of_an_unknown_file_are_shown_up_to_200_letters(bench):
    bench.log("scores.csv", ",".join(["c" * 30] * 9), "1")
    (detail,) = bench.read().quarantine["detail"]
    assert detail == ",".join(["c" * 30] * 9)[:200]


def test_rows_are_counted_as_the_csv_module_parses_them(everything):
    path = everything.training / "select_crop_log.csv"
    path.write_bytes(path.read_bytes().replace(b"crop/b.png", b'"crop/b.png', 1))
    counted = {file.path: file.rows for file in everything.read().files}
    with path.open(newline="") as file:
        rows = [fields for fields in csv.reader(file) if fields]
    assert counted["data/training/select_crop_log.csv"] == len(rows) - 1


def test_two_columns_of_one_name_make_a_header_unknown(bench):
    header = "session_id,set_id,chosen_path,neg_paths,timestamp"
    row = "s,1,mojo1/a.png,\"['mojo1/b.png']\",2025-10-05"
    bench.log("twice.csv", f"{header},chosen_path", f"{row},mojo1/c.png")
    bench.log("empty.csv", f"{header},,", f"{row},,")
    found = {file.path.rpartition("/")[2]: file for file in bench.read().files}
    assert found["twice.csv"].quarantined == {"unknown_columns": 1}
    assert found["empty.csv"].accepted == 1
