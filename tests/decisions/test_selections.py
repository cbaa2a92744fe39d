from __future__ import annotations

import csv
import io
import json
from functools import partial
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefml.decisions.quarantine import RowRefusedError
from prefml.decisions.selections import make_choice, read_list


@pytest.mark.parametrize(
    "cell",
    [
        '["m/a.png", "m/b c.png"]',
        '[""m/a.png"", ""m/b c.png""]',
        "['m/a.png', 'm/b c.png']",
        " ['m/a.png','m/b c.png'] ",
        "('m/a.png', 'm/b c.png')",
        "['m/a.png', \"m/b c.png\"]",
        r"['m/a.png', 'm\x2fb c.png']",
    ],
)
def test_every_spelling_of_a_list_is_read(cell):
    assert read_list(cell) == ["m/a.png", "m/b c.png"]


def test_an_apostrophe_in_a_path_survives():
    assert read_list("""["o'brien/a.png"]""") == ["o'brien/a.png"]
    assert read_list("""["o'brien/a.png", 'b.png']""") == ["o'brien/a.png", "b.png"]


@pytest.mark.parametrize(
    "cell",
    [
        "", "a.png", "[", '["a.png"', "[a.png]", "[1, 2]", '{"a": 1}', "null", '[["a.png"]]',
        '[""]', '["folder/"]', '["\\ud800.png"]', '["a\\u0000.png"]', "__import__('os').getcwd()",
        "[" * 100_000, "-" * 100_000 + "1", "['a.png'," * 200_000, r"['\d']]",
    ],
)  # fmt: skip
def test_what_is_no_list_of_paths_is_unreadable(cell):
    with pytest.raises(RowRefusedError, match="unreadable_list"):
        read_list(cell)


def test_a_list_may_be_a_million_letters_long_and_no_longer():
    cell = '["a.png"' + " " * (1_000_000 - 9) + "]"
    assert read_list(cell) == ["a.png"]
    with pytest.raises(RowRefusedError, match="unreadable_list"):
        read_list(cell + " ")


def test_an_unreadable_list_is_shown_by_its_first_letters():
    with pytest.raises(RowRefusedError, match=f"^unreadable_list: {'x' * 200}$"):
        read_list("x" * 300)


def test_an_image_listed_twice_is_one_image():
    choice = make_choice("s", "g", ["m/w.png", "m/l.png", "other/l.png"], "m/w.png")
    assert choice == ("s", "g", ("m/w.png", "m/l.png"), 0, False)


def test_the_winner_may_stand_anywhere_in_its_set():
    choice = make_choice("s", "g", ["m/l.png", "m/l.png", "m/w.png"], "m/w.png", corrected=True)
    assert choice == ("s", "g", ("m/l.png", "m/w.png"), 1, True)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["m/"], "no_image: chosen path 'm/'"),
        (["m/w.png"], "no_losers: only m/w.png"),
        (["m/w.png", "other/w.png"], "winner_among_losers: m/w.png"),
    ],
)
def test_a_refused_choice_says_what_was_chosen(paths, said):
    with pytest.raises(RowRefusedError, match=f"^{said}$"):
        make_choice("s", "g", paths, paths[0])


def test_a_selection_log_needs_set_winner_and_losers(bench):
    bench.log("a.csv", "set_id,chosen_path,neg_paths", "g,mojo1/a.png,['b.png']")
    bench.log("b.csv", "chosen_path,neg_paths", "mojo1/c.png,['d.png']")
    bench.log("c.csv", "set_id,neg_paths", "g,['d.png']")
    decisions = bench.read()
    assert decisions.items["set_id"].tolist() == ["mojo1//g"] * 2
    assert decisions.items["timestamp"].isna().all()
    assert decisions.quarantine[["file", "reason", "detail"]].to_numpy().tolist() == [
        ["data/training/b.csv", "unknown_columns", "chosen_path,neg_paths"],
        ["data/training/c.csv", "unknown_columns", "set_id,neg_paths"],
    ]


def test_a_row_of_another_length_is_told_both_lengths(bench):
    bench.selections("s,g,mojo1/a.png")
    assert bench.read().quarantine["detail"].tolist() == ["3 fields, 5 columns"]


def test_the_date_gives_the_project_of_a_set(bench):
    bench.project("mojo3", "2025-10-01", "2025-10-11")
    bench.selections("s,g,x/a.png,\"['x/b.png']\",2025-10-05")
    assert bench.read().items["project"].tolist() == ["mojo3"] * 2


def test_a_row_is_a_set_with_one_chosen_image(bench):
    row = "s1,group_8,x/mojo1_final/g/20250727_224840_stage1_generated.png,"
    row += '"[""x/mojo1/20250727_224900_stage2_upscaled.png""]",20250727_224840'
    bench.selections(row)
    items = bench.read().items
    assert items["set_id"].tolist() == ["mojo1/s1/group_8"] * 2
    assert items["chosen"].tolist() == [True, False]
    assert items["stage"].tolist() == [1.0, 2.0]
    assert items["filename"].tolist()[1] == "20250727_224900_stage2_upscaled.png"
    assert str(items["timestamp"][0]) == "2025-07-27 22:48:40+00:00"
    assert items["line"].tolist() == [2, 2]
    assert items["source"][0] == "data/training/selection_only_log.csv"


