"""Check the order and the bounds of decoding in many threads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from prefml.imaging import cues
from prefml.imaging.decode import decode
from prefml.imaging.hashing import phash
from prefml.sidecars.derive import DecodeSettings, PixelBudget, derive, map_in_order, prepare
from prefml.sidecars.find import Failure, ImageFile
from prefml.sidecars.plan import ReusableRow, Task

from .conftest import MeanColour, draw


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


NAME = "20250708_060500_stage2_upscaled.png"


@pytest.fixture
def settings(tmp_path):
    draw(tmp_path / NAME, 1)
    return DecodeSettings(tmp_path, 10_000, PixelBudget(10_000))


def task(reusable=None):
    return Task(ImageFile("p", NAME, NAME, 1, 1), reusable)


def test_a_new_picture_gives_input_hash_stage_and_cues(settings):
    found, picture = derive(task(), settings, MeanColour()), decode(settings.root / NAME)
    assert np.array_equal(found.prepared, MeanColour().preprocess(picture.image))
    assert found.phash == phash(picture)
    measured = cues.measure(picture) | cues.measure_lists(picture)
    assert repr(found.cues) == repr({"stage": 2.0, **measured})


def test_only_what_is_not_reusable_is_derived(settings):
    with_cues = derive(task(ReusableRow(0, 0, False, True)), settings, MeanColour())
    assert (with_cues.phash, with_cues.cues) == (None, {})
    assert with_cues.prepared is not None
    with_embedding = derive(task(ReusableRow(0, 0, True, False)), settings, MeanColour())
    assert with_embedding.prepared is None
    assert with_embedding.phash is not None


def test_a_picture_that_cannot_be_decoded_is_a_failure_without_the_folder_in_its_reason(settings):
    (settings.root / NAME).write_bytes(b"no picture")
    found = derive(task(), settings, MeanColour())
    assert isinstance(found, Failure)
    assert found.path == NAME
    assert str(settings.root) not in found.reason
    assert settings.budget.reserved == 0


def test_any_error_of_an_encoder_is_a_failure_of_the_picture(settings):
    encoder = MeanColour()
    encoder.preprocess = lambda image: 1 / 0
    found = derive(task(), settings, encoder)
    assert found == Failure(NAME, "ZeroDivisionError: division by zero")
    assert settings.budget.reserved == 0


def test_a_picture_of_the_size_asked_for_is_preprocessed_as_it_is(tmp_path):
    draw(tmp_path / NAME, 1, size=(8, 8))
    picture = decode(tmp_path / NAME)
    expected = MeanColour().preprocess(picture.image)
    assert np.array_equal(prepare(MeanColour(), picture), expected)
