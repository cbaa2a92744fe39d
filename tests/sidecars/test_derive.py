"""Check the order and the bounds of decoding in many threads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from prefml.sidecars.derive import PixelBudget, map_in_order


def test_results_stay_in_order_and_few_are_ahead():
    started, lock = [], threading.Lock()

    def work(item):
        with lock:
            started.append(item)
        return item

    taken = []
    for result in map_in_order(work, range(100), workers=3, ahead=7):
        taken.append(result)
        assert len(started) <= len(taken) + 7
    assert taken == list(range(100))


def test_pixel_budget_is_kept_by_many_threads():
    budget, seen = PixelBudget(100), []

    def work(pixels):
        with budget.reserve(pixels):
            seen.append((budget.reserved, pixels))
            time.sleep(0.001)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [10, 60, 250, 40, 90, 5] * 10))
    assert all(held <= max(100, pixels) for held, pixels in seen)
    assert budget.reserved == 0


def test_error_in_the_middle_stops_the_threads():
    def work(item):
        if item == 5:
            raise ValueError("five")
        return item

    with pytest.raises(ValueError, match="five"):
        list(map_in_order(work, range(1000), workers=2, ahead=4))
    assert not [one for one in threading.enumerate() if one.name.startswith("decode")]
