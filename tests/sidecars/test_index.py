from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.exceptions import SidecarError
from prefml.imaging.decode import DECODING_VERSION
from prefml.sidecars.index import find_rows, read_index, read_index_if_any

from .conftest import files_of
from .single_files import as_single_files

KEYS = ["project", "filename", "path", "file_size", "mtime_ns"]


def test_the_index_is_read_without_any_value(workspace, build, read):
    assert read_index_if_any(workspace.sidecars) is None
    build()
    found = read_index_if_any(workspace.sidecars)
    assert set(found.pop("decoding")) == {DECODING_VERSION}
    assert found.equals(read().index[KEYS])


def test_without_sidecars_what_makes_them_is_named(workspace):
    with pytest.raises(SidecarError, match="run: prefml embed"):
        read_index(workspace.sidecars)


def test_the_index_of_some_projects_opens_no_file_of_another_one(workspace, build, read):
    build()
    own = read().index[KEYS].query("project == 'p1'").reset_index(drop=True)
    for kind in ("embeddings", "hashes", "cues"):
        files_of(workspace.sidecars, kind)[0].write_bytes(b"damaged")
    assert read_index(workspace.sidecars, ["p1", "nowhere"])[KEYS].equals(own)
    with pytest.raises(SidecarError, match="prefml embed"):
        read_index(workspace.sidecars)


def test_of_single_files_too_only_the_wanted_projects_are_listed(workspace, build, read):
    build()
    as_single_files(workspace.sidecars)
    own = read().index[KEYS].query("project == 'p1'").reset_index(drop=True)
    assert read_index(workspace.sidecars, ["p1"])[KEYS].equals(own)


NAMES = st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("abcdef")), max_size=12)


@given(st.sets(st.tuples(st.sampled_from("pq"), st.sampled_from("abcd"))), NAMES)
def test_a_picture_is_found_in_its_own_project_alone(known, wanted):
    index = pd.DataFrame(sorted(known), columns=["project", "filename"])
    rows = find_rows(index, [key[0] for key in wanted], [key[1] for key in wanted])
    table = {key: row for row, key in enumerate(sorted(known))}
    assert rows.tolist() == [table.get(key, -1) for key in wanted]
