"""The one pass against its rivals, each at its best settings, and against the limit of the machine.

Side by side, over the same pictures, in turn and again: ONNX Runtime with Pillow in threads, in
float32 and with the int8 network; torch in batches behind a DataLoader, with imagehash and without;
the seed's loop (one picture at a time); and prefml's pass with hashes, all cues and parquet, in
float32, in int8, and without cues. The rivals' settings are the fastest of a small grid, which the
result holds. Beside them run bare, for the limit: decoding, the encoder, the networks that look for
people, and the hash. The encoder is a ViT-B-32 with random weights, which costs what a trained one
does.

    python benchmarks/embed.py --out benchmarks/results/embed.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from _machine import machine
from _peers import LoaderPeer, OnnxPeer, best, loader_settings, onnx_settings, seed_loop
from _pictures import KINDS, SMALL_KINDS, write_pictures

from prefml.encoders import open_encoder
from prefml.encoders.export import export_encoder
from prefml.encoders.onnx import OnnxEncoder
from prefml.encoders.openclip import OpenClipEncoder
from prefml.encoders.spec import Encoder
from prefml.exceptions import EncoderError
from prefml.imaging import cues, people
from prefml.imaging.decode import decode
from prefml.imaging.hashing import phash
from prefml.imaging.networks import Network, open_session
from prefml.imaging.picture import Picture
from prefml.sidecars.build import BuildOptions, build_sidecars
from prefml.sidecars.derive import prepare
from prefml.workspace import Workspace

RUNS = {
    "embed": {
        "quick": ["--pictures", "8", "--repeats", "1", "--tried", "4", "--no-int8"],
        "full": [],
        "needs": ["torch"],
    }
}
CORES = os.cpu_count() or 1
# What decoding, the networks and the hash take run bare: less than that no pass can take.
BARE = ("decode", "encode", "people", "hash")
Calls = list[list[tuple[Network, np.ndarray]]]


class OneProject:
    """Every picture belongs to one project."""

    def from_path(self, path: str) -> str:
        """Return the one there is."""
        return "p"


@dataclass(frozen=True)
class Encoders:
    """The network in torch, and exported."""

    network: OpenClipEncoder
    exact: Path
    int8: Path | None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ViT-B-32")
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=sorted(KINDS))
    parser.add_argument("--pictures", type=int, default=96)
    parser.add_argument("--tried", type=int, default=24, help="pictures for each setting")
    parser.add_argument("--batch-size", type=int, default=BuildOptions().batch_size)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-int8", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/embed.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    report: dict[str, Any] = {"schema": "prefml/benchmark/embed/2", "machine": machine()}
    codecs = version("imagecodecs")
    report["readers"] = {"png": f"libdeflate and libpng of imagecodecs {codecs}",
                         "jpeg": f"libjpeg-turbo of imagecodecs {codecs}",
                         "rivals": f"Pillow {version('pillow')}"}  # fmt: skip
    report |= {"model": options.model, "batch_size": options.batch_size}
    report |= {"repeats": options.repeats, "people": "looked for in every picture"}
    with tempfile.TemporaryDirectory() as place:
        network = OpenClipEncoder.untrained(options.model)
        exported = export_encoder(network, Path(place) / "fp32")
        report["gate"] = exported.parity.to_dict()
        report["int8"] = None if options.no_int8 else smaller(network, Path(place) / "int8")
        accepted = report["int8"] and report["int8"]["accepted"]
        small = Path(place) / "int8" if accepted else None
        encoders = Encoders(network, exported.folder, small)
        for kind in options.kinds:
            folder = Path(place) / kind
            paths = write_pictures(folder / "images/p", kind, options.pictures)
            report[kind] = measured(folder, paths, encoders, options)
            shown(kind, report[kind])
        for kind in SMALL_KINDS:
            report[kind] = small_pictures(Path(place) / kind, kind, options)
            print(f"{kind}: {report[kind]['core_ms_without_people']['median']:.1f} core-ms "
                  f"without people's networks")  # fmt: skip
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


def smaller(network: OpenClipEncoder, out: Path) -> dict[str, Any]:
    """Put int8 through its gate and say how it went."""
    try:
        return {"accepted": True} | export_encoder(network, out, "int8").parity.to_dict()
    except EncoderError as error:
        return {"accepted": False, "why": str(error)}


def measured(
    folder: Path, paths: Sequence[Path], encoders: Encoders, options: argparse.Namespace
) -> dict[str, Any]:
    """Time everything, in turn and again."""
    exact = OnnxEncoder.open(encoders.exact)
    work, settings = rivals(paths, encoders, options.tried)
    work |= bare(paths, exact, options.batch_size)
    work["whole"] = lambda: whole(folder, exact, options)
    if encoders.int8:
        small = OnnxEncoder.open(encoders.int8)
        prepared = [prepare(small, decode(path)) for path in paths]
        work["encode int8"] = lambda: encode_all(prepared, small, options.batch_size)
        work["whole int8"] = lambda: whole(folder, small, options)
    work["without cues"] = lambda: without_cues(folder, exact, options)
    runs = repeated(work, options.repeats)
    # As in the pass: a thread's time must not be another's.
    cv2.setNumThreads(1)
    stages = {name: round(value, 2) for name, value in costs(paths[:6], exact).items()}
    return {
        "pictures": len(paths),
        "bytes": paths[0].stat().st_size,
        "settings": settings,
        "steps": {name: summed(times, len(paths)) for name, times in runs.items()},
        "ratios": ratios(runs),
        "ms_of_one_core": stages,
    }


def rivals(
    paths: Sequence[Path], encoders: Encoders, tried: int
) -> tuple[dict[str, Callable[[], None]], dict[str, Any]]:
    """Return the rivals at their best settings, and all that were tried."""
    grids: dict[str, tuple[Any, Any]] = {
        "onnx": (OnnxPeer(encoders.exact), onnx_settings(CORES)),
        "loader": (LoaderPeer(encoders.network, hashed=False), loader_settings(CORES)),
        "loader and imagehash": (LoaderPeer(encoders.network, True), loader_settings(CORES)),
    }
    if encoders.int8:
        grids["onnx int8"] = OnnxPeer(encoders.int8), onnx_settings(CORES)
    work: dict[str, Callable[[], None]] = {}
    settings: dict[str, Any] = {}
    for name, (peer, grid) in grids.items():
        chosen, all_tried = best(peer.run, grid, paths[:tried])
        work[name] = partial(peer.run, paths, chosen)
        settings[name] = {"chosen": asdict(chosen), "tried": all_tried}
    return work | {"seed": lambda: seed_loop(paths, encoders.network)}, settings


def bare(paths: Sequence[Path], encoder: OnnxEncoder, batch: int) -> dict[str, Callable[[], None]]:
    """Return what makes up the limit, each on inputs that are ready."""
    pictures = [Picture(decode(path).working) for path in paths]
    prepared = [prepare(encoder, decode(path)) for path in paths]
    calls = people_calls(paths)
    return {
        "decode": lambda: in_threads(decode, paths),
        "encode": lambda: encode_all(prepared, encoder, batch),
        "people": lambda: in_threads(run_networks, calls),
        "hash": lambda: in_threads(phash, pictures),
    }


def in_threads(function: Callable[[Any], object], items: Sequence[Any]) -> None:
    with ThreadPoolExecutor(CORES) as pool:
        for result in pool.map(function, items):
            del result


def encode_all(prepared: Sequence[np.ndarray], encoder: OnnxEncoder, batch: int) -> None:
    for at in range(0, len(prepared), batch):
        encoder.encode(prepared[at : at + batch])


def people_calls(paths: Sequence[Path]) -> Calls:
    """Return the networks that look for people in each picture, with their inputs."""
    found: Calls = []
    run = Network.run

    def noted(network: Network, pixels: np.ndarray) -> dict[str, np.ndarray]:
        # As float32 already: turning bytes into it is not the network's.
        scale = np.float32((1.0 - network.low) / 255)
        given = np.float32(network.low) + pixels.transpose(2, 0, 1)[None] * scale
        found[-1].append((network, given))
        return run(network, pixels)

    with mock.patch.object(Network, "run", noted):
        for path in paths:
            found.append([])
            people.detect_people(decode(path))
    return found


def run_networks(calls: list[tuple[Network, np.ndarray]]) -> None:
    for network, given in calls:
        open_session(network.name).run(network.outputs, {"input": given})


def whole(folder: Path, encoder: Encoder, options: argparse.Namespace) -> None:
    build = BuildOptions(batch_size=options.batch_size, force=True)
    report = build_sidecars(Workspace.open(folder), OneProject(), encoder, build)
    assert report.computed == report.images


def without_cues(folder: Path, encoder: OnnxEncoder, options: argparse.Namespace) -> None:
    """Do the same pass with nothing measured: what is left is embedding, hash and parquet."""
    nothing = dict.fromkeys(cues.CUE_NAMES, float("nan"))
    empty: dict[str, list[float]] = {name: [] for name in cues.list_names()}
    # Functions, for a mock of its own would keep every picture that it is called with.
    parts = {"measure": nothing, "prepare": None, "measure_lists": empty}
    with mock.patch.multiple(cues, **{name: returning(one) for name, one in parts.items()}):
        whole(folder, encoder, options)


def returning(value: object) -> Callable[[Picture], object]:
    return lambda picture: value


@contextmanager
def nobody_looked_for() -> Iterator[None]:
    """Leave out the networks that look for people; everything else is measured."""
    nobody = people.detect_people(Picture(np.zeros((64, 64, 3), np.uint8)))
    with mock.patch.object(people, "_detect", returning(nobody)):
        yield


def small_pictures(folder: Path, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Time the pass over small pictures with the built-in encoder, with people and without."""
    paths = write_pictures(folder / "images/p", kind, 4 * options.pictures)
    encoder = open_encoder("builtin")

    def without_people() -> None:
        with nobody_looked_for():
            whole(folder, encoder, options)

    without_people()
    work = {"whole": lambda: whole(folder, encoder, options), "without people": without_people}
    runs = repeated(work, options.repeats)
    milliseconds = {
        name: [1000 * core / len(paths) for _, core in times] for name, times in runs.items()
    }
    return {
        "pictures": len(paths),
        "steps": {name: summed(times, len(paths)) for name, times in runs.items()},
        "core_ms": spread(milliseconds["whole"]),
        "core_ms_without_people": spread(milliseconds["without people"]),
    }


