from dataclasses import replace

from PIL import Image

from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.imaging import colour
from prefml.imaging.decode import DECODING_VERSION
from prefml.sidecars import build
from prefml.sidecars.schema import Provenance
from prefml.sidecars.store import read_index, read_sidecars
from prefml.suggest.candidates import new_images
from prefml.suggest.embedding import embed_missing, missing_images
from prefml.workspace import Workspace

from ..imaging.profiles import rgb_profile


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
    index = read_index(tree.root / "data" / "sidecar")
    assert len(missing_images(index, images_in(tree, "new")[2], tree.root)) == 1


def test_pictures_that_were_decoded_to_other_pixels_are_measured_again_and_no_others(
    tree, monkeypatch
):
    tree.picture("new/alpha/a.png")
    wide = tree.root / tree.picture("new/alpha/wide.png")
    Image.new("RGB", (8, 12), (200, 60, 30)).save(wide, icc_profile=rgb_profile("rec2020"))
    with monkeypatch.context() as patch:
        patch.setattr(colour, "_transform", lambda profile, mode: None)
        early = classmethod(lambda cls, spec: replace(Provenance.of(spec), decoding=1))
        patch.setattr(build, "Provenance", type("Early", (), {"of": early}))
        embed(tree, "new")
    before = read_sidecars(tree.root / "data" / "sidecar")
    assert before.decoding == 1
    index = read_index(tree.root / "data" / "sidecar")
    missing = missing_images(index, images_in(tree, "new")[2], tree.root)
    assert [image.filename for image in missing] == ["wide.png"]
    report, _ = embed(tree, "new")
    assert (report.computed, report.reused) == (1, 1)
    after = read_sidecars(tree.root / "data" / "sidecar")
    assert after.decoding == DECODING_VERSION
    differ = (before.embeddings != after.embeddings).any(axis=1)
    assert list(after.index["filename"][differ]) == ["wide.png"]
    assert embed(tree, "new") == (None, 0)


def test_a_row_of_another_folder_whose_picture_has_gone_is_dropped(tree):
    tree.picture("batch one/alpha/a.png")
    tree.picture("batch two/alpha/b.png")
    embed(tree, "batch one")
    (tree.root / "batch one/alpha/a.png").unlink()
    embed(tree, "batch two")
    assert names(tree) == ["batch two/alpha/b.png"]
