"""What the pass is made of, and why: decoders, reduced copies, batch sizes and threads.

Decoders are compared by speed, by their pixels against Pillow's, and by whether another thread can
work meanwhile; those that are not installed are left out. Times are of one core.

    python benchmarks/embed_choices.py --encoder FOLDER --out benchmarks/results/embed_choices.json
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
from _machine import machine
from _pictures import KINDS, write_pictures
from PIL import Image

from prefml.encoders.folder import read_folder
from prefml.encoders.onnx import PROVIDERS, OnnxEncoder, open_session
from prefml.encoders.vectors import cosines
from prefml.imaging.decode import decode
from prefml.imaging.scanlines import Inflate, with_stored_scanlines
from prefml.sidecars.derive import prepare

Pixels = np.ndarray
Decoder = Callable[[bytes], Pixels]
SMALLER = (1, 2, 4, 8, 16, 32)
PARTS = ("decoders", "reduced", "batches")
RUNS = {"embed_choices": {"full": ["--encoder", "{mobilenet}"]}}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=Path, required=True, help="a folder with encoder.json")
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--only", choices=PARTS, help="measure this, and keep the rest of --out")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/embed_choices.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    cv2.setNumThreads(1)
    report: dict[str, Any] = {"schema": "prefml/benchmark/embed_choices/1", "machine": machine()}
    encoder = OnnxEncoder.open(options.encoder)
    report["encoder"] = encoder.spec.id
    wanted = [options.only] if options.only else PARTS
    if options.only:
        report = json.loads(options.out.read_text()) | {f"{options.only}_machine": machine()}
    with tempfile.TemporaryDirectory() as place:
        for kind in sorted(KINDS):
            paths = write_pictures(Path(place) / kind, kind, options.pictures)
            parts: dict[str, Any] = {}
            if "reduced" in wanted:
                parts["reduced"] = reduced(paths, encoder)
            if "decoders" in wanted:
                parts["decoders"] = decoders(paths, options.repeats)
            report[kind] = report.get(kind, {}) | parts
    if "batches" in wanted:
        report["batches"] = batches(options.encoder, encoder, options.repeats)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def decoders(paths: list[Path], repeats: int) -> dict[str, dict[str, float]]:
    """Measure every decoder that is here and takes the format."""
    contents = [path.read_bytes() for path in paths]
    expected = [with_pillow(data) for data in contents]
    found = {}
    for name, function in installed(paths[0].suffix):
        try:
            pixels = [function(data) for data in contents]
        except Exception as error:
            print(f"{name}: {error}")
            continue
        found[name] = {
            "ms": least(lambda f=function: [f(data) for data in contents], repeats) / len(paths),
            **differences(pixels, expected),
            "other_thread_works": other_thread(function, contents[0]),
        }
    return found


def installed(suffix: str) -> Iterator[tuple[str, Decoder]]:
    yield "pillow", with_pillow
    yield "opencv", with_opencv
    for name, take in OPTIONAL.get(suffix, {}).items():
        try:
            yield name, take()
        except ImportError:
            continue


def with_pillow(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(memoryview(data))))


def with_opencv(data: bytes) -> Pixels:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


def half_draft(data: bytes) -> Pixels:
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (image.width // 2, image.height // 2))
    return np.asarray(image)


def codec(name: str) -> Decoder:
    return getattr(imagecodecs, name)


def libdeflate(data: bytes, *, out: int) -> bytes:
    return imagecodecs.deflate_decode(data, out=out)


def zlib_of(module: str) -> Inflate:
    decompress = importlib.import_module(module).decompress
    return lambda data, *, out: decompress(data, bufsize=out)


def restored(inflate: Inflate, decoder: Decoder) -> Decoder:
    """Inflate by one library, and undo the filters by another, as prefml does."""
    return lambda data: decoder(with_stored_scanlines(data, inflate, imagecodecs.deflate_crc32))


def pyspng() -> Decoder:
    import pyspng

    return pyspng.load


def simplejpeg() -> Decoder:
    import simplejpeg

    return simplejpeg.decode_jpeg


def pywuffs() -> Decoder:
    from pywuffs import PixelFormat
    from pywuffs.aux import ImageDecoder, ImageDecoderConfig

    config = ImageDecoderConfig()
    config.pixel_format = PixelFormat.BGR
    return lambda data: np.asarray(ImageDecoder(config).decode(data).pixbuf)[..., ::-1]


OPTIONAL: dict[str, dict[str, Callable[[], Decoder]]] = {
    ".png": {
        "imagecodecs libspng": lambda: codec("spng_decode"),
        "imagecodecs libpng": lambda: codec("png_decode"),
        "libdeflate, libspng": lambda: restored(libdeflate, codec("spng_decode")),
        "libdeflate, libpng": lambda: restored(libdeflate, codec("png_decode")),
        "libdeflate, opencv": lambda: restored(libdeflate, with_opencv),
        "libdeflate, pillow": lambda: restored(libdeflate, with_pillow),
        "ISA-L, libspng": lambda: restored(zlib_of("isal.isal_zlib"), codec("spng_decode")),
        "zlib-ng, libspng": lambda: restored(zlib_of("zlib_ng.zlib_ng"), codec("spng_decode")),
        "pyspng": pyspng,
        "pywuffs": pywuffs,
    },
    ".jpg": {
        "imagecodecs libjpeg-turbo": lambda: codec("jpeg8_decode"),
        "simplejpeg": simplejpeg,
        "pywuffs": pywuffs,
        "pillow draft, half size": lambda: half_draft,
    },
}


def differences(pixels: list[Pixels], expected: list[Pixels]) -> dict[str, float]:
    """Compare with Pillow's pixels, averaged to the same size where the decoder reduces."""
    worst, total = 0.0, 0.0
    for one, other in zip(pixels, expected, strict=True):
        height, width = one.shape[:2]
        same = cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA)
        gap = cv2.absdiff(np.ascontiguousarray(one), same)
        worst, total = max(worst, float(gap.max())), total + float(gap.mean())
    return {"worst_difference": worst, "mean_difference": total / len(pixels)}


