"""Pictures of every mode, format and profile have the pixels that Pillow and littleCMS give.

The benchmark `pillow_pictures` does the same with the test pictures of Pillow and with PngSuite.
"""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from prefml.imaging import colour, decode
from prefml.imaging.formats import codec_names

from .profiles import PRIMARIES, grey_profile, rgb_profile

ROOT = Path(__file__).resolve().parents[2]
# Format -> modes that Pillow writes in it.
MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16", "F"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("L", "P", "RGB"),
    "AVIF": ("RGB", "RGBA"),
}
READ = [kind for kind in MODES if kind in codec_names()]
KINDS = [(kind, mode) for kind in READ for mode in MODES[kind]]
PROFILES = [None, b"no profile", *(rgb_profile(name) for name in PRIMARIES), grey_profile(1.0),
            grey_profile(2.6), rgb_profile("adobe rgb", 1.0)]  # fmt: skip
DECODERS = ("imagecodecs", "Pillow alone")


@pytest.fixture(scope="module")
def benchmark():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("pillow_pictures")


def drawn(mode, seed):
    rng = np.random.default_rng(seed)
    if mode in ("I;16", "F"):
        top, kind = (65536, np.uint16) if mode == "I;16" else (1, np.float32)
        return Image.fromarray((rng.random((21, 34)) * top).astype(kind))
    image = Image.fromarray(rng.integers(0, 256, (21, 34, 4), np.uint8))
    if mode == "P":
        return image.convert("RGB").quantize(32)
    if mode in ("CMYK", "LAB"):
        return Image.merge(mode, image.split()[: len(Image.new(mode, (1, 1)).getbands())])
    return image.convert("LA" if mode == "LA" else mode)


def save(path, kind, mode, profile, orientation, seed):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"icc_profile": profile} if kind not in ("BMP", "GIF") else {}
    options |= {} if kind in ("BMP", "GIF") else {"exif": exif}
    options |= {"transparency": seed % 16} if mode == "P" and seed % 2 and kind != "BMP" else {}
    drawn(mode, seed).save(path, kind, **options)


@pytest.mark.parametrize("decoder", DECODERS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(KINDS),
    profile=st.sampled_from(PROFILES),
    orientation=st.integers(1, 8),
    seed=st.integers(0, 999),
)
def test_generated_pictures_are_read_as_pillow_and_littlecms_give_them(
    benchmark, tmp_path_factory, decoder, kind, profile, orientation, seed
):
    path = tmp_path_factory.mktemp("beside") / "a.png"
    save(path, *kind, profile, orientation, seed)
    with benchmark.only(decoder):
        assert benchmark.judge(path) == ("", "read")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 999), st.data())
def test_what_is_damaged_is_refused_for_the_reason_that_pillow_gives(
    benchmark, tmp_path_factory, kind, seed, data
):
    path = tmp_path_factory.mktemp("damaged") / "a.png"
    save(path, *kind, PROFILES[seed % len(PROFILES)], 1 + seed % 8, seed)
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    fault, fate = benchmark.judge(path)
    assert not fault, fate


def test_a_picture_whose_profile_is_left_aside_is_noticed(benchmark, tmp_path, monkeypatch):
    save(tmp_path / "a.png", "PNG", "RGB", rgb_profile("rec2020"), 1, 0)
    monkeypatch.setattr(colour, "_transform", lambda profile, mode: None)
    fault, fate = benchmark.judge(tmp_path / "a.png")
    assert fault == "wrong pixels"
    assert fate.endswith("levels")


def test_a_picture_that_is_not_turned_is_noticed(benchmark, tmp_path, monkeypatch):
    save(tmp_path / "a.png", "PNG", "RGB", None, 6, 0)
    monkeypatch.setattr(decode, "_apply_orientation", lambda pixels, orientation: pixels)
    assert benchmark.judge(tmp_path / "a.png")[0] == "wrong sizes"


def test_a_refusal_of_what_pillow_reads_is_noticed(benchmark, tmp_path, monkeypatch):
    save(tmp_path / "a.png", "PNG", "RGB", None, 1, 0)
    monkeypatch.setattr(decode, "_to_rgb", lambda image: 1 / 0)
    monkeypatch.setattr(decode, "decode_with_codec", lambda file, image: None)
    fault, fate = benchmark.judge(tmp_path / "a.png")
    assert fault == "untrue refusals"
    assert fate.endswith("(Pillow: readable)")


def test_the_result_that_is_quoted_covers_every_decoder_and_found_nothing_wrong():
    found = json.loads((ROOT / "benchmarks/results/pillow_pictures.json").read_text())
    assert set(found["decoders"]) == set(DECODERS)
    assert found["sources"]["Pillow's test pictures"] > 1000
    for sources in found["decoders"].values():
        for source, fates in sources.items():
            wrong = {name: one for name, one in fates.items() if name != "fates" and one}
            assert wrong == {}
            assert sum(fates["fates"].values()) == found["sources"][source]
