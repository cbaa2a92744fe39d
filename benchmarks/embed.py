"""The one pass against the seed's loop and against the limit of this machine.

Side by side, over the same pictures: the seed's loop (one picture at a time, torch, a batch of one,
full decode, torchvision's preprocessing), decoding alone, encoding alone, the whole pass with
hashes, cues and parquet, and the same without cues. The network is a ViT-B-32 with random weights,
which costs what a trained one does.

    python benchmarks/embed.py --out benchmarks/results/embed.json
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from _machine import machine
from _pictures import KINDS, write_pictures
from PIL import Image

from prefml.encoders.export import export_encoder
from prefml.encoders.onnx import OnnxEncoder
from prefml.encoders.openclip import OpenClipEncoder
from prefml.exceptions import EncoderError
from prefml.imaging import cues
from prefml.imaging.decode import decode
from prefml.imaging.hashing import phash
from prefml.imaging.picture import Picture
from prefml.sidecars.build import BuildOptions, build_sidecars
from prefml.sidecars.derive import prepare
from prefml.workspace import Workspace

RUNS = {
    "embed": {
        "quick": ["--pictures", "8", "--repeats", "1", "--no-int8"],
        "full": [],
        "needs": ["torch"],
    }
}
CORES = os.cpu_count() or 1


class OneProject:
    """Every picture belongs to one project."""

    def from_path(self, path: str) -> str:
        """Return the one there is."""
        return "p"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ViT-B-32")
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=sorted(KINDS))
    parser.add_argument("--pictures", type=int, default=192)
    parser.add_argument("--batch-size", type=int, default=BuildOptions().batch_size)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-int8", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/embed.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    before = machine()
    network = OpenClipEncoder.untrained(options.model)
    report: dict[str, Any] = {"schema": "prefml/benchmark/embed/1", "machine": before}
    report |= {"model": options.model, "precision": "fp32", "batch_size": options.batch_size}
    with tempfile.TemporaryDirectory() as place:
        exported = export_encoder(network, Path(place) / "fp32")
        report["gate"] = exported.parity.to_dict()
        report["int8"] = None if options.no_int8 else smaller(network, Path(place) / "int8")
        encoder = OnnxEncoder.open(Path(place) / "fp32")
        for kind in options.kinds:
            folder = Path(place) / kind
            paths = write_pictures(folder / "images/p", kind, options.pictures)
            report[kind] = measured(folder, paths, network, encoder, options)
            shown(kind, report[kind])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


def measured(
    folder: Path,
    paths: Sequence[Path],
    network: OpenClipEncoder,
    encoder: OnnxEncoder,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Time the four, in turn and again, and put the medians together."""
    prepared = [prepare(encoder, decode(path)) for path in paths]
    work: dict[str, Callable[[], None]] = {
        "seed": lambda: seed_loop(paths, network),
        "decode": lambda: decode_all(paths),
        "encode": lambda: encode_all(prepared, encoder, options.batch_size),
        "whole": lambda: whole(folder, encoder, options),
        "without cues": lambda: without_cues(folder, encoder, options),
    }
    for warm_up in (network, encoder):
        warm_up.encode(prepared[:2])
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(options.repeats):
        for name, function in work.items():
            runs[name].append(clock(function))
    steps = {name: medians(times, len(paths)) for name, times in runs.items()}
    # As in the pass: a thread's time must not be another's.
    cv2.setNumThreads(1)
    stages = {name: round(value, 2) for name, value in costs(paths[:6], encoder).items()}
    return {"pictures": len(paths), "bytes": paths[0].stat().st_size, "steps": steps,
            "ms_of_one_core": stages} | summary(steps)  # fmt: skip