def other_thread(function: Decoder, data: bytes) -> float:
    """Return the processor time of a counting thread through that of the decoding one."""
    stop, spent = threading.Event(), []

    def count() -> None:
        start = time.thread_time()
        while not stop.is_set():
            pass
        spent.append(time.thread_time() - start)

    beside = threading.Thread(target=count)
    start = time.thread_time()
    beside.start()
    for _ in range(3):
        function(data)
    own = time.thread_time() - start
    stop.set()
    beside.join()
    return spent[0] / own


def least(function: Callable[[], object], repeats: int) -> float:
    """Return the least milliseconds of one core over some calls."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return 1000 * min(times)


def reduced(paths: list[Path], encoder: OnnxEncoder) -> dict[str, float]:
    """Hold the input made from a reduced copy against the reference's, from the full size."""
    pictures = [decode(path) for path in paths]
    for picture in pictures:
        assert picture.image.mode == "RGB"
        prepare(encoder, picture)
    exact = [encoder.preprocess(picture.image) for picture in pictures]
    quick = [prepare(encoder, picture) for picture in pictures]
    levels = [np.abs(a - b) * np.reshape(encoder.spec.std, (3, 1, 1)) * 255
              for a, b in zip(exact, quick, strict=True)]  # fmt: skip
    likeness = cosines(encoder.encode(exact), encoder.encode(quick))
    return {
        "full_ms": least(lambda: encoder.preprocess(pictures[0].image), 3),
        "reduced_ms": least(lambda: prepare(encoder, pictures[0]), 3),
        "worst_levels": float(max(level.max() for level in levels)),
        "mean_levels": float(np.mean([level.mean() for level in levels])),
        "worst_cosine": float(likeness.min()),
    }


def batches(folder: Path, encoder: OnnxEncoder, repeats: int) -> list[dict[str, float]]:
    """Time batches in ONNX Runtime, by the clock and by the processor's time."""
    size = encoder.spec.size
    pixels = np.random.default_rng(0).standard_normal((32, 3, size, size), dtype=np.float32)
    rows, model = [], read_folder(folder).model
    for threads in sorted({1, os.cpu_count() or 1}):
        session = open_session(model, PROVIDERS["cpu"], threads)
        for count in SMALLER:
            clocked = []
            for _ in range(repeats):
                wall, own = time.perf_counter(), time.process_time()
                session.run([encoder.folder.output], {encoder.folder.input: pixels[:count]})
                clocked.append((time.perf_counter() - wall, time.process_time() - own))
            rows.append({
                "threads": threads, "batch": count,
                "ms": 1000 * min(wall for wall, _ in clocked) / count,
                "core_ms": 1000 * min(own for _, own in clocked) / count,
            })  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
