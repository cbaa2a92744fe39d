from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.sidecars import plan
from prefml.sidecars.find import ImageFile
from prefml.sidecars.plan import ReusableRow, Task, drop_outdated, make_tasks, reusable_rows
from prefml.sidecars.schema import Provenance
from prefml.sidecars.sources import Source

from .conftest import MeanColour

NOW = Provenance(MeanColour().spec, "cues", ("sharpness",))
OTHER_ENCODER = replace(NOW, encoder=MeanColour("other").spec)
OTHER_CUES = replace(NOW, cues="older cues")
OTHER_COLUMNS = replace(NOW, cue_names=("sharpness", "noise"))
FOREIGN = replace(OTHER_ENCODER, cues="older cues")


def image(name="a.png", project="p", path=None, size=10, changed=5):
    return ImageFile(project, name, path or f"images/{project}/{name}", size, changed)


def source(provenance, *images):
    columns = ("project", "filename", "path", "file_size", "mtime_ns")
    keys = pa.table({name: [getattr(one, name) for one in images] for name in columns})
    return Source(provenance, keys, {})


@pytest.mark.parametrize(
    ("provenance", "embedding", "cues"),
    [
        (NOW, True, True),
        (replace(NOW, generation="g"), True, True),
        (OTHER_ENCODER, False, True),
        (OTHER_CUES, True, False),
        (OTHER_COLUMNS, True, False),
    ],
    ids=["same", "another generation", "another encoder", "other cues", "other columns"],
)
def test_a_row_is_reusable_as_far_as_its_provenance_is_the_present_one(provenance, embedding, cues):
    rows = reusable_rows([image()], [source(provenance, image())], NOW)
    assert rows == {("p", "a.png"): ReusableRow(0, 0, embedding, cues)}


def test_a_row_of_another_encoder_and_other_cues_is_of_no_use():
    assert reusable_rows([image()], [source(FOREIGN, image())], NOW) == {}


@pytest.mark.parametrize(
    "there",
    [image(size=11), image(changed=6), image("b.png"), image(project="q")],
    ids=["another size", "another time", "another name", "another project"],
)
def test_a_row_counts_only_for_the_same_file(there):
    assert reusable_rows([there], [source(NOW, image())], NOW) == {}


def test_a_file_that_was_moved_keeps_its_row():
    rows = reusable_rows([image(path="new/p/a.png")], [source(NOW, image())], NOW)
    assert list(rows) == [("p", "a.png")]


def test_of_equally_good_rows_the_latest_counts():
    sources = [source(NOW, image()), source(NOW, image("b.png"), image())]
    assert reusable_rows([image()], sources, NOW)["p", "a.png"] == ReusableRow(1, 1, True, True)


def test_an_embedding_saves_more_than_cues():
    sources = [source(OTHER_CUES, image()), source(OTHER_ENCODER, image())]
    assert reusable_rows([image()], sources, NOW)["p", "a.png"].source == 0


stored = st.builds(
    image,
    st.sampled_from(["a.png", "b.png"]),
    st.sampled_from("pq"),
    size=st.integers(1, 2),
    changed=st.integers(1, 2),
)
provenances = st.sampled_from([NOW, OTHER_ENCODER, OTHER_CUES, FOREIGN])


def by_trying_all(images, sources):
    """Return source and row of the best row of each picture, found the slow way."""
    best = {}
    for one in images:
        for number, (made, rows) in enumerate(sources):
            worth = 2 * (made.encoder == NOW.encoder) + (made.cues == NOW.cues)
            for place, row in enumerate(rows):
                same = replace(row, path="") == replace(one, path="")
                if worth and same and worth >= best.get(one.key, (0,))[0]:
                    best[one.key] = (worth, number, place)
    return {key: found[1:] for key, found in best.items()}


@given(
    st.lists(stored, unique_by=lambda one: one.key),
    st.lists(st.tuples(provenances, st.lists(stored, max_size=4)), max_size=4),
)
def test_the_rows_found_are_those_of_trying_all(images, sources):
    found = reusable_rows(images, [source(made, *rows) for made, rows in sources], NOW)
    expected = by_trying_all(images, sources)
    assert {key: (row.source, row.row) for key, row in found.items()} == expected


@given(st.lists(stored, unique_by=lambda one: one.key), st.data())
def test_every_picture_without_a_complete_row_is_a_task_in_order(images, data):
    kinds = st.sampled_from([None, (True, True), (True, False), (False, True)])
    drawn = {one.key: data.draw(kinds) for one in images}
    rows = {key: ReusableRow(0, 0, *kind) for key, kind in drawn.items() if kind}
    tasks = make_tasks(images, rows)
    assert [task.image for task in tasks] == [
        one for one in images if drawn[one.key] != (True, True)
    ]
    for task in tasks:
        kind = drawn[task.image.key] or (False, False)
        assert (task.encode, task.measure) == (not kind[0], not kind[1])


def test_a_new_picture_needs_everything():
    task = Task(image())
    assert task.encode
    assert task.measure


def test_rows_of_pictures_that_decode_to_other_pixels_are_left_out(monkeypatch, tmp_path):
    images = [image(name) for name in ("a.png", "b.png", "c.png")]
    sources = [source(replace(NOW, decoding=1), *images[:2]), source(NOW, images[2])]
    rows = reusable_rows(images, sources, replace(NOW, decoding=1))

    def anew(path, version):
        return version == 1 and path == tmp_path / "images/p/b.png"

    monkeypatch.setattr(plan, "is_decoded_anew", anew)
    kept = drop_outdated(rows, images, sources, tmp_path)
    assert list(kept) == [("p", "a.png"), ("p", "c.png")]
