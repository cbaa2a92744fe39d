from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFilter

from prefml.imaging import cues, detail, shape, tone
from prefml.imaging.decode import from_image
from prefml.imaging.picture import Picture

BASIC = (shape, detail, tone)


def picture(pixels: np.ndarray) -> Picture:
    return from_image(Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)))


def basics(pixels: np.ndarray) -> dict[str, float]:
    shown = picture(pixels)
    return {name: value for group in BASIC for name, value in group.measure(shown).items()}


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """A picture with edges and texture whose levels stay clear of both ends."""
    rng = np.random.default_rng(1)
    coarse = cv2.resize(rng.uniform(80, 170, (9, 12, 3)), (640, 480), interpolation=cv2.INTER_CUBIC)
    checks = np.kron(rng.integers(0, 2, (40, 40)), np.ones((12, 16)))[:, :, None] * 80
    return np.clip(coarse + checks - 40, 25, 230)


def test_names_are_unique():
    assert len(set(cues.CUE_NAMES)) == len(cues.CUE_NAMES)


def test_other_threads_measure_the_same(scene):
    with ThreadPoolExecutor(2) as pool:
        gather = cues.measure_in_background(pool, picture(scene))
        found = gather()
    assert list(found) == list(cues.CUE_NAMES)
    assert repr(found) == repr(cues.measure(picture(scene)))


def test_measure_gives_the_names_in_order(scene):
    assert tuple(cues.measure(picture(scene))) == cues.CUE_NAMES


@pytest.mark.parametrize("group", BASIC)
def test_group_measures_what_it_names(group, scene):
    assert set(group.measure(picture(scene))) == set(group.NAMES)


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_basic_cues_are_finite_for_any_picture(pixels):
    assert np.isfinite(list(basics(pixels).values())).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 20000), (20000, 1), (8, 8), (513, 2)])
def test_basic_cues_are_finite_for_odd_sizes(size):
    assert np.isfinite(list(basics(np.full((*size, 3), 90.0)).values())).all()


def test_size_is_that_of_the_whole_picture():
    values = shape.measure(from_image(Image.new("RGB", (2000, 1000))))
    assert values == {"width": 2000, "height": 1000, "megapixels": 2.0, "aspect": 2.0}


def test_blur_lowers_every_sharpness(scene):
    sharp, soft = basics(scene), basics(cv2.GaussianBlur(scene, (0, 0), 3))
    falling = ["sharpness", "sharpness_half", "gradient", "detail_full", "gradient_full"]
    falling += ["edge_density", "high_frequency", "sharpness_peak"]
    assert [name for name in falling if soft[name] >= sharp[name]] == []


def test_noise_is_measured_in_grey_levels(scene):
    smooth = cv2.GaussianBlur(scene, (0, 0), 8)
    grain = np.random.default_rng(2).normal(0, 10, (*scene.shape[:2], 1))
    found = basics(smooth + grain)
    assert found["noise_full"] == pytest.approx(10, rel=0.1)
    assert basics(smooth)["noise_full"] < 1


def test_enlarged_picture_has_less_detail_per_pixel(scene):
    large = cv2.resize(scene, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    true, enlarged = basics(scene), basics(large)
    assert enlarged["detail_full"] < true["detail_full"] - 1
    assert enlarged["detail_gain"] < true["detail_gain"] - 1


def test_compression_raises_blockiness(scene):
    noisy = scene + np.random.default_rng(3).normal(0, 12, scene.shape)
    ok, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 5])
    assert ok
    assert basics(cv2.imdecode(data, 1))["blockiness"] > basics(noisy)["blockiness"] + 0.1


def test_brightness_moves_exposure(scene):
    assert basics(scene + 20)["exposure"] == pytest.approx(
        basics(scene)["exposure"] + 20 / 255, abs=0.01
    )


def test_stretching_raises_contrast(scene):
    flat = 128 + (scene - 128) * 0.3
    assert basics(flat)["contrast"] < basics(scene)["contrast"]
    assert basics(flat)["entropy"] < basics(scene)["entropy"]


def test_grey_picture_has_no_colour(scene):
    grey = np.repeat(scene.mean(axis=2, keepdims=True), 3, axis=2)
    values = basics(grey)
    for name in ("colourfulness", "saturation", "hue_variety", "warmth", "tint"):
        assert values[name] == pytest.approx(0, abs=0.6), name


def test_orange_light_is_warm(scene):
    assert basics(scene * [1.1, 1.0, 0.6])["warmth"] > basics(scene)["warmth"] + 5


def test_clipped_shares_count_pixels_without_detail():
    pixels = np.full((100, 100, 3), 128.0)
    pixels[:25], pixels[-10:] = 255, 0
    values = basics(pixels)
    assert values["clipped_highlights"] == pytest.approx(0.25)
    assert values["clipped_shadows"] == pytest.approx(0.10)


def test_light_center_is_seen(scene):
    spot = scene.copy()
    spot[120:360, 160:480] += 25
    assert basics(spot)["center_exposure"] > basics(scene)["center_exposure"] + 0.02


def test_mirroring_changes_no_basic_cue_much(scene):
    one, other = basics(scene), basics(scene[:, ::-1])
    drift = [abs(one[name] - other[name]) for name in one if name != "blockiness"]
    assert max(drift) < 0.5


def test_identity_changes_with_a_new_group(monkeypatch):
    before = cues.cue_identity()
    extra = SimpleNamespace(NAMES=("extra",), measure=lambda picture: {"extra": 0.0})
    monkeypatch.setattr(cues, "GROUPS", (*cues.GROUPS, extra))
    assert cues.cue_identity() != before


def test_identity_changes_with_a_version(monkeypatch):
    before = cues.cue_identity()
    monkeypatch.setattr(shape, "VERSION", 2, raising=False)
    assert cues.cue_identity() != before


def test_sharper_copy_is_sharper():
    noise = np.random.default_rng(5).integers(40, 210, (60, 80, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
    sharper = image.filter(ImageFilter.UnsharpMask(3, 200, 0))
    found = [detail.measure(from_image(one))["sharpness"] for one in (image, sharper)]
    assert found[0] < found[1]
