from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import gennorm

from prefml.imaging import naturalness
from prefml.imaging.naturalness import NAMES, measure, mscn_coefficients
from prefml.imaging.picture import Picture


def cues(pixels: np.ndarray) -> dict[str, float]:
    return measure(Picture(pixels))


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """Return a picture of soft blobs and edges, in colour."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)
    large = cv2.resize(coarse, (384, 384), interpolation=cv2.INTER_CUBIC).astype(float)
    large[100:200, 150:300] *= 0.5
    fine = rng.normal(0, 6, large.shape)
    return np.clip(large * 0.7 + 40 + fine, 0, 255).astype(np.uint8)


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 60), st.just(3)),
        elements=st.integers(0, 255),
    )
)  # fmt: skip
def test_any_picture_gives_every_cue_and_only_finite_ones(pixels):
    found = cues(pixels)
    assert tuple(found) == NAMES
    assert np.isfinite(list(found.values())).all()


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES) == 99


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_plain_picture_is_measured(colour):
    assert np.isfinite(list(cues(np.full((64, 64, 3), colour, np.uint8)).values())).all()


def test_the_same_picture_gives_the_same_cues(scene):
    assert cues(scene) == cues(scene.copy())


def test_mirroring_changes_little(scene):
    one, other = cues(scene), cues(np.ascontiguousarray(scene[:, ::-1]))
    assert one["nss1_shape"] == pytest.approx(other["nss1_shape"], rel=0.02)
    assert one["noise_flat"] == pytest.approx(other["noise_flat"], rel=0.05)


def test_blur_is_seen(scene):
    blurred = cv2.GaussianBlur(scene, (0, 0), 2.0)
    before, after = cues(scene), cues(blurred)
    assert after["reblur"] > before["reblur"] + 0.1
    for name in ("nss1_spread", "detail_high", "edge_p95", "contrast2_p90"):
        assert after[name] < before[name]


def test_noise_is_seen(scene):
    rng = np.random.default_rng(1)
    noisy = np.clip(scene + rng.normal(0, 25, scene.shape), 0, 255).astype(np.uint8)
    before, after = cues(scene), cues(noisy)
    for name in ("noise_flat", "noise_all", "rg_noise", "by_noise"):
        assert after[name] > before[name]


def test_jpeg_blocks_are_seen(scene):
    smooth = cv2.GaussianBlur(scene, (0, 0), 1.5)
    coded = cv2.imdecode(cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, 5])[1], 1)
    assert cues(coded)["blocking"] > cues(smooth)["blocking"] + 0.2


def test_haze_is_seen(scene):
    hazy = (scene * 0.4 + 150).astype(np.uint8)
    assert cues(hazy)["haze"] > cues(scene)["haze"] + 50
    assert cues(hazy)["light_range"] < cues(scene)["light_range"]


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0])
def test_the_shape_of_a_generalised_gaussian_is_found(shape):
    x = gennorm.rvs(shape, size=200_000, random_state=0).astype(np.float32)[None]
    assert naturalness._fit_ggd(x)[0] == pytest.approx(shape, rel=0.05)
    assert naturalness._fit_aggd([x])[0, 0] == pytest.approx(shape, rel=0.05)


def test_the_two_sides_of_an_asymmetric_law_are_told_apart():
    half = np.abs(np.random.default_rng(0).normal(size=(2, 100_000))).astype(np.float32)
    x = np.concatenate([-half[0], 3 * half[1]])[None]
    _, mean, left, right = naturalness._fit_aggd([x])[0]
    assert left == pytest.approx(1, rel=0.02)
    assert right == pytest.approx(3, rel=0.02)
    assert mean > 0


def test_normalised_contrast_does_not_depend_on_brightness():
    plane = np.random.default_rng(0).uniform(50, 100, (64, 64)).astype(np.float32)
    one, _ = mscn_coefficients(plane)
    other, _ = mscn_coefficients(plane + 100)
    assert np.allclose(one, other, atol=1e-2)
