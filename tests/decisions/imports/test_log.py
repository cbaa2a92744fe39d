import pytest

from prefml.boxes import Box
from prefml.decisions import read_decisions
from prefml.decisions.imports.log import CROPS, SETS, ImportedCrop, ImportedSet, ImportLogs
from prefml.exceptions import LogError
from prefml.workspace import Workspace

SET = ImportedSet("import-xmp", "s1", "p", "new/p/ä b.png", ("new/p/c,d.png",), "")
CROP = ImportedCrop("import-xmp", "p", "new/p/ä b.png", Box(0.1, 0.2, 0.9, 0.8), (40, 60))


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "images" / "p").mkdir(parents=True)
    return Workspace.open(tmp_path)


def test_what_is_written_is_what_ingest_reads(workspace):
    ImportLogs(workspace).write([SET], [CROP])
    found = read_decisions(workspace)
    assert len(found.quarantine) == 0
    chosen = found.items[found.items["chosen"]]
    assert list(chosen["filename"]) == ["ä b.png"]
    assert list(found.crops[["x1", "y1", "x2", "y2"]].iloc[0]) == pytest.approx(CROP.box)


def test_a_row_is_written_once_and_a_changed_one_takes_its_place(workspace):
    ImportLogs(workspace).write([SET], [CROP])
    other = SET._replace(winner=SET.losers[0], losers=(SET.winner,))
    more = SET._replace(set_id="s2")
    ImportLogs(workspace).write([other, more], [CROP])
    lines = (workspace.root / "data" / "training" / SETS).read_text().splitlines()
    assert len(lines) == 3
    assert "c,d.png" in lines[1].split("[")[0]
    assert len((workspace.root / "data" / "training" / CROPS).read_text().splitlines()) == 2


def test_earlier_rows_are_known(workspace):
    ImportLogs(workspace).write([SET], [CROP])
    logs = ImportLogs(workspace)
    assert logs.has_set("p", "s1")
    assert not logs.has_set("q", "s1")
    assert logs.has_crop("p", CROP.path)
    assert not logs.has_crop("p", "other.png")


def test_nothing_to_log_writes_nothing(workspace):
    assert ImportLogs(workspace).write([], []) == []
    assert not (workspace.root / "data").exists()


def test_logs_in_the_root_keep_being_read(workspace):
    (workspace.root / "log.csv").write_text("set_id,chosen_path,neg_paths\n")
    assert ImportLogs(workspace).write([SET], []) == [workspace.root / SETS]


def test_a_file_of_someone_else_is_not_overwritten(workspace):
    place = workspace.root / "data" / "training" / SETS
    place.parent.mkdir(parents=True)
    place.write_text("a,b\n1,2\n")
    with pytest.raises(LogError, match="not as prefml import writes it"):
        ImportLogs(workspace).write([SET], [])
    assert place.read_text() == "a,b\n1,2\n"


def test_lines_that_were_shortened_by_hand_stay(workspace):
    ImportLogs(workspace).write([SET], [])
    place = workspace.root / "data" / "training" / SETS
    place.write_text(place.read_text() + "odd,line\n")
    ImportLogs(workspace).write([SET._replace(set_id="s2")], [])
    assert "odd,line\n" in place.read_text()
