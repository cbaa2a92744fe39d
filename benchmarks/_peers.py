"""What people write who embed pictures without prefml, each at its best settings.

Every rival has a small grid of settings; `best` runs it over some of the pictures and keeps the
fastest by the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnxruntime
from PIL import Image

from prefml.encoders.folder import EncoderFolder, read_folder
from prefml.encoders.openclip import OpenClipEncoder
from prefml.encoders.preprocess import network_input

T = TypeVar("T")
# The default of ONNX Runtime is to wait by spinning.
SPIN = "session.intra_op.allow_spinning"


@dataclass(frozen=True)
class OnnxSetting:
    """Threads that decode, pictures in a batch, threads in a batch, and how these wait.

    A batch of one is run by the thread that decoded it.
    """

    threads: int
    batch: int
    inside: int
    spinning: bool


@dataclass(frozen=True)
class LoaderSetting:
    """Processes that decode, pictures in a batch, threads of torch."""

    workers: int
    batch: int
    threads: int


def onnx_settings(cores: int) -> list[OnnxSetting]:
    """Return the grid of ONNX Runtime with Pillow in threads."""
    alone = [OnnxSetting(threads, 1, 1, False) for threads in (cores, 2 * cores)]
    batches = [OnnxSetting(cores, size, cores, spin) for size in (8, 32) for spin in (False, True)]
    return [*alone, *batches]


def loader_settings(cores: int) -> list[LoaderSetting]:
    """Return the grid of torch with a DataLoader."""
    pairs = sorted({(1, cores), (cores, 1), (cores, cores)})
    return [LoaderSetting(workers, size, threads) for workers, threads in pairs for size in (8, 32)]


class OnnxPeer:
    """ONNX Runtime, with Pillow in threads: open_clip's own preprocessing, no hash, no cues."""

    def __init__(self, folder: Path) -> None:
        self.folder: EncoderFolder = read_folder(folder)
        self._sessions: dict[tuple[int, bool], Any] = {}

    def run(self, paths: Sequence[Path], setting: OnnxSetting) -> None:
        session = self._session(setting)
        with ThreadPoolExecutor(setting.threads) as pool:
            if setting.batch == 1:
                vectors = list(pool.map(lambda path: self._encode(session, [self._read(path)]),
                                        paths))  # fmt: skip
            else:
                inputs = pool.map(self._read, paths)
                vectors = [self._encode(session, part) for part in parts(inputs, setting.batch)]
        assert sum(map(len, vectors)) == len(paths)

    def _read(self, path: Path) -> np.ndarray:
        with Image.open(path) as image:
            return network_input(image, self.folder.spec)

    def _encode(self, session: Any, inputs: Sequence[np.ndarray]) -> np.ndarray:
        feed = {self.folder.input: np.stack(inputs)}
        (vectors,) = session.run([self.folder.output], feed)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _session(self, setting: OnnxSetting) -> Any:
        key = setting.inside, setting.spinning
        if key not in self._sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = setting.inside
            options.add_session_config_entry(SPIN, str(int(setting.spinning)))
            model = str(self.folder.model)
            self._sessions[key] = onnxruntime.InferenceSession(model, options)
        return self._sessions[key]


class LoaderPeer:
    """torch in batches behind a DataLoader, with a perceptual hash of each picture or without."""

    def __init__(self, network: OpenClipEncoder, hashed: bool) -> None:
        self.network, self.hashed = network, hashed

    def run(self, paths: Sequence[Path], setting: LoaderSetting) -> None:
        import torch
        from torch.utils.data import DataLoader

        pictures: Any = Pictures(paths, self.network.spec.size, self.hashed)
        loader = DataLoader(pictures, setting.batch, num_workers=setting.workers)
        before, found = torch.get_num_threads(), 0
        torch.set_num_threads(setting.threads)
        try:
            with torch.inference_mode():
                for pixels, _ in loader:
                    vectors = self.network.tower(pixels)
                    found += len((vectors / vectors.norm(dim=-1, keepdim=True)).numpy())
        finally:
            torch.set_num_threads(before)
        assert found == len(paths)


class Pictures:
    """A data set of torch's: open_clip's preprocessing, and imagehash's hash or nothing."""

    def __init__(self, paths: Sequence[Path], size: int, hashed: bool) -> None:
        from open_clip import image_transform

        self.paths, self.hashed = list(paths), hashed
        self.transform = image_transform(size, is_train=False)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, at: int) -> tuple[Any, str]:
        import imagehash

        with Image.open(self.paths[at]) as opened:
            image = opened.convert("RGB")
        return self.transform(image), str(imagehash.phash(image)) if self.hashed else ""


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


def best(
    run: Callable[[Sequence[Path], T], None], settings: Sequence[T], paths: Sequence[Path]
) -> tuple[T, list[dict[str, Any]]]:
    """Return the fastest setting over some pictures, and how fast each was."""
    run(paths[:2], settings[0])
    tried = []
    for setting in settings:
        start = time.perf_counter()
        run(paths, setting)
        speed = len(paths) / (time.perf_counter() - start)
        tried.append(asdict(setting) | {"images_per_second": round(speed, 2)})  # type: ignore[call-overload]
    fastest = max(range(len(settings)), key=lambda at: tried[at]["images_per_second"])
    return settings[fastest], tried


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(items)
    while part := list(islice(source, size)):
        yield part