def test_python_lists_and_a_project_column_are_read(bench):
    header = (
        "session_id,set_id,project,chosen_stage,max_rejected_stage,chosen_path,rejected_paths,"
        "timestamp"
    )
    row = "s,g,mojo2,1,2,a.png,\"['b.png', 'c.png']\",2025-09-03T23:15:43+00:00"
    bench.log("lower_stage_cases.csv", header, row)
    assert bench.read().items["project"].tolist() == ["mojo2"] * 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('s,g,mojo1/a.png,"[""mojo2/b.png""]",', "mixed_projects"),
        ("s,g,mojo1/x/mojo2/a.png,\"['b.png']\",", "mixed_projects"),
        ("s,g,mojo1/a.png,[],", "no_losers"),
        ('s,g,mojo1_final/a.png,"[""mojo1/a.png"", ""mojo1/b.png""]",', "winner_among_losers"),
        ("s,g,mojo1/a.png,b.png;c.png,", "unreadable_list"),
        ("s,g,,\"['b.png']\",", "no_image"),
        ("s,g,mojo1/,\"['b.png']\",", "no_image"),
        ("s,g,mojo1/a.png", "wrong_fields"),
        ("s,g,mojo1/a.png,['b.png', 'c.png'],x,y", "wrong_fields"),
    ],
)
def test_a_set_that_cannot_be_used_is_quarantined(bench, row, reason):
    bench.selections(row)
    assert bench.reasons() == {reason: 1}


def test_a_quarantined_row_is_named_with_its_place_and_text(bench):
    bench.selections("s,g,mojo1/a.png,[],")
    found = bench.read().quarantine.iloc[0]
    assert (found["file"], found["line"]) == ("data/training/selection_only_log.csv", 2)
    assert found["row"] == "s,g,mojo1/a.png,[],"
    assert found["detail"] == "only mojo1/a.png"


def test_a_set_of_no_known_project_is_accepted_as_unknown(bench):
    bench.selections("s,g,mojo10/a.png,\"['mojo10/b.png']\",2025-10-05")
    decisions = bench.read()
    assert set(decisions.items["project"]) == {"unknown"}
    assert decisions.unmatched.to_dict("records") == [
        {"folder": "mojo10", "rows": 1, "by_date": 0, "unknown": 1}
    ]


def test_keys_of_different_sets_never_meet(bench):
    rows = ["a/b,c,mojo1/1.png,\"['2.png']\",", "a,b/c,mojo1/3.png,\"['4.png']\","]
    bench.selections(*rows)
    assert bench.read().items["set_id"].nunique() == 2


def test_rows_without_a_set_id_are_sets_of_their_own(bench):
    rows = ["s,,mojo1/1.png,\"['2.png']\",", "s,,mojo1/3.png,\"['4.png']\","]
    bench.selections(*rows)
    assert bench.read().items["set_id"].nunique() == 2


@pytest.mark.parametrize(
    "cell",
    [
        r'["C:\training\beta\b1.png"]',
        r"['C:\new\x41.png']",
        r'["D:\u00e9t\u00e9.png"]',
        r"['pics\q\20250705.png']",
        '["a\tb.png"]',
        '["a\x85.png"]',
    ],
)
def test_escapes_that_nobody_meant_make_no_names(cell):
    with pytest.raises(RowRefusedError, match="unreadable_list"):
        read_list(cell)


def test_a_windows_path_that_holds_no_escape_is_read_as_it_stands():
    assert read_list(r"['C:\pics\q.png']") == [r"C:\pics\q.png"]


@pytest.mark.parametrize("winner", ["mojo1/a\tb.png", "mojo1/\x1b[31m.png"])
def test_a_winner_with_control_characters_is_no_image(winner):
    with pytest.raises(RowRefusedError, match="no_image"):
        make_choice("s", "g", [winner, "mojo1/b.png"], winner)


part = st.text(st.characters(codec="utf-8", exclude_characters='/\\\0"'), min_size=1, max_size=8)
named = st.characters(
    codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters='/\\"'
)
image = st.text(named, min_size=1, max_size=8).map(partial(normalize, "NFC"))
image = image.filter(str.strip).map(lambda name: f"{name}.png")
logged_sets = st.lists(
    st.tuples(part, st.lists(image, min_size=2, max_size=4, unique=True)), max_size=6
)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(logged_sets, st.sampled_from([json.dumps, str]))
def test_a_log_that_is_written_is_read_back(bench, sets, spell):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["session_id", "set_id", "chosen_path", "neg_paths", "timestamp"])
    for number, (session, names) in enumerate(sets):
        losers = spell([f"mojo1/{name}" for name in names[1:]])
        writer.writerow([session, f"g{number}", f"mojo1/won{number} {names[0]}", losers, ""])
    (bench.training / "log.csv").write_text(text.getvalue(), "utf-8", newline="")
    items = bench.read().items
    found = items.groupby("set_id", sort=False)["filename"].agg(list).tolist()
    expected = [[f"won{n} {names[0]}", *names[1:]] for n, (_, names) in enumerate(sets)]
    assert found == expected
    assert items["chosen"].sum() == len(sets)
