from __future__ import annotations

import json

import pytest

from prefml import sample
from prefml.cli import main
from prefml.sample import SampleReport


@pytest.fixture
def written(monkeypatch):
    calls = []

    def write(folder, track):
        calls.append(folder)
        return SampleReport(folder, 770, 32, 640, 20, 1847, 1861, 1.234)

    monkeypatch.setattr(sample, "write_sample", write)
    return calls


def test_sample_is_written_below_the_current_folder_by_default(written):
    assert main(["sample"]) == 0
    assert written == ["sample"]


def test_sample_prints_one_json_object(written, capsys):
    assert main(["sample", "somewhere", "--json"]) == 0

    printed = json.loads(capsys.readouterr().out)

    assert printed["folder"] == "somewhere"
    assert printed["sets"] == 770


def test_sample_names_the_next_step(written, capsys):
    main(["sample", "somewhere"])

    assert "prefml --workspace somewhere embed" in capsys.readouterr().out


def test_sample_refuses_a_folder_with_other_files_in_one_line(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep me")

    assert main(["sample", str(tmp_path)]) == 1

    assert capsys.readouterr().err.count("\n") == 1
