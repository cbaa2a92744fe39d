"""Errors of a connection say what to do, and need no cluster."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from prefml.exceptions import ClusterError

pytest.importorskip("distributed")

from prefml.cluster import connection


def test_without_dask_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ClusterError, match=r"Dask is not installed.*prefml\[scale\]"),
        connection.connected("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_scheduler_lost_while_workers_are_waited_for_keeps_what_was_finished():
    def lost(*_, **__):
        raise OSError("connection reset")

    client = SimpleNamespace(scheduler=SimpleNamespace(address="tcp://x:1"), wait_for_workers=lost)
    with pytest.raises(ClusterError, match=r"tcp://x:1 was lost.*what was finished is kept"):
        connection.wait_for_worker(client, 1.0)


def test_waiting_in_vain_for_a_worker_names_the_command_that_starts_one():
    def none_came(*_, **__):
        raise TimeoutError

    client = SimpleNamespace(
        scheduler=SimpleNamespace(address="tcp://x:1"), wait_for_workers=none_came
    )
    with pytest.raises(ClusterError, match=r"no worker for 2 s; run: dask worker tcp://x:1"):
        connection.wait_for_worker(client, 2.0)


def test_an_address_where_nothing_listens_is_refused_with_what_to_start():
    with (
        pytest.raises(ClusterError, match=r"no Dask scheduler at tcp://127.0.0.1:1 .*dask sched"),
        connection.connected("tcp://127.0.0.1:1", timeout=2),
    ):
        pass
