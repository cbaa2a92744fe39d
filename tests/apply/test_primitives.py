import errno

import pytest

from prefml.apply.primitives import hard_link, remove_folder, rename


@pytest.mark.parametrize("give", [hard_link, rename])
def test_a_name_that_is_taken_is_never_given(tmp_path, give):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("mine")
    new.write_text("theirs")
    with pytest.raises(FileExistsError):
        give(old, new)
    assert (old.read_text(), new.read_text()) == ("mine", "theirs")


def test_a_dangling_link_is_a_taken_name(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("mine")
    new.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        rename(old, new)
    assert new.is_symlink()


def test_a_folder_that_holds_something_or_is_gone_is_left_without_complaint(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    remove_folder(tmp_path / "full")
    remove_folder(tmp_path / "gone")
    assert (tmp_path / "full" / "file").exists()


def test_any_other_failure_to_remove_a_folder_is_said(tmp_path):
    with pytest.raises(OSError, match="too long") as caught:
        remove_folder(tmp_path / ("n" * 300))
    assert caught.value.errno == errno.ENAMETOOLONG
