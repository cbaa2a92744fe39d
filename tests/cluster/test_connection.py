"""What may be wrong with a cluster, without one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from prefml.exceptions import ClusterError

pytest.importorskip("distributed")

from prefml.cluster import connection, embed


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


def test_a_worker_without_the_workspace_says_which_folder_it_misses(tmp_path, monkeypatch):
    monkeypatch.setattr(embed, "_worker_address", lambda: "tcp://x:2")
    job = SimpleNamespace(workspace=SimpleNamespace(root=tmp_path / "elsewhere"))
    with pytest.raises(ClusterError, match=r"worker tcp://x:2 sees no .*elsewhere"):
        embed.run_chunk(job, SimpleNamespace(tasks=[]))


def test_a_part_that_a_worker_wrote_elsewhere_is_not_taken_for_written(tmp_path):
    source = SimpleNamespace(files={"cues": Path(tmp_path / "part-1.cues.parquet")})
    with pytest.raises(ClusterError, match=r"not there from here.*share the workspace"):
        embed._check_visible(embed.ChunkResult(1, [source], []))
