import pytest

from prefml.decisions.set_rule import SetRule
from prefml.exceptions import ConfigError, WorkspaceError
from prefml.suggest.grouping.by_table import group_by_table, read_table
from prefml.workspace import Workspace

from .pictures import alone_of, picture, pictures, sets_of

RULE = SetRule(name="table", table="sets.csv")


@pytest.fixture
def table(tmp_path):
    def write(text):
        (tmp_path / "sets.csv").write_text(text, encoding="utf-8")
        return read_table(Workspace.open(tmp_path), "sets.csv")

    return write


@pytest.mark.parametrize("header", ["set,image", "image,set", "group_id,Path", "set_id,filename,x"])
def test_columns_of_several_names_are_read(table, header):
    places = [name.lower() in ("set", "group_id", "set_id") for name in header.split(",")]
    cells = ["s" if is_set else "a.png" for is_set in places]
    assert table(f"{header}\n{','.join(cells)}\n") == [("s", "a.png")]


def test_a_table_that_cannot_be_read_is_one_clear_error(table, tmp_path):
    with pytest.raises(ConfigError, match="columns set and image"):
        table("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"sets\.csv"):
        table("")
    with pytest.raises(ConfigError, match="No such file"):
        read_table(Workspace.open(tmp_path), "gone.csv")
    with pytest.raises(WorkspaceError, match="outside"):
        read_table(Workspace.open(tmp_path), "../x.csv")


def test_sets_are_those_of_the_table_in_its_order():
    rows = [("s", "b.png"), ("s", "new/p/a.png"), ("t", "c.png")]
    made = group_by_table(pictures("a.png", "b.png", "c.png", "d.png"), RULE, rows)
    assert sets_of(made) == [["b.png", "a.png"]]
    assert alone_of(made) == {
        "c.png": "no other picture of its set in the table is there",
        "d.png": "the table does not name it",
    }


def test_pictures_that_are_not_there_are_counted():
    rows = [("s", "a.png"), ("s", "gone.png"), ("s", "lost.png")]
    made = group_by_table(pictures("a.png"), RULE, rows)
    assert made.notes == ["sets.csv names 2 pictures that are not there, such as gone.png"]


def test_a_picture_in_two_sets_is_an_error_that_names_both():
    with pytest.raises(ConfigError, match="sets s and t"):
        group_by_table(pictures("a.png"), RULE, [("s", "a.png"), ("t", "a.png")])


def test_a_bare_name_counts_only_where_it_is_unique():
    files = pictures("x/a.png", "y/a.png", "b.png")
    made = group_by_table(files, RULE, [("s", "a.png"), ("s", "b.png")])
    assert made.sets == []
    assert len(made.notes) == 1


def test_a_name_counts_composed_or_decomposed():
    files = pictures("Ba\u0308ume.png", "b.png")
    made = group_by_table(files, RULE, [("s", "Bäume.png"), ("s", "new/p/b.png")])
    assert len(made.sets) == 1


def test_a_set_of_two_projects_is_refused():
    files = [picture("a.png"), picture("b.png", "q")]
    made = group_by_table(files, RULE, [("s", "a.png"), ("s", "b.png")])
    assert set(alone_of(made).values()) == {"its set in the table joins two projects"}


def test_a_set_above_the_most_is_a_counted_remainder():
    names = [f"{i}.png" for i in range(13)]
    made = group_by_table(pictures(*names), RULE, [("s", name) for name in names])
    assert (len(made.sets), made.reasons.total()) == (0, 13)
