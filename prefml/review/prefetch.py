"""Make reduced copies ahead of the person, in the background."""

from __future__ import annotations

import atexit
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prefml.exceptions import PrefmlError
from prefml.review.thumbnails import ThumbnailCache

__all__ = ["Prefetcher"]


class Prefetcher:
    """Queue of pictures that will be shown soon; it steps aside for those shown now.

    Parameters
    ----------
    thumbnails : ThumbnailCache
        What makes the copies.
    workers : int, optional
        Threads; decoding runs outside Python's lock. By default one core stays free.
    limit : int, default=2000
        Pictures in the queue at most; the oldest are dropped.
    """

    def __init__(
        self, thumbnails: ThumbnailCache, workers: int | None = None, limit: int = 2000
    ) -> None:
        if workers is None:
            workers = min(4, max(1, (os.cpu_count() or 1) - 1))
        self._thumbnails = thumbnails
        self._limit = limit
        self._done: set[tuple[str, str]] = set()
        self._queue: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._changed = threading.Condition()
        self._foreground = 0
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._work, name=f"pictures-{n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()
        # A thread that is still inside OpenCV when the interpreter ends would abort the process.
        atexit.register(self.stop)

    def enqueue(self, names: Iterable[str], size: str) -> None:
        """Put pictures at the head of the queue, the first of them first.

        Parameters
        ----------
        names : iterable of str
            Paths relative to the workspace.
        size : {"small", "view", "large"}
            The copies to make.
        """
        with self._changed:
            wanted = [(name, size) for name in names if (name, size) not in self._done]
            for item in reversed(wanted):
                self._queue[item] = None
                self._queue.move_to_end(item, last=False)
            while len(self._queue) > self._limit:
                self._queue.popitem()
            self._changed.notify_all()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Start no background work while somebody waits for a picture."""
        with self._changed:
            self._foreground += 1
        try:
            yield
        finally:
            with self._changed:
                self._foreground -= 1
                self._changed.notify_all()

    def _next(self) -> tuple[str, str] | None:
        """Wait for a picture to make, and return it; None when there is nothing more to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or (self._queue and not self._foreground))
            return None if self._stopped else self._queue.popitem(last=False)[0]

    def _work(self) -> None:
        while (item := self._next()) is not None:
            try:
                if not self._thumbnails.is_ready(*item):
                    self._thumbnails.reduced(*item)
                self._done.add(item)
            except (PrefmlError, OSError):
                # The page asks for the picture itself, and shows what is wrong with it.
                continue

    def stop(self) -> None:
        """End the threads after what they are at."""
        atexit.unregister(self.stop)
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=5)
