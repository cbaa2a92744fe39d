"""Near duplicates: how fast, how exact, and what hash and cosine each miss.

    python benchmarks/dedupe.py [--pictures FOLDER] [--encoder NAME] [--hashes N] [--out FILE]

Speed and memory are measured in a process of its own. The oracle compares all with all in numpy;
the plain loop is what a first script would do, timed on few hashes and scaled by their square.
Planted copies are edits of the given photographs.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np
from _machine import machine
from PIL import Image, ImageEnhance

from prefml.duplicates.groups import MAX_DISTANCE, MIN_COSINE, cosines, find_groups
from prefml.duplicates.hamming import _brute_force, near_pairs, read_hashes
from prefml.encoders import open_encoder
from prefml.imaging.decode import decode, from_image
from prefml.imaging.hashing import phash

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT.parent / "shared" / "data" / "live_challenge" / "images"
N = 100_000
RUNS = {
    "dedupe": {
        "quick": ["--hashes", "20000", "--limit", "10"],
        "full": ["--encoder", "builtin", "--encoder", "{mobilenet}"],
    }
}


def uniform(n, seed=0):
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


def clustered(n, seed=0):
    """Families of five within a few bits, as the stages of a picture give them."""
    rng = np.random.default_rng(seed)
    values = np.repeat(uniform(n // 5 + 1, seed), 5)[:n]
    for _ in range(8):
        bit = np.uint64(1) << rng.integers(0, 64, n, dtype=np.uint64)
        values ^= np.where(rng.random(n) < 0.5, bit, np.uint64(0))
    return rng.permutation(values)


def skewed(n, seed=0):
    """Bits that are mostly set or mostly not, as pictures of one kind give them."""
    rng = np.random.default_rng(seed)
    bits = rng.random((n, 64)) < rng.beta(1.5, 1.5, 64)
    return bits @ (np.uint64(1) << np.arange(64, dtype=np.uint64))


def measured(make, n, queue):
    values = make(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, busy = time.perf_counter(), time.process_time()
    pairs = near_pairs(values)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1024 if sys.platform != "darwin" else 1024**2
    queue.put(
        {
            "pairs": len(pairs),
            "seconds": round(time.perf_counter() - wall, 3),
            "cpu_seconds": round(time.process_time() - busy, 3),
            "peak_mb": round(after / unit, 1),
            "search_mb": round((after - before) / unit, 1),
        }
    )


def in_own_process(make, n):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=measured, args=(make, n, queue))
    process.start()
    found = queue.get()
    process.join()
    return found


def oracle_agrees(make, n=20_000):
    values = make(n)
    every = np.concatenate(list(_brute_force(values, MAX_DISTANCE)))
    every = every[np.lexsort((every[:, 1], every[:, 0]))]
    return {"hashes": n, "pairs": len(every), "equal": np.array_equal(near_pairs(values), every)}


def plain_loop(n=3000):
    values = [int(value) for value in uniform(n)]
    start = time.process_time()
    found = 0
    for i in range(n):
        for j in range(i + 1, n):
            found += (values[i] ^ values[j]).bit_count() <= MAX_DISTANCE
    spent = time.process_time() - start
    return {"hashes": n, "cpu_seconds": round(spent, 2),
            "cpu_seconds_at_100000": round(spent * (N / n) ** 2, 1)}  # fmt: skip


def all_with_all(n=20_000):
    values = uniform(n)
    start = time.process_time()
    for _ in _brute_force(values, MAX_DISTANCE):
        pass
    spent = time.process_time() - start
    return {"hashes": n, "cpu_seconds": round(spent, 2),
            "cpu_seconds_at_100000": round(spent * (N / n) ** 2, 1)}  # fmt: skip


def recompressed(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def trimmed(image, share):
    w, h = image.size
    return image.crop((int(w * share), int(h * share), int(w * (1 - share)), int(h * (1 - share))))


def resized(image, scale):
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize(size, Image.Resampling.LANCZOS)


EDITS = {
    "half size": lambda image: resized(image, 0.5),
    "quarter size": lambda image: resized(image, 0.25),
    "twice the size": lambda image: resized(image, 2),
    "JPEG quality 75": lambda image: recompressed(image, 75),
    "JPEG quality 30": lambda image: recompressed(image, 30),
    "1 % cropped off each side": lambda image: trimmed(image, 0.01),
    "2 % cropped off each side": lambda image: trimmed(image, 0.02),
    "5 % cropped off each side": lambda image: trimmed(image, 0.05),
    "10 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "30 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
}
SLIGHT = ("half size", "quarter size", "twice the size", "JPEG quality 75", "JPEG quality 30",
          "1 % cropped off each side", "10 % brighter")  # fmt: skip


def planted(folder, encoder, limit):
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png"))
    rows, hashes, vectors = [], [], []
    for number, path in enumerate(paths[:: max(1, len(paths) // limit)][:limit]):
        image = decode(path).image
        for name, edit in {"original": lambda image: image, **EDITS}.items():
            picture = from_image(edit(image))
            rows.append((number, name))
            hashes.append(phash(picture))
            vectors.append(encoder.encode([encoder.preprocess(picture.image)])[0])
    return rows, read_hashes(hashes), np.array(vectors)


def recall_table(rows, hashes, vectors):
    originals = {number: i for i, (number, name) in enumerate(rows) if name == "original"}
    table = {}
    for edit in EDITS:
        copies = np.array([(originals[n], i) for i, (n, name) in enumerate(rows) if name == edit])
        near = np.bitwise_count(hashes[copies[:, 0]] ^ hashes[copies[:, 1]]) <= MAX_DISTANCE
        alike = cosines(vectors, copies) >= MIN_COSINE
        table[edit] = {
            "hash": round(float(near.mean()), 4),
            "cosine": round(float(alike.mean()), 4),
            "both": round(float((near & alike).mean()), 4),
        }
    return table


def precision(rows, hashes, vectors):
    """Of all pairs of pictures that are accepted, the share that show the same photograph."""
    source = np.array([number for number, _ in rows])
    every = np.column_stack(np.triu_indices(len(rows), 1))
    near = np.bitwise_count(hashes[every[:, 0]] ^ hashes[every[:, 1]]) <= MAX_DISTANCE
    alike = cosines(vectors, every) >= MIN_COSINE
    same = source[every[:, 0]] == source[every[:, 1]]
    found = {"hash": near, "cosine": alike, "both": near & alike}
    return {
        name: {
            "pairs": int(accepted.sum()),
            "wrong": int((accepted & ~same).sum()),
            "precision": round(float(same[accepted].mean()), 5),
        }
        for name, accepted in found.items()
    }


def wrong_groups(rows, hashes, vectors):
    source = np.array([number for number, _ in rows])
    groups = find_groups(hashes, vectors, np.zeros(len(rows)))
    return {"groups": len(groups), "mixed": sum(len(set(source[g])) > 1 for g in groups)}


def copies_report(folder, encoder_name, limit):
    encoder = open_encoder(encoder_name, ROOT)
    rows, hashes, vectors = planted(folder, encoder, limit)
    table = recall_table(rows, hashes, vectors)
    slight = float(np.mean([table[name]["both"] for name in SLIGHT]))
    return {
        "encoder": encoder.spec.id,
        "photographs": len({number for number, _ in rows}),
        "recall": table,
        "recall_of_slight_edits": round(slight, 4),
        "precision": precision(rows, hashes, vectors),
        "grouped": wrong_groups(rows, hashes, vectors),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, default=PHOTOS)
    parser.add_argument("--encoder", action="append", help="May be given more than once.")
    parser.add_argument("--limit", type=int, default=200)
    parser.add_argument("--hashes", type=int, default=N)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/dedupe.json")
    options = parser.parse_args()
    makers = {"uniform": uniform, "clustered": clustered, "skewed": skewed}
    report = {
        "benchmark": "dedupe",
        "machine": machine(),
        "hashes": options.hashes,
        "search": {name: in_own_process(make, options.hashes) for name, make in makers.items()},
        "oracle": {name: oracle_agrees(make) for name, make in makers.items()},
        "baselines": {"plain Python loop": plain_loop(), "numpy, all with all": all_with_all()},
    }  # fmt: skip
    if options.pictures.is_dir():
        names = options.encoder or ["builtin"]
        report["copies"] = [copies_report(options.pictures, n, options.limit) for n in names]
    else:
        print(f"no photographs in {options.pictures}: planted copies are left out", file=sys.stderr)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
