"""Decode each picture once, and derive its features, in many threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import prod
from pathlib import Path
from typing import TypeVar

import cv2

from prefml.decisions.stages import stage_of
from prefml.encoders.preprocess import resize_target
from prefml.encoders.spec import Encoder, Preprocessed
from prefml.exceptions import ImageError
from prefml.imaging import cues
from prefml.imaging.decode import decode
from prefml.imaging.hashing import phash
from prefml.imaging.opening import read_header
from prefml.imaging.picture import Picture
from prefml.sidecars.find import Failure
from prefml.sidecars.memory import keep_freed_memory
from prefml.sidecars.plan import Task

__all__ = [
    "DecodeSettings",
    "Derived",
    "PixelBudget",
    "derive",
    "derive_all",
    "map_in_order",
    "prepare",
]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Derived:
    """Values derived from a decoded picture.

    Attributes
    ----------
    task : Task
        The picture.
    prepared : ndarray or None
        The encoder's input; None where the embedding is taken over.
    phash : str or None
        Perceptual hash; None where hash and cues are taken over.
    cues : dict of str to object
        Stage, cues, and what is kept as lists.
    more_frames : bool
        Whether the file holds further frames, which are not looked at.
    """

    task: Task
    prepared: Preprocessed | None
    phash: str | None
    cues: dict[str, object]
    more_frames: bool = False


class PixelBudget:
    """Bound on the pixels that all threads together hold decoded.

    Parameters
    ----------
    limit : int
        The most pixels at once; a picture with more is let in when no other is.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.reserved = 0
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, pixels: int) -> Iterator[None]:
        """Wait for room, and reserve it.

        Parameters
        ----------
        pixels : int
            Number of pixels of the picture.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: not self.reserved or self.reserved + pixels <= self.limit
            )
            self.reserved += pixels
        try:
            yield
        finally:
            with self._changed:
                self.reserved -= pixels
                self._changed.notify_all()


@dataclass(frozen=True)
class DecodeSettings:
    """Settings of decoding, shared by all threads.

    Attributes
    ----------
    root : Path
        The workspace folder.
    max_pixels : int
        Larger pictures fail.
    budget : PixelBudget
        What all threads together may hold.
    cue_limiter : context manager
        Held while cues are measured: that is hundreds of short calls, and threads that make them
        at once spend much of their time on handing the interpreter's lock to each other.
    """

    root: Path
    max_pixels: int
    budget: PixelBudget
    cue_limiter: AbstractContextManager[object] = field(default_factory=nullcontext)


def derive(task: Task, settings: DecodeSettings, encoder: Encoder) -> Derived | Failure:
    """Decode a picture once and derive all that its task needs.

    Parameters
    ----------
    task : Task
        The picture, and what of it is needed.
    settings : DecodeSettings
        Limits, shared by all threads.
    encoder : Encoder
        Prepares its own input.

    Returns
    -------
    Derived or Failure
        Whatever goes wrong with a single picture is a failure, never an exception.
    """
    try:
        return _derive(task, settings, encoder)
    except ImageError as error:
        reason = str(error).removeprefix(f"{settings.root / task.image.path}: ")
        return Failure(task.image.path, reason)
    except Exception as error:
        return Failure(task.image.path, f"{type(error).__name__}: {error}")


def _derive(task: Task, settings: DecodeSettings, encoder: Encoder) -> Derived:
    path = settings.root / task.image.path
    header = read_header(path, settings.max_pixels)
    with settings.budget.reserve(prod(header.size)):
        picture = decode(path, settings.max_pixels)
        prepared = prepare(encoder, picture) if task.encode else None
        if not task.measure:
            return Derived(task, prepared, None, {}, header.more_frames)
        stage = stage_of(task.image.filename)
        cues.prepare(picture)
        with settings.cue_limiter:
            values: dict[str, object] = {"stage": float("nan") if stage is None else stage}
            values |= cues.measure(picture)
            values |= cues.measure_lists(picture)
            return Derived(task, prepared, phash(picture), values, header.more_frames)


def prepare(encoder: Encoder, picture: Picture) -> Preprocessed:
    """Preprocess a decoded picture: nearly `encoder.preprocess(picture.image)`.

    Large pictures are resized from a copy that was halved first.

    Parameters
    ----------
    encoder : Encoder
        Its `spec` says to which size pictures are resized, and how.
    picture : Picture
        A decoded picture.

    Returns
    -------
    ndarray
        As `encoder.preprocess` gives it.
    """
    size = resize_target(encoder.spec, (picture.width, picture.height))
    copy = picture.resized(size, encoder.spec.interpolation) if size else None
    return encoder.preprocess(copy or picture.image)


def derive_all(
    tasks: Iterable[Task], settings: DecodeSettings, encoder: Encoder, workers: int, ahead: int
) -> Generator[Derived | Failure]:
    """Derive the features of many pictures in threads, in order, a bounded number ahead.

    Parameters
    ----------
    tasks : iterable of Task
        The pictures.
    settings : DecodeSettings
        Limits, shared by all threads.
    encoder : Encoder
        Prepares its own input.
    workers : int
        Threads; each holds one decoded picture at most.
    ahead : int
        Results that may wait to be taken.

    Yields
    ------
    Derived or Failure
    """
    keep_freed_memory()
    work = partial(derive, settings=settings, encoder=encoder)
    with _one_opencv_thread():
        yield from map_in_order(work, tasks, workers, ahead)


def map_in_order(
    function: Callable[[T], R], items: Iterable[T], workers: int, ahead: int
) -> Generator[R]:
    """Map a function over items in threads, keeping their order and a bounded number in flight.

    Parameters
    ----------
    function : callable
        Called once for each item, in some thread.
    items : iterable
        Taken from as results are taken.
    workers : int
        Threads.
    ahead : int
        Calls begun or finished whose result was not taken yet.

    Yields
    ------
    object
        The results.
    """
    waiting: deque[Future[R]] = deque()
    source = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        try:
            waiting.extend(pool.submit(function, item) for item in islice(source, ahead))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(source, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """Switch threads inside OpenCV off: pictures are the unit of parallel work."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
