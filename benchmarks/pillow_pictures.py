"""Read Pillow's own test pictures and PngSuite through every decoder, beside Pillow and littleCMS.

python benchmarks/pillow_pictures.py [--sources FOLDER] [--out FILE]

Pillow's pictures come with its source distribution, HEIC with that of pillow-heif where it is
installed, 28 of PngSuite's with that of pypng, whose reader also judges transparent colours; all
are fetched with pip unless FOLDER holds them. Each file is read whatever its name says, and once
more by `embed` under its own name. Counted against prefml:
pixels that differ by more than two levels (`wrong pixels`), a header that states another size
than the decoded picture has (`wrong sizes`), and a refusal of what Pillow reads, or for another
reason than the true one (`untrue refusals`).
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from _machine import machine
from _reference import reference
from damaged_pictures import at_most
from PIL import Image

from prefml.encoders import open_encoder
from prefml.exceptions import ImageError
from prefml.imaging import codecs
from prefml.imaging.decode import decode, upright_size
from prefml.imaging.formats import codec_names
from prefml.imaging.opening import MAX_PIXELS
from prefml.imaging.quiet import quiet_pillow
from prefml.sidecars.build import build_sidecars
from prefml.workspace import Workspace

RUNS = {"pillow_pictures": {"full": []}}
LEVELS, SECONDS = 2, 120
DECODERS = ("imagecodecs", "Pillow alone")
FAULTS = ("wrong pixels", "wrong sizes", "untrue refusals", "other errors")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sources", type=Path, help="folder with the source distributions")
    options.add_argument("--out", type=Path, required=True, help="the file to write")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = unpack(given.sources or download(folder / "down"), folder / "sources")
        record = {
            "command": "python benchmarks/pillow_pictures.py",
            "sources": {name: len(paths) for name, paths in sources.items()},
            "decoders": {name: read_all(name, sources) for name in DECODERS},
            "embed": embedded(folder / "ws", sources),
            "machine": machine(),
        }
    given.out.write_text(json.dumps(record, indent=1) + "\n")


def download(folder: Path) -> Path:
    """Fetch the source distributions of pypng, and of Pillow and pillow-heif as installed."""
    names = ["pypng", f"pillow=={version('pillow')}"]
    names += [f"pillow-heif=={version('pillow-heif')}"] if find_spec("pillow_heif") else []
    for name in names:
        words = ["download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder), name]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    return folder


def unpack(archives: Path, folder: Path) -> dict[str, list[Path]]:
    """Return the picture files of each source."""
    for archive in archives.glob("*.tar.gz"):
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
    (images,) = folder.glob("pillow-*/Tests/images")
    (code,) = folder.glob("pypng-*/code")
    sys.path.insert(0, str(code))
    suite = folder / "pngsuite"
    suite.mkdir()
    for name, data in importlib.import_module("pngsuite").png.items():
        (suite / f"{name}.png").write_bytes(data)
    found = {"Pillow's test pictures": files_below(images), "PngSuite": files_below(suite)}
    for images in folder.glob("pillow_heif-*/tests/images"):
        found["pillow-heif's test pictures"] = files_below(images)
    return found


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def only(name: str) -> Iterator[None]:
    """Let imagecodecs be tried before Pillow, or nothing."""
    before = codecs._CODECS
    codecs._CODECS = before if name == "imagecodecs" else {}
    try:
        yield
    finally:
        codecs._CODECS = before


def read_all(name: str, sources: dict[str, list[Path]]) -> dict[str, object]:
    """Return what became of every file of every source, with one decoder."""
    found: dict[str, object] = {}
    with only(name):
        for source, paths in sources.items():
            found[source] = read_each(paths)
    return found


def read_each(paths: list[Path]) -> dict[str, object]:
    """Return how many files were read as they should be, refused for each reason, and what not."""
    fates: Counter[str] = Counter()
    faults: dict[str, list[str]] = {name: [] for name in FAULTS}
    for path in paths:
        fault, fate = judge(path)
        fates[fate] += 1
        if fault:
            faults[fault].append(f"{path.name}: {fate}")
    return {"fates": dict(fates.most_common()), **faults}


def judge(path: Path) -> tuple[str, str]:
    """Read one file; return the fault, empty if there is none, and what became of it."""
    try:
        with at_most(SECONDS):
            pixels = decode(path).pixels
            stated = upright_size(path)
    except ImageError as error:
        return refusal(path, error)
    except Exception as error:
        return "other errors", f"{type(error).__name__}: {error}"
    if stated != (pixels.shape[1], pixels.shape[0]):
        return "wrong sizes", f"stated {stated}, decoded {pixels.shape}"
    with quiet_pillow():
        expected = reference(path, codec_names())
    if expected.shape != pixels.shape:
        return "wrong pixels", f"{pixels.shape}, expected {expected.shape}"
    gap = int(np.abs(pixels.astype(int) - expected).max())
    return ("wrong pixels", f"{gap} levels") if gap > LEVELS else ("", "read")


def refusal(path: Path, error: ImageError) -> tuple[str, str]:
    """Hold the reason of a refusal against what Pillow itself says about the file."""
    said = error.found.removeprefix(f"{path}: ")
    with quiet_pillow():
        truth = what_pillow_says(path)
    kinds = {
        "empty file": "an empty file",
        "not a picture of a known format": "of a format outside the list",
        ", which is not read here": "of a format outside the list, by name",
        " pixels": "too large",
    }
    kind = next((name for words, name in kinds.items() if said.endswith(words)), "damaged")
    true = {
        "an empty file": path.stat().st_size == 0,
        "too large": truth == "too large",
        "damaged": truth == "damaged",
    }.get(kind, truth == "unknown")
    return ("" if true else "untrue refusals"), kind if true else f"{said} (Pillow: {truth})"


def what_pillow_says(path: Path) -> str:
    try:
        with Image.open(path, formats=codec_names()) as image:
            if image.width * image.height > MAX_PIXELS:
                return "too large"
            image.load()
            return "readable"
    except Image.UnidentifiedImageError:
        return "unknown"
    except Exception:
        return "damaged"


def embedded(root: Path, sources: dict[str, list[Path]]) -> dict[str, int]:
    """Embed all files under their own names; return how they were counted."""
    place = root / "images" / "p"
    place.mkdir(parents=True)
    (root / "prefml.toml").write_text('encoder = "builtin"\n')
    for number, path in enumerate(path for paths in sources.values() for path in paths):
        shutil.copy(path, place / f"{number:04d}_{path.name}")
    workspace = Workspace.open(root)
    report = build_sidecars(workspace, OneProject(), open_encoder("builtin", root, "cpu"))
    files = sum(map(len, sources.values()))
    return {
        "files": files,
        "embedded": report.computed,
        "failed, with a reason": report.failed,
        "passed over, by name": len(report.passed_over),
        "of no format that prefml names": files - report.images - len(report.passed_over),
        "of several frames": len(report.first_frames),
    }


class OneProject:
    """Lookup that takes every picture for one of the same project."""

    def from_path(self, path: str) -> str:
        """Return the one project."""
        return "p"


if __name__ == "__main__":
    main()