def repeated(
    work: dict[str, Callable[[], None]], repeats: int
) -> dict[str, list[tuple[float, float]]]:
    """Run everything in turn, and again; return seconds and core-seconds of each run."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, function in work.items():
            runs[name].append(clock(function))
    return runs


def clock(function: Callable[[], None]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), core_seconds()
    function()
    return time.perf_counter() - wall, core_seconds() - processor


def core_seconds() -> float:
    """Return the processor's time of this process and of those that it started and that ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def summed(times: Sequence[tuple[float, float]], pictures: int) -> dict[str, Any]:
    seconds, processor = zip(*times, strict=True)
    speeds = [pictures / one for one in seconds]
    return {
        "images_per_second": statistics.median(speeds),
        "slowest_images_per_second": min(speeds),
        "fastest_images_per_second": max(speeds),
        "core_seconds": statistics.median(processor) / pictures,
    }


def ratios(runs: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Return what the pass is of its rivals and of the limit, round by round.

    The processor's time is the same whatever else runs on the machine; the clock's is not.
    """
    found: dict[str, Any] = {}
    for name in ("whole", "whole int8", "without cues"):
        if name in runs:
            for rival in ("onnx", "onnx int8", "loader", "loader and imagehash", "seed"):
                if rival in runs:
                    found[f"{name} / {rival}"] = spread(
                        [theirs[0] / own[0]
                         for own, theirs in zip(runs[name], runs[rival], strict=True)]
                    )  # fmt: skip
    for name, encode in (("whole", "encode"), ("whole int8", "encode int8")):
        if name in runs:
            needed = [
                sum(runs[encode if part == "encode" else part][at][1] for part in BARE)
                for at in range(len(runs[name]))
            ]
            pairs = list(zip(runs[name], needed, strict=True))
            found[f"{name}: share of the limit, by the clock"] = spread(
                [core / CORES / own[0] for own, core in pairs]
            )
            found[f"{name}: share of the limit, by core-seconds"] = spread(
                [core / own[1] for own, core in pairs]
            )
            found[f"{name}: cores used"] = spread([own[1] / own[0] for own in runs[name]])
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


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
            "people": spent(lambda fresh=fresh: people.detect_people(fresh)),
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


def shown(kind: str, found: dict[str, Any]) -> None:
    print(kind)
    for name, step in found["steps"].items():
        print(f"  {name:22s} {step['images_per_second']:7.2f} images/s "
              f"{1000 * step['core_seconds']:7.1f} core-ms")  # fmt: skip
    for name, one in found["ratios"].items():
        print(f"  {name:45s} {one['median']:.2f} ({one['least']:.2f} to {one['most']:.2f})")


if __name__ == "__main__":
    main()
