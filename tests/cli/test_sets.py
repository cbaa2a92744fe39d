import json

import pytest
from PIL import Image

from prefml.cli import main


@pytest.fixture
def place(tmp_path):
    def write(*names, config=""):
        for name in names:
            path = tmp_path / "new" / "p" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8)).save(path)
        (tmp_path / "prefml.toml").write_text(config)
        return tmp_path

    return write


def call(workspace, capsys, *words):
    status = main(["--workspace", str(workspace), "sets", *words])
    return status, capsys.readouterr()


def test_the_object_names_sets_and_pictures_that_are_alone(place, capsys):
    root = place("a.png", "a-Edit.png", "b.png", "a-mask.png")
    status, printed = call(root, capsys, "--rule", "name", "--json")
    assert status == 0, printed.err
    found = json.loads(printed.out)
    assert found["sets"] == [
        {"project": "p", "images": ["new/p/a-Edit.png", "new/p/a.png"], "rule": "name",
         "doubt": None}
    ]  # fmt: skip
    assert {one["image"]: one["reason"] for one in found["alone"]} == {
        "new/p/b.png": "no other picture has a name of the same set",
        "new/p/a-mask.png": "a by-product: a mask",
    }


def test_auto_names_the_rule_of_each_folder_and_why(place, capsys):
    root = place("a.png", "a-Edit.png")
    status, printed = call(root, capsys)
    assert status == 0
    assert "new/p (2): name, for names that differ in suffixes" in printed.out
    assert "1 set of 2 pictures, 0 of them doubtful, and 0 pictures alone." in printed.out


def test_auto_asks_where_it_is_not_sure_and_the_command_it_names_works(place, capsys):
    root = place("p.png", "q.png")
    status, printed = call(root, capsys)
    assert status == 0
    assert "not sure" in printed.out
    assert f"prefml sets --workspace {root} new/p --rule folder" in printed.out
    status, printed = call(root, capsys, "new/p", "--rule", "folder", "--json")
    assert len(json.loads(printed.out)["sets"]) == 1


def test_stage_words_that_were_found_are_proposed_as_they_are_stated(place, capsys):
    names = [f"20250101_0000{i:02}_{word}.png" for i, word in enumerate(["draft", "done"] * 5)]
    root = place(*names)
    proposed = '[sets]\nrule = "stages"\nstages = ["draft", "done"]'
    printed = call(root, capsys)[1].out
    assert proposed in printed
    before = json.loads(call(root, capsys, "--json")[1].out)["sets"]
    (root / "prefml.toml").write_text(proposed)
    assert json.loads(call(root, capsys, "--json")[1].out)["sets"] == before


def test_the_configuration_states_the_rule(place, capsys):
    config = '[sets]\nrule = "stages"\nstages = ["draft", "done"]\n'
    root = place("20250101_000000_draft.png", "20250101_000100_done.png", config=config)
    found = json.loads(call(root, capsys, "--json")[1].out)
    assert [one["rule"] for one in found["sets"]] == ["stages"]
    options = ("--stage", "done", "--stage", "draft", "--json")
    assert json.loads(call(root, capsys, *options)[1].out)["sets"] == []


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('[sets]\nrule = "stacks"\n', "one of auto"),
        ('[sets]\nexpression = "("\n', "regular expression"),
        ('[sets]\nexpression = "(x)"\n', "no group set"),
        ('[sets]\ntable = "gone.csv"\n', "gone.csv"),
        ("[sets]\nmost = 1\n", "at least 2"),
    ],
)
def test_a_rule_that_cannot_be_used_is_one_line(place, capsys, config, words):
    status, printed = call(place("a.png", config=config), capsys)
    assert status == 1
    assert printed.err.count("\n") == 1
    assert words in printed.err


def test_wrong_usage_ends_with_two(place, capsys):
    assert call(place("a.png"), capsys, "--rule", "stacks")[0] == 2


def test_a_table_that_names_what_is_not_there_is_counted(place, capsys):
    root = place("a.png", "b.png")
    (root / "sets.csv").write_text("set,image\ns,a.png\ns,b.png\ns,c.png\n")
    found = json.loads(call(root, capsys, "--table", "sets.csv", "--json")[1].out)
    assert found["sets"][0]["rule"] == "table"
    assert "names 1 picture that is not there, such as" in found["notes"][0]


def test_a_contact_sheet_is_written_inside_the_workspace_only(place, capsys):
    root = place("a.png", "a-Edit.png")
    assert call(root, capsys, "--html", "sheet.html")[0] == 0
    assert "a-Edit.png" in (root / "sheet.html").read_text()
    assert call(root, capsys, "--html")[0] == 0
    assert (root / "sandbox" / "sets.html").exists()
    for name, words in (("../x.html", "outside"), ("new", "is a folder")):
        status, printed = call(root, capsys, "--html", name)
        assert status == 1
        assert words in printed.err


def test_doubtful_sets_are_named(place, capsys):
    root = place(*(f"{i:02}.png" for i in range(14)))
    printed = call(root, capsys, "--rule", "folder")[1]
    assert "doubtful: new/p/00.png and 6 more" in printed.out


def test_many_folders_are_named_in_part(place, capsys):
    root = place(*(f"2025-01-{day:02}/x{day}.png" for day in range(1, 13)))
    assert "... and 4 more folders" in call(root, capsys)[1].out


@pytest.fixture
def corrected(place):
    root = place("a.png", "a-Edit.png", "b.png", "b-Edit.png")
    line = {"project_id": "p", "corrected": "2025-07-05T12:00:00Z"}
    sets = [["new/p/a.png", "new/p/b.png"], ["new/p/a-Edit.png"]]
    (root / "sandbox").mkdir()
    (root / "sandbox" / "set_corrections.jsonl").write_text(
        "".join(
            json.dumps({**line, "group_id": images[0], "images": images}) + "\n" for images in sets
        )
    )
    return root


def test_each_rule_is_measured_against_corrected_sets(corrected, capsys):
    found = json.loads(call(corrected, capsys, "--rule", "name", "--json")[1].out)
    assert [one["images"] for one in found["sets"]] == [["new/p/a.png", "new/p/b.png"]]
    assert found["sets"][0]["rule"] == "corrected"
    told = found["corrections"]
    assert (told["sets"], told["pictures"]) == (2, 3)
    rules = {one["rule"]: one for one in told["rules"]}
    assert rules["name"] == {
        "rule": "name", "pairs": 1, "found": 1, "right": 0, "precision": 0.0, "recall": 0.0,
        "problem": None,
    }  # fmt: skip
    assert (rules["folder"]["precision"], rules["folder"]["recall"]) == (pytest.approx(1 / 3), 1)
    assert rules["similar"]["problem"] == "no vectors yet; run: prefml embed"


def test_the_measures_are_told_in_words(corrected, capsys):
    told = call(corrected, capsys, "--rule", "name")[1].out
    assert "Against the 2 sets of 3 pictures that you corrected" in told
    assert "  folder: precision 0.333 (1 of 3), recall 1.000 (1 of 1)" in told
    assert "  stages: precision none (0 of 0), recall 0.000 (0 of 1)" in told
    assert "  table: not measured, no table is stated" in told


def test_without_corrections_nothing_is_measured(place, capsys):
    root = place("a.png", "a-Edit.png")
    assert json.loads(call(root, capsys, "--json")[1].out)["corrections"] is None
    assert "corrected" not in call(root, capsys)[1].out
