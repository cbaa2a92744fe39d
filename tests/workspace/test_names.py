import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefml.workspace import Workspace, canonical_name, stored_path


@given(st.text())
def test_both_unicode_forms_of_a_name_are_one(name):
    forms = {canonical_name(unicodedata.normalize(form, name)) for form in ("NFC", "NFD")}
    assert forms == {canonical_name(name)}


# Letters that are stored in two forms or more, and one that is not.
ACCENTED = st.text("\u00e9\u00c5\u1e69\uac00e", min_size=1, max_size=3)
FORMS = st.sampled_from(["NFC", "NFD"])


@given(st.lists(st.tuples(ACCENTED, FORMS, FORMS), min_size=1, max_size=4))
def test_a_path_is_found_in_the_form_that_the_disk_has(tmp_path_factory, parts):
    root = tmp_path_factory.mktemp("forms")
    stored = root.joinpath(*(unicodedata.normalize(form, name) for name, form, _ in parts))
    asked = root.joinpath(*(unicodedata.normalize(form, name) for name, _, form in parts))
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text("x")
    assert stored_path(asked) == stored
    assert Workspace.open(root).inside(asked.relative_to(root)) == stored
    assert stored_path(asked / "new.txt") == stored / "new.txt"


@pytest.mark.parametrize("name", ["\u00e9\0", "\u00e9" * 5000, "\ud800\u00e9", "a.txt/\u00e9"])
def test_what_no_file_can_be_called_stays_as_it_is(tmp_path, name):
    (tmp_path / "a.txt").write_text("")
    assert stored_path(tmp_path / name) == tmp_path / name
