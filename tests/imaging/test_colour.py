"""Check that colours are those that littleCMS gives, and untouched where nothing is to be done."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from prefml.imaging.colour import has_foreign_profile
from prefml.imaging.decode import decode, from_image

from .profiles import PRIMARIES, grey_profile, rgb_profile

WIDE = [name for name in PRIMARIES if name != "srgb"]
LOSSLESS = {"png": {}, "tif": {}, "webp": {"lossless": True}}


def scene(mode: str = "RGB", seed: int = 0, size: tuple[int, int] = (23, 17)) -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), np.uint8)
    return Image.merge(mode, [Image.fromarray(values[:, :, band]) for band in range(bands)])


def by_little_cms(image: Image.Image, profile: bytes) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    return np.asarray(ImageCms.profileToProfile(image, source, target, outputMode="RGB"), int)


def gap(found: np.ndarray, expected: np.ndarray) -> int:
    return int(np.abs(found.astype(int) - expected).max())


@pytest.mark.parametrize("suffix", LOSSLESS)
@pytest.mark.parametrize("name", WIDE)
def test_wide_gamuts_are_converted_as_littlecms_does(tmp_path, suffix, name):
    path, profile = tmp_path / f"a.{suffix}", rgb_profile(name)
    scene().save(path, icc_profile=profile, **LOSSLESS[suffix])
    found = decode(path).pixels
    assert gap(found, by_little_cms(scene(), profile)) <= 1
    assert gap(found, np.asarray(scene(), int)) > 20


@pytest.mark.parametrize("name", WIDE)
def test_a_photograph_is_converted_after_its_own_decoder(tmp_path, name):
    path, profile = tmp_path / "a.jpg", rgb_profile(name)
    scene().save(path, quality=95, icc_profile=profile)
    with Image.open(path) as image:
        image.load()
        assert gap(decode(path).pixels, by_little_cms(image, profile)) <= 1


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(WIDE), st.floats(1, 3), st.integers(0, 99), st.sampled_from(["RGB", "P"]))
def test_a_curve_of_any_power_is_undone(tmp_path_factory, name, gamma, seed, mode):
    path = tmp_path_factory.mktemp("gamma") / "a.png"
    image, profile = scene(seed=seed), rgb_profile(name, gamma)
    image = image.quantize(16) if mode == "P" else image
    image.save(path, icc_profile=profile)
    assert gap(decode(path).pixels, by_little_cms(image.convert("RGB"), profile)) <= 1


def test_a_wide_gamut_twin_looks_like_the_picture_it_is_the_twin_of(tmp_path):
    plain, profile = scene(), rgb_profile("rec2020")
    target = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    twin = ImageCms.profileToProfile(plain, ImageCms.createProfile("sRGB"), target)
    twin.save(tmp_path / "twin.png", icc_profile=profile)
    levels = np.asarray(plain, int)
    # Eight bits of the wider gamut hold fewer steps of the narrower one.
    assert np.abs(np.asarray(twin) - levels).mean() > 9
    assert np.abs(decode(tmp_path / "twin.png").pixels - levels).mean() < 1


def srgb_profiles() -> list[bytes]:
    return [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()]


@pytest.mark.parametrize(
    "profile", [None, b"", b"no profile", random.Random(1).randbytes(500), *srgb_profiles()]
)
@pytest.mark.parametrize("suffix", [*LOSSLESS, "jpg"])
def test_without_a_foreign_profile_no_bit_changes(tmp_path, suffix, profile):
    path = tmp_path / f"a.{suffix}"
    scene().save(path, icc_profile=profile, **LOSSLESS.get(suffix, {}))
    with Image.open(path) as image:
        assert np.array_equal(decode(path).pixels, np.asarray(image.convert("RGB")))
        assert not has_foreign_profile(image)


@pytest.mark.parametrize(("mode", "profile"), [("L", rgb_profile("rec2020")),
                                               ("RGB", grey_profile(1.0))])  # fmt: skip
def test_a_profile_of_other_channels_says_nothing(tmp_path, mode, profile):
    scene(mode).save(tmp_path / "a.png", icc_profile=profile)
    found = decode(tmp_path / "a.png").pixels
    assert np.array_equal(found, np.asarray(scene(mode).convert("RGB")))


@pytest.mark.parametrize("gamma", [1.0, 1.8])
@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_has_profiles_too(tmp_path, mode, gamma):
    profile, image = grey_profile(gamma), scene(mode)
    if mode == "LA":
        image.putalpha(255)
    image.save(tmp_path / "a.png", icc_profile=profile)
    expected = by_little_cms(image.convert("L"), profile)
    assert gap(decode(tmp_path / "a.png").pixels, expected) <= 1
    assert gap(expected, np.asarray(image.convert("RGB"), int)) > 5


def test_colours_are_converted_before_they_are_laid_on_white(tmp_path):
    image, profile = scene("RGBA"), rgb_profile("display p3")
    image.save(tmp_path / "a.png", icc_profile=profile)
    colours = by_little_cms(image.convert("RGB"), profile)
    share = np.asarray(image.getchannel("A"), float)[:, :, None] / 255
    expected = np.rint(colours * share + 255 * (1 - share)).astype(int)
    assert gap(decode(tmp_path / "a.png").pixels, expected) <= 2


def test_a_turned_picture_is_converted_and_upright(tmp_path):
    exif, profile = Image.Exif(), rgb_profile("adobe rgb")
    exif[274] = 6
    scene().save(tmp_path / "a.png", exif=exif, icc_profile=profile)
    expected = np.rot90(by_little_cms(scene(), profile), 3)
    assert gap(decode(tmp_path / "a.png").pixels, expected) <= 1


def test_a_foreign_profile_is_known_before_the_pixels_are_unpacked(tmp_path):
    scene().save(tmp_path / "a.png", icc_profile=rgb_profile("rec2020"))
    with Image.open(tmp_path / "a.png") as image:
        assert has_foreign_profile(image)


def test_lab_has_the_colours_of_no_device():
    image = Image.new("LAB", (2, 2), (128, 128, 128))
    image.info["icc_profile"] = rgb_profile("rec2020")
    plain = Image.new("LAB", (2, 2), (128, 128, 128))
    assert np.array_equal(from_image(image).pixels, from_image(plain).pixels)
