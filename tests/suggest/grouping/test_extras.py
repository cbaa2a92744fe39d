import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from prefml.decisions.projects import ProjectResolver
from prefml.decisions.set_rule import SetRule
from prefml.suggest.candidates import find_new
from prefml.suggest.grouping import form_groups, open_sources
from prefml.suggest.grouping.extras import read_looks, with_sources
from prefml.suggest.grouping.facts import PictureFacts
from prefml.workspace import Workspace

from .pictures import picture, pictures, sets_of

EXTRA = PictureFacts(is_extra=True)


def looked(**vectors):
    found = {f"new/p/{name}.png": np.array(v) / np.linalg.norm(v) for name, v in vectors.items()}
    return lambda images: {one.path: found[one.path] for one in images if one.path in found}


def test_a_picture_of_the_extras_tab_has_the_facts_of_what_it_looks_like():
    images = pictures("a.png", "b.png", "x.png")
    source = PictureFacts("a1111", "p", 7)
    facts = dict(zip((one.path for one in images), (source, PictureFacts("a1111", "p", 9), EXTRA),
                     strict=True))  # fmt: skip
    told = with_sources(images, facts, looked(a=(1, 0), b=(0, 1), x=(1, 0.01)))
    assert told["new/p/x.png"] == source


def test_two_of_one_source_that_is_not_there_belong_together():
    images = pictures("x.png", "y.png", "z.png", "dark.png")
    facts = {one.path: EXTRA for one in images}
    told = with_sources(images, facts, looked(x=(1, 0), y=(1, 0.01), z=(0, 1)))
    prompts = [told[one.path].prompt for one in images]
    assert prompts[0] == prompts[1] != prompts[2]
    assert told["new/p/dark.png"] == EXTRA


def test_nothing_is_decoded_where_all_facts_were_kept():
    images = [picture("a.png")]
    facts = {images[0].path: PictureFacts("a1111", "p", 7, is_extra=True)}
    assert with_sources(images, facts, lambda images: pytest.fail("decoded")) == facts


def test_a_source_of_another_project_is_not_looked_at():
    images = [picture("a.png", "q"), picture("x.png")]
    facts = {images[0].path: PictureFacts("a1111", "p", 7), images[1].path: EXTRA}
    told = with_sources(images, facts, looked(x=(1, 0)))
    assert told["new/p/x.png"].prompt == "like new/p/x.png"


def test_upscaled_files_join_the_sets_of_their_sources(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "new" / "p"
    (folder / "extras-images").mkdir(parents=True)
    for number in range(3):
        image = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).resize((64, 64))
        text, extra = PngInfo(), PngInfo()
        text.add_text("parameters", f"a fox\nSteps: 1, Seed: {number * 1000}")
        extra.add_text("extras", "Upscale: 4")
        image.save(folder / f"0000{number}-{number * 1000}.png", pnginfo=text)
        large = image.resize((256, 256), Image.Resampling.LANCZOS)
        large.save(folder / "extras-images" / f"0000{2 - number}.png", pnginfo=extra)
    workspace = Workspace.open(tmp_path)
    images = find_new(workspace, ProjectResolver.open(workspace), ()).images
    for name in ("metadata", "auto"):
        with open_sources(workspace) as sources:
            made = form_groups(images, SetRule(name=name), sources)
        found = [{one.rpartition("/")[2] for one in members} for members in sets_of(made)]
        assert len(found) == 3
        assert all({f"0000{n}-{n * 1000}.png", f"0000{2 - n}.png"} in found for n in range(3))


def test_a_picture_of_one_shade_and_a_broken_one_look_like_nothing(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "flat.png")
    (tmp_path / "broken.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0")
    files = [type(picture("x"))("p", name, name, 1, 1) for name in ("flat.png", "broken.png")]
    assert read_looks(tmp_path, files) == {}
