from __future__ import annotations

import numpy as np
import pytest

from prefml.exceptions import EncoderError
from prefml.sidecars.batches import make_rows
from prefml.sidecars.derive import Derived
from prefml.sidecars.find import ImageFile
from prefml.sidecars.layout import part_name
from prefml.sidecars.plan import ReusableRow, Task
from prefml.sidecars.schema import Provenance, part_schema
from prefml.sidecars.sources import write_part

from .conftest import MeanColour

PROVENANCE = Provenance(MeanColour().spec, "abc", ("sharpness",))
SCHEMA = part_schema(PROVENANCE)


def derived(number, reusable=None):
    """Return what a picture gives whose values all follow from its number."""
    task = Task(ImageFile("p", f"{number}.png", f"p/{number}.png", number, number), reusable)
    prepared = np.full(3, number, np.float32) if task.encode else None
    phash = f"{number:016x}" if task.measure else None
    cues = {"stage": 1.0, "sharpness": number / 2} if task.measure else {}
    return Derived(task, prepared, phash, cues)


def fresh(*numbers, encoder=None):
    return make_rows([derived(n) for n in numbers], encoder or MeanColour(), [], SCHEMA)


def test_a_row_holds_keys_embedding_hash_and_cues_in_the_order_of_the_batch():
    assert fresh(4, 2).schema.equals(SCHEMA)
    assert fresh(4, 2).to_pylist()[1] == {
        "project": "p", "filename": "2.png", "path": "p/2.png", "file_size": 2, "mtime_ns": 2,
        "embedding": [2.0, 2.0, 2.0], "phash": f"{2:016x}", "stage": 1.0, "sharpness": 1.0,
    }  # fmt: skip


@pytest.fixture
def old(tmp_path):
    """Return a source whose row i is that of picture i + 10."""
    rows = fresh(10, 11, 12)
    return write_part(tmp_path, part_name(1), SCHEMA, rows)


def test_what_is_reusable_is_copied_and_the_rest_is_computed(old):
    kinds = [(True, False), (False, True), (False, False)]
    batch = [derived(n, ReusableRow(0, n, *kind)) for n, kind in enumerate(kinds)]
    encoder = MeanColour()
    rows = make_rows(batch, encoder, [old], SCHEMA).to_pylist()
    assert [row["embedding"][0] for row in rows] == [10.0, 1.0, 2.0]
    assert [row["phash"] for row in rows] == [f"{n:016x}" for n in (0, 11, 2)]
    assert [row["sharpness"] for row in rows] == [0.0, 5.5, 1.0]
    assert encoder.encoded == 2


def test_where_every_embedding_is_reusable_the_encoder_is_not_called(old):
    encoder = MeanColour()
    make_rows([derived(1, ReusableRow(0, 1, True, False))], encoder, [old], SCHEMA)
    assert encoder.encoded == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones((2, 2)), r"\(2, 2\) values; expected \(2, 3\)"),
        (np.ones((1, 3)), r"\(1, 3\) values; expected \(2, 3\)"),
        (np.ones(3), r"\(3,\) values; expected \(2, 3\)"),
        (np.array([[0, 0, np.inf], [0, 0, 0]]), "not finite; expected finite embeddings; run: "),
        (np.array([[0, 0, np.nan], [0, 0, 0]]), "not finite; expected finite embeddings; run: "),
    ],
    ids=["dimension", "number", "flat", "infinite", "not a number"],
)
def test_unusable_vectors_are_refused_with_what_was_expected(values, message):
    encoder = MeanColour()
    encoder.encode = lambda batch: values
    with pytest.raises(EncoderError, match=message):
        fresh(1, 2, encoder=encoder)
