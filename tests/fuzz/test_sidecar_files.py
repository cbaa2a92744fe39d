"""A thousand damaged copies of each sidecar file: refused, or exactly what was written."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from prefml.encoders.spec import EncoderSpec
from prefml.sidecars import compact as compacting
from prefml.sidecars.compact import Selection, compact
from prefml.sidecars.layout import data_set, list_parts
from prefml.sidecars.recovery import recover
from prefml.sidecars.schema import KINDS, Provenance, part_schema
from prefml.sidecars.sources import find_sources, write_part
from prefml.sidecars.store import read_sidecars

from . import logs
from .conftest import CASES, place
from .damage import Damage

ROWS, DIM = 12, 8
HALF = (0.5, 0.5, 0.5)
SPEC = EncoderSpec("tiny", DIM, 8, "stretch", "box", "none", HALF, HALF, "none", "0" * 64)
PROVENANCE = Provenance(SPEC, "0123456789abcdef", ("width", "height", "sharpness"), "a" * 16)


def rows(seed: int = 5) -> pa.Table:
    random = np.random.default_rng(seed)
    columns = {
        "project": ["alpha", "beta"] * (ROWS // 2),
        "filename": [logs.name(n) for n in range(ROWS)],
        "path": [f"images/{logs.name(n)}" for n in range(ROWS)],
        "file_size": list(range(1000, 1000 + ROWS)),
        "mtime_ns": [10**18 + n for n in range(ROWS)],
        "embedding": list(random.normal(size=(ROWS, DIM)).astype(np.float32)),
        "phash": [f"{n:016x}" for n in range(ROWS)],
        "stage": [1.0, None] * (ROWS // 2),
        **{name: random.normal(size=ROWS).astype(np.float32) for name in PROVENANCE.cue_names},
    }
    return pa.table(columns, schema=part_schema(PROVENANCE))


@pytest.fixture
def folder(tmp_path):
    """A sidecar folder with rows of two projects."""
    write_rows(tmp_path, PROVENANCE)
    return tmp_path


def write_rows(folder, provenance, seed=5):
    schema = part_schema(provenance)
    part = write_part(folder, "part-00000001.parquet", schema, rows(seed))
    compact(folder, provenance, [Selection.of_all(part)], list_parts(folder))


def same(found, sound) -> bool:
    return (
        found.index.equals(sound.index)
        and np.array_equal(found.embeddings, sound.embeddings)
        and np.array_equal(found.hashes, sound.hashes)
        and found.cues.equals(sound.cues)
        and (found.encoder, found.cue_identity) == (sound.encoder, sound.cue_identity)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_sidecar_is_refused_or_what_was_written(folder, attack, kind):
    path, damage = next(data_set(folder, kind).glob("alpha/*")), Damage(121)
    raw, sound = path.read_bytes(), read_sidecars(folder)

    def read(copy):
        place(path, copy)
        return read_sidecars(folder)

    def judge(found):
        assert same(found, sound)
        return "unchanged"

    counts = attack(f"{kind}.parquet", damage.copies(raw, CASES), read, judge)
    assert counts["refused"] > CASES / 3


def test_a_damaged_part_is_left_out_or_what_was_written(folder, attack):
    part = write_part(folder, "part-00000007.parquet", part_schema(PROVENANCE), rows())
    path, damage = next(iter(part.files.values())), Damage(122)
    raw = path.read_bytes()

    def read(copy):
        place(path, copy)
        return find_sources(folder)

    def judge(found):
        sources, problems = found
        assert len(sources) + len(problems) == 3
        if problems:
            return "left out, and said so"
        assert sources[2].keys.equals(part.keys)
        return "unchanged"

    counts = attack("part file", damage.copies(raw, CASES), read, judge)
    assert counts["left out, and said so"] > CASES / 3


@pytest.fixture
def replaced(folder, tmp_path_factory, monkeypatch):
    """Sidecars whose rows have just been replaced by a note, and no file moved yet."""
    with monkeypatch.context() as patch:
        patch.setattr(compacting, "recover", lambda folder: None)
        write_rows(folder, replace(PROVENANCE, generation="b" * 16), seed=6)
    assert (folder / "commit.json").exists()
    return Path(shutil.copytree(folder, tmp_path_factory.mktemp("replaced") / "sidecar"))


def test_a_damaged_commit_note_leaves_the_old_rows_or_the_new(replaced, tmp_path, attack):
    work, raw, damage = tmp_path / "work", (replaced / "commit.json").read_bytes(), Damage(124)
    new = read_sidecars(replaced)
    (replaced / "commit.json").rename(tmp_path / "note")
    old = read_sidecars(replaced)
    assert not same(old, new)

    def read(copy):
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(replaced, work)
        place(work / "commit.json", copy)
        seen = read_sidecars(work)
        recover(work)
        return seen, read_sidecars(work)

    def judge(found):
        seen, after = found
        assert same(seen, after)
        assert not (work / "commit.json").exists()
        assert not list((work / "parts").glob("*.next"))
        if same(after, new):
            return "carried out"
        assert same(after, old)
        return "discarded"

    counts = attack("commit.json", damage.copies(raw, CASES, damage.document), read, judge)
    assert counts["discarded"] > CASES / 3
    assert read(raw)[1].index.equals(new.index)
    assert judge(read(raw)) == "carried out"


def test_a_damaged_note_of_an_earlier_version_never_loses_the_sidecars(folder, attack):
    sound = read_sidecars(folder)
    raw, damage = json.dumps({"generation": "b", "parts": ["part-00000007.parquet"]}), Damage(123)
    other = place(folder / "parts" / "mine.txt", b"not a part")

    def read(copy):
        place(folder / "commit.json", copy)
        recover(folder)
        return read_sidecars(folder)

    def judge(found):
        assert same(found, sound)
        assert other.exists()
        assert not (folder / "commit.json").exists()
        return "recovered"

    attack(
        "commit.json of an earlier version",
        damage.copies(raw.encode(), CASES, damage.document),
        read,
        judge,
    )
