import subprocess
import sys
import threading
import time

import pytest

from prefml.exceptions import ImageError
from prefml.review.prefetch import Prefetcher
from prefml.review.thumbnails import ThumbnailCache


class FakeThumbnails:
    """Notes what is made; a name in `broken` cannot be."""

    def __init__(self, broken=()):
        self.made, self.broken, self.changed = [], broken, threading.Condition()

    def is_ready(self, name, size):
        return (name, size) in self.made

    def reduced(self, name, size):
        with self.changed:
            if name in self.broken:
                self.made.append(("broken", name))
                self.changed.notify_all()
                raise ImageError(name)
            self.made.append((name, size))
            self.changed.notify_all()

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.made) >= count, timeout=30)
        return self.made


@pytest.fixture
def start():
    started = []

    def make(*args, **options):
        started.append(Prefetcher(*args, **options))
        return started[-1]

    yield make
    for prefetcher in started:
        prefetcher.stop()


def test_what_was_asked_for_last_is_made_first(start):
    thumbnails = FakeThumbnails()
    prefetcher = start(thumbnails, workers=1)
    with prefetcher.paused():
        prefetcher.enqueue(["a", "b"], "view")
        prefetcher.enqueue(["c", "b"], "view")
    assert thumbnails.wait_for(3) == [("c", "view"), ("b", "view"), ("a", "view")]


def test_nothing_is_made_while_somebody_waits(start):
    thumbnails = FakeThumbnails()
    prefetcher = start(thumbnails, workers=1)
    with prefetcher.paused():
        prefetcher.enqueue(["a"], "view")
        with prefetcher.paused():
            pass
        assert thumbnails.made == []
    assert thumbnails.wait_for(1) == [("a", "view")]


def test_a_picture_that_cannot_be_made_stops_no_other(start):
    thumbnails = FakeThumbnails(broken=("bad",))
    start(thumbnails, workers=1).enqueue(["bad", "good"], "small")
    assert thumbnails.wait_for(2) == [("broken", "bad"), ("good", "small")]


def test_a_picture_is_made_once_in_each_size(start):
    thumbnails = FakeThumbnails()
    prefetcher = start(thumbnails, workers=1)
    prefetcher.enqueue(["a"], "view")
    thumbnails.wait_for(1)
    prefetcher.enqueue(["a"], "view")
    prefetcher.enqueue(["a"], "large")
    assert thumbnails.wait_for(2) == [("a", "view"), ("a", "large")]


def test_beyond_the_limit_the_oldest_are_dropped(start):
    thumbnails = FakeThumbnails()
    prefetcher = start(thumbnails, workers=1, limit=2)
    with prefetcher.paused():
        prefetcher.enqueue(["old", "older"], "view")
        prefetcher.enqueue(["new"], "view")
    assert thumbnails.wait_for(2) == [("new", "view"), ("old", "view")]


def test_after_stop_nothing_more_is_made(start):
    thumbnails = FakeThumbnails()
    prefetcher = start(thumbnails, workers=2)
    prefetcher.stop()
    prefetcher.enqueue(["a"], "view")
    assert thumbnails.made == []


def test_copies_are_made_ahead_and_a_lost_picture_is_passed_over(start, workspace):
    thumbnails = ThumbnailCache(workspace, "secret")
    name = next((workspace.root / "images/valley").iterdir()).relative_to(workspace.root).as_posix()
    start(thumbnails, workers=1).enqueue(["images/gone.png", name], "view")
    end = time.monotonic() + 30
    while not thumbnails.is_ready(name, "view") and time.monotonic() < end:
        time.sleep(0.01)
    assert thumbnails.is_ready(name, "view")


ENDING = """
import sys, time
import cv2, numpy as np
from prefml.review.prefetch import Prefetcher

class Busy:
    def is_ready(self, *item):
        return False

    def reduced(self, *item):
        cv2.resize(np.zeros((3000, 3000, 3), np.uint8), (700, 700), interpolation=cv2.INTER_AREA)

prefetcher = Prefetcher(Busy(), workers=4)
prefetcher.enqueue(map(str, range(2000)), "view")
time.sleep(0.2)
"""


def test_a_process_that_ends_while_copies_are_made_ends_well():
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", ENDING], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, "")
