from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.sidecars.store import read_sidecars
from prefml.suggest.candidates import new_images
from prefml.suggest.embedding import embed_missing, missing_images
from prefml.workspace import Workspace


def images_in(tree, *folders):
    workspace = Workspace.open(tree.root)
    resolver = ProjectResolver.open(workspace)
    groups = new_images(workspace, resolver, folders).groups
    return workspace, resolver, [group.images[0] for group in groups]


def embed(tree, *folders):
    workspace, resolver, images = images_in(tree, *folders)
    opened = []

    def opener():
        opened.append(1)
        return open_encoder("builtin", tree.root)

    report = embed_missing(workspace, resolver, opener, images)
    return report, len(opened)


def names(tree):
    return sorted(read_sidecars(tree.root / "data" / "sidecar").index["path"])


def test_what_is_missing_is_embedded_once(tree):
    tree.picture("new/alpha/a.png")
    tree.picture("images/alpha/b.png")
    report, opened = embed(tree, "new")
    assert (report.computed, opened) == (2, 1)
    assert names(tree) == ["images/alpha/b.png", "new/alpha/a.png"]
    assert embed(tree, "new") == (None, 0)


def test_rows_of_other_folders_are_not_lost(tree):
    tree.picture("batch one/alpha/a.png")
    tree.picture("batch two/alpha/b.png")
    embed(tree, "batch one")
    report, _ = embed(tree, "batch two")
    assert report.computed == 1
    assert names(tree) == ["batch one/alpha/a.png", "batch two/alpha/b.png"]


def test_a_changed_picture_is_missing_again(tree):
    tree.picture("new/alpha/a.png")
    embed(tree, "new")
    path = tree.root / "new/alpha/a.png"
    path.write_bytes(path.read_bytes() + b" ")
    index = read_sidecars(tree.root / "data" / "sidecar").index
    assert len(missing_images(index, images_in(tree, "new")[2])) == 1


def test_a_row_of_another_folder_whose_picture_has_gone_is_dropped(tree):
    tree.picture("batch one/alpha/a.png")
    tree.picture("batch two/alpha/b.png")
    embed(tree, "batch one")
    (tree.root / "batch one/alpha/a.png").unlink()
    embed(tree, "batch two")
    assert names(tree) == ["batch two/alpha/b.png"]
