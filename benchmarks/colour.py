"""Measure what converting colours costs: processor time of decoding with and without a profile.

python benchmarks/colour.py [--count 5] [--out FILE]

The profile is that of a wide gamut whose curve and matrix have to be computed. A look at the
header is what each picture of an earlier version's sidecars costs once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

from _machine import machine
from _pictures import KINDS, write_pictures
from PIL import Image

from prefml.imaging.decode import decode, is_decoded_anew

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "imaging"))
RUNS = {"colour": {"quick": ["--count", "1"], "full": ["--count", "7"]}}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=5, help="repeats, of which the least counts")
    options.add_argument("--out", type=Path, required=True, help="the file to write")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {kind: measure(Path(folder) / kind, kind, given.count) for kind in KINDS}
    record = {
        "command": f"python benchmarks/colour.py --count {given.count}",
        "milliseconds": found,
        "machine": machine(),
    }
    given.out.write_text(json.dumps(record, indent=1) + "\n")


def measure(folder: Path, kind: str, count: int) -> dict[str, float]:
    """Return milliseconds of processor time for one picture of a kind."""
    from profiles import rgb_profile

    (plain,) = write_pictures(folder, kind, 1)
    wide = plain.with_stem("wide")
    with Image.open(plain) as image:
        image.save(wide, icc_profile=rgb_profile("rec2020"), **KINDS[kind][2])
    return {
        "plain": least(lambda: decode(plain), count),
        "wide gamut": least(lambda: decode(wide), count),
        "look": least(lambda: is_decoded_anew(wide, 1), count),
    }


def least(work: Callable[[], object], count: int) -> float:
    def once() -> float:
        began = process_time()
        work()
        return 1000 * (process_time() - began)

    once()
    return round(min(once() for _ in range(count)), 3)


if __name__ == "__main__":
    main()
