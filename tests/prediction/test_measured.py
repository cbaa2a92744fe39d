import pytest
from PIL import Image

from prefml.decisions.set_rule import SetRule
from prefml.encoders import open_encoder
from prefml.exceptions import ImageError, WorkspaceError
from prefml.imaging.cues import CUE_NAMES
from prefml.prediction.measured import measured_rows


@pytest.fixture
def pictures(tmp_path):
    names = "20250101_000000_stage1_generated.png", "20250101_000001_stage2_upscaled.png"
    for name, size in zip(names, ((96, 72), (60, 80)), strict=True):
        Image.new("RGB", size, (90, size[0], 120)).save(tmp_path / name)
    return [tmp_path / name for name in names]


def test_each_picture_has_its_size_stage_vector_and_cues(pictures):
    encoder = open_encoder("builtin")
    rows = measured_rows(encoder, pictures, 10**6, SetRule(), "p")
    assert rows.names == tuple(path.name for path in pictures)
    assert rows.size.tolist() == [[96, 72], [60, 80]]
    assert rows.stage.tolist() == [1, 2]
    assert rows.embeddings.shape == (2, encoder.spec.dim)
    assert tuple(rows.cues.columns) == CUE_NAMES
    assert (rows.project, rows.hands) == ("p", None)


def test_the_order_of_the_pictures_is_kept(pictures):
    encoder = open_encoder("builtin")
    forth = measured_rows(encoder, pictures, 10**6, SetRule())
    back = measured_rows(encoder, pictures[::-1], 10**6, SetRule())
    assert back.names == forth.names[::-1]
    assert back.cues[::-1].reset_index(drop=True).equals(forth.cues)


def test_no_pictures_are_refused():
    with pytest.raises(WorkspaceError, match="at least one"):
        measured_rows(open_encoder("builtin"), [], 10**6, SetRule())


def test_a_picture_beyond_the_limit_is_refused(pictures):
    with pytest.raises(ImageError):
        measured_rows(open_encoder("builtin"), pictures, 1000, SetRule())
