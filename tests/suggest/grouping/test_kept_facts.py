import os

import pytest

from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping import kept_facts
from prefml.suggest.grouping.kept_facts import facts_path
from prefml.workspace import Workspace

from .pictures import save


@pytest.fixture
def workspace(tmp_path):
    return Workspace.open(tmp_path)


def load_facts(workspace, images):
    with kept_facts.kept_facts(workspace) as facts:
        return facts(images)


def found(workspace, name, seed):
    path = save(workspace.root / name, {"parameters": f"a\nSteps: 1, Seed: {seed}"})
    status = path.stat()
    return ImageFile("p", name, name, status.st_size, status.st_mtime_ns)


def test_a_file_is_opened_once(workspace, monkeypatch):
    image = found(workspace, "a.png", 7)
    first = load_facts(workspace, [image])
    monkeypatch.setattr(kept_facts, "read_facts", lambda path: pytest.fail("opened again"))
    assert load_facts(workspace, [image]) == first
    assert first["a.png"].seed == 7


def test_a_changed_file_is_read_again_and_others_are_kept(workspace):
    images = [found(workspace, "a.png", 7), found(workspace, "b.png", 8)]
    load_facts(workspace, images)
    os.utime(workspace.root / "a.png", ns=(1, 1))
    changed = ImageFile("p", "a.png", "a.png", images[0].file_size, 1)
    assert load_facts(workspace, [changed])["a.png"].seed == 7
    lines = facts_path(workspace).read_text().splitlines()
    assert len(lines) == 2


NO_FACTS = '{"path": "a.png", "file_size": 1, "mtime_ns": 1, "version": 1}'


@pytest.mark.parametrize("line", ["{", "[]", NO_FACTS, '{"path": 3}', "\udcff"])
def test_kept_facts_that_cannot_be_used_are_read_anew(workspace, line):
    image = found(workspace, "a.png", 7)
    image = ImageFile("p", "a.png", "a.png", 1, 1)
    workspace.sandbox.mkdir()
    facts_path(workspace).write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    assert load_facts(workspace, [image])["a.png"].seed == 7


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(workspace, monkeypatch):
    def refuse(path, rows):
        raise PermissionError

    monkeypatch.setattr(kept_facts, "write_lines", refuse)
    assert load_facts(workspace, [found(workspace, "a.png", 7)])["a.png"].seed == 7


def test_the_largest_seeds_are_kept(workspace, monkeypatch):
    image = found(workspace, "a.png", "9" * 20)
    load_facts(workspace, [image])
    monkeypatch.setattr(kept_facts, "read_facts", lambda path: pytest.fail("opened again"))
    assert load_facts(workspace, [image])["a.png"].seed == int("9" * 20)


def test_facts_of_another_version_are_read_anew(workspace, monkeypatch):
    image = found(workspace, "a.png", 7)
    load_facts(workspace, [image])
    monkeypatch.setattr(kept_facts, "_VERSION", 2)
    monkeypatch.setattr(kept_facts, "read_facts", lambda path: kept_facts.PictureFacts(seed=8))
    assert load_facts(workspace, [image])["a.png"].seed == 8
