import pytest

from prefml.suggest.grouping.paths import folder_of, stem_of


@pytest.mark.parametrize(
    ("path", "folder", "stem"),
    [
        ("new/p/a.png", "new/p", "a"),
        ("a.b.png", "", "a.b"),
        ("new/p.q/a", "new/p.q", "a"),
        ("new/.hidden", "new", ".hidden"),
    ],
)
def test_a_path_is_split_into_folder_and_stem(path, folder, stem):
    assert (folder_of(path), stem_of(path)) == (folder, stem)
