import sys

import pytest

from prefml.sidecars.memory import keep_freed_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the GNU C library's allocator")
def test_the_allocator_takes_the_setting():
    assert keep_freed_memory.__wrapped__()


def test_another_allocator_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory.__wrapped__()
