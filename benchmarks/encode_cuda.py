"""Throughput and parity of the image tower on a CUDA device, with random weights.

Random weights cost as much to run as trained ones, so nothing has to be downloaded. Run it on a
machine with a GPU and the extra `clip`:

    python benchmarks/encode_cuda.py --out benchmarks/results/encode_cuda.json
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine

from prefml.encoders.openclip import OpenClipEncoder, choose_device, run_tower
from prefml.encoders.parity import sample_pictures
from prefml.encoders.vectors import cosines

RUNS = {
    "encode_cuda": {
        "quick": ["--batches", "1", "32", "--seconds", "0.5"],
        "full": [],
        "needs": ["cuda"],
    }
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ViT-B-32")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32, 128, 512, 1024])
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each measurement")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/encode_cuda.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    choose_device(options.device)
    encoder = OpenClipEncoder.untrained(options.model)
    pixels = np.stack([encoder.preprocess(picture) for picture in sample_pictures()])
    reference = run_tower(deepcopy(encoder.tower), pixels, "cpu")
    towers = {"fp32": encoder.tower, "fp16": deepcopy(encoder.tower).half()}
    report = {
        "schema": "prefml/benchmark/encode_cuda/1",
        "model": options.model,
        "machine": machine() | device(options.device),
        "preprocess_2048_ms": preprocessing(encoder),
        "precisions": {
            name: measured(tower, pixels, reference, options) for name, tower in towers.items()
        },
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def measured(
    tower: Any, pixels: np.ndarray, reference: np.ndarray, options: argparse.Namespace
) -> dict[str, Any]:
    """Compare one precision with the CPU, then time it at every batch size."""
    import torch

    dtype = next(tower.parameters()).dtype

    def encode(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            there = torch.from_numpy(batch).to(options.device, dtype, non_blocking=True)
            return tower(there).float().cpu().numpy()

    tower.to(options.device)
    likeness = cosines(encode(pixels), reference)
    return {
        "pictures": len(pixels),
        "min_cosine_to_cpu": float(likeness.min()),
        "batches": [at_batch(tower, encode, count, dtype, pixels, options)
                    for count in options.batches],
    }  # fmt: skip


def at_batch(
    tower: Any,
    encode: Callable[[np.ndarray], np.ndarray],
    count: int,
    dtype: Any,
    pixels: np.ndarray,
    options: argparse.Namespace,
) -> dict[str, float]:
    """Time a batch with its copies to and from the device, and the network alone."""
    import torch

    batch = pixels[np.arange(count) % len(pixels)]
    there = torch.from_numpy(batch).to(options.device, dtype)

    def network() -> None:
        with torch.inference_mode():
            tower(there)
        wait(options.device)

    return {
        "batch": count,
        "images_per_second": count / median_seconds(lambda: encode(batch), options.seconds),
        "network_images_per_second": count / median_seconds(network, options.seconds),
        "memory_mb": memory(options.device),
    }


def median_seconds(work: Callable[[], object], limit: float) -> float:
    """Repeat for a while after two calls that warm up; return the median of a call."""
    work(), work()
    times: list[float] = []
    end = time.perf_counter() + limit
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def preprocessing(encoder: OpenClipEncoder) -> float:
    """Milliseconds of one core that a 2048 x 2048 picture costs before the network sees it."""
    picture = sample_pictures()[0].resize((2048, 2048))
    return 1000 * median_seconds(lambda: encoder.preprocess(picture), 1.0)


def wait(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def memory(device: str) -> float:
    import torch

    return torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else 0.0


def device(name: str) -> dict[str, Any]:
    import open_clip
    import torch

    found = torch.cuda.get_device_name() if name == "cuda" else platform.processor()
    return {"device": found, "open_clip": open_clip.__version__}


if __name__ == "__main__":
    main()