def summary(steps: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the ratios, by the clock and by the processor's time.

    The processor's time is the same whatever else runs on the machine; the clock's is not.
    """
    seed, whole_pass, bare = steps["seed"], steps["whole"], steps["without cues"]
    needed = steps["decode"]["core_seconds"] + steps["encode"]["core_seconds"]
    limit = CORES / needed
    return {
        "ratio_to_seed": whole_pass["images_per_second"] / seed["images_per_second"],
        "limit_images_per_second": limit,
        "share_of_limit": whole_pass["images_per_second"] / limit,
        "share_of_core_seconds": needed / whole_pass["core_seconds"],
        "cores_used": whole_pass["core_seconds"] * whole_pass["images_per_second"],
        "ratio_to_seed_without_cues": bare["images_per_second"] / seed["images_per_second"],
        "share_of_limit_without_cues": bare["images_per_second"] / limit,
    }


def medians(times: Sequence[tuple[float, float]], pictures: int) -> dict[str, float]:
    seconds, core_seconds = (statistics.median(one) for one in zip(*times, strict=True))
    return {
        "images_per_second": pictures / seconds,
        "core_seconds": core_seconds / pictures,
        "fastest_images_per_second": pictures / min(time[0] for time in times),
    }


def clock(function: Callable[[], None]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def seed_loop(paths: Sequence[Path], network: OpenClipEncoder) -> None:
    """Embed one picture after the other, as open_clip's own example does."""
    import torch
    from open_clip import image_transform

    transform = image_transform(network.spec.size, is_train=False)
    with torch.no_grad():
        for path in paths:
            pixels = transform(Image.open(path).convert("RGB")).unsqueeze(0)
            vectors = network.tower(pixels)
            (vectors / vectors.norm(dim=-1, keepdim=True)).numpy()


def decode_all(paths: Sequence[Path]) -> None:
    with ThreadPoolExecutor(CORES) as pool:
        for picture in pool.map(decode, paths):
            del picture


def encode_all(prepared: Sequence[np.ndarray], encoder: OnnxEncoder, batch: int) -> None:
    for at in range(0, len(prepared), batch):
        encoder.encode(prepared[at : at + batch])


def whole(folder: Path, encoder: OnnxEncoder, options: argparse.Namespace) -> None:
    build = BuildOptions(batch_size=options.batch_size, force=True)
    report = build_sidecars(Workspace.open(folder), OneProject(), encoder, build)
    assert report.computed == report.images


def without_cues(folder: Path, encoder: OnnxEncoder, options: argparse.Namespace) -> None:
    """Do the same pass with nothing measured: what is left is embedding, hash and parquet."""
    nothing = dict.fromkeys(cues.CUE_NAMES, float("nan"))

    def blank(picture: Picture) -> dict[str, float]:
        return nothing

    # A mock of its own would keep every picture that it is called with.
    with mock.patch.object(cues, "measure", blank):
        whole(folder, encoder, options)


def costs(paths: Sequence[Path], encoder: OnnxEncoder) -> dict[str, float]:
    """Return milliseconds of one core that each step takes, the median of a few pictures."""
    found: list[dict[str, float]] = []
    for path in paths:
        picture = decode(path)
        fresh = Picture(picture.pixels)
        times = {
            "decode": spent(lambda path=path: decode(path)),
            "halve": spent(lambda fresh=fresh: fresh.working),
            "preprocess": spent(lambda fresh=fresh: prepare(encoder, fresh)),
            "hash": spent(lambda fresh=fresh: phash(fresh)),
        }
        for group in cues.GROUPS:
            name = getattr(group, "__name__", "?").rpartition(".")[2]
            times[f"cues {name}"] = spent(lambda group=group, fresh=fresh: group.measure(fresh))
        found.append(times)
    return {name: statistics.median(times[name] for times in found) for name in found[0]}


def spent(function: Callable[[], object]) -> float:
    start = time.thread_time()
    function()
    return 1000 * (time.thread_time() - start)


def smaller(network: OpenClipEncoder, out: Path) -> dict[str, Any]:
    """Put int8 through its gate and say how it went."""
    try:
        return {"accepted": True} | export_encoder(network, out, "int8").parity.to_dict()
    except EncoderError as error:
        return {"accepted": False, "why": str(error)}


def shown(kind: str, found: dict[str, Any]) -> None:
    print(f"{kind}: {found['ratio_to_seed']:.2f} times the seed's loop; "
          f"{found['share_of_limit']:.2f} of the limit by the clock, "
          f"{found['share_of_core_seconds']:.2f} by core-seconds")  # fmt: skip
    for name, step in found["steps"].items():
        print(f"  {name:12s} {step['images_per_second']:7.2f} images/s "
              f"{1000 * step['core_seconds']:7.1f} core-ms")  # fmt: skip


if __name__ == "__main__":
    main()
