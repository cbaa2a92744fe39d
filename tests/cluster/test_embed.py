"""The pass over Dask workers leaves what the pass on one machine leaves."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from prefml.cli import main
from prefml.cluster import connected, distributed_compute
from prefml.cluster import embed as spread
from prefml.decisions.projects import ProjectResolver
from prefml.encoders import open_encoder
from prefml.exceptions import ClusterError
from prefml.sidecars.build import BuildOptions, build_found
from prefml.sidecars.find import scan_images
from prefml.sidecars.sources import list_parts

from .conftest import PICTURES, Rows, start_workers

pytest.importorskip("distributed", reason="needs the extra `scale`")


def embed(workspace, client, progress=lambda results, total: results, **options):
    found = scan_images(workspace, ProjectResolver.open(workspace))
    compute = distributed_compute(client, "builtin", "cpu", **options)
    small = BuildOptions(batch_size=2, workers=1)
    return build_found(workspace, found, open_encoder("builtin"), small, progress, compute)


class Stopped(BaseException):
    """An end of the process that gives out the work."""


def stop_after(pictures):
    def progress(results, total):
        for number, result in enumerate(results, 1):
            yield result
            if number == pictures:
                raise Stopped

    return progress


def test_the_command_writes_the_rows_of_one_machine(cluster, pictures, alone, capsys):
    words = ["--workspace", str(pictures.root), "embed", "--batch-size", "3", "--json"]
    assert main([*words, "--scheduler", cluster]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["images"], report["computed"], report["failed"]) == (PICTURES + 1, PICTURES, 1)
    assert [one["path"] for one in report["failures"]] == ["images/p0/broken.png"]
    assert Rows(pictures.sidecars) == alone
    assert list_parts(pictures.sidecars) == []


def test_every_finished_picture_is_counted(cluster, pictures):
    counted = []

    def progress(results, total):
        for result in results:
            counted.append(total)
            yield result

    with connected(cluster) as client:
        embed(pictures, client, progress)
    assert counted == [PICTURES + 1] * (PICTURES + 1)


def test_a_run_that_was_stopped_is_taken_up(cluster, pictures, alone):
    with connected(cluster) as client:
        with pytest.raises(Stopped):
            embed(pictures, client, stop_after(8))
        assert list_parts(pictures.sidecars)
        report = embed(pictures, client)
        assert report.reused >= 7
        assert report.computed + report.reused == PICTURES
        assert embed(pictures, client).reused == PICTURES
    assert Rows(pictures.sidecars) == alone


def test_rows_that_hold_in_part_are_completed(cluster, pictures, alone, monkeypatch):
    from prefml.imaging import cues, shape

    with monkeypatch.context() as patch:
        patch.setattr(cues, "GROUPS", (shape,))
        patch.setattr(cues, "CUE_NAMES", shape.NAMES)
        found = scan_images(pictures, ProjectResolver.open(pictures))
        build_found(pictures, found, open_encoder("builtin"))
    with connected(cluster) as client:
        assert embed(pictures, client).computed == PICTURES
    assert Rows(pictures.sidecars) == alone


def test_each_worker_opens_the_encoder_once(cluster, pictures):
    def opened():
        from prefml.cluster.embed import _open_once

        return _open_once.cache_info().misses

    with connected(cluster) as client:
        before = client.run(opened)
        embed(pictures, client)
        more = [count - before[worker] for worker, count in client.run(opened).items()]
    assert max(more) == 1


def test_a_worker_that_measures_other_cues_is_refused(cluster, pictures, monkeypatch):
    from prefml.imaging import cues, shape

    monkeypatch.setattr(cues, "GROUPS", (shape,))
    monkeypatch.setattr(cues, "CUE_NAMES", shape.NAMES)
    with connected(cluster) as client, pytest.raises(ClusterError, match="same versions"):
        embed(pictures, client)


def test_nothing_at_the_address_is_one_clear_line(pictures, capsys):
    words = ["--workspace", str(pictures.root), "embed", "--scheduler", "tcp//nowhere"]
    assert main(words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "no Dask scheduler at tcp//nowhere" in lines[0]


def test_a_worker_without_the_workspace_says_which_folder_it_misses(tmp_path, monkeypatch):
    monkeypatch.setattr(spread, "_worker_address", lambda: "tcp://x:2")
    job = SimpleNamespace(workspace=SimpleNamespace(root=tmp_path / "elsewhere"))
    with pytest.raises(ClusterError, match=r"worker tcp://x:2 sees no .*elsewhere"):
        spread.run_chunk(job, SimpleNamespace(tasks=[]))


def test_a_part_that_a_worker_wrote_elsewhere_is_not_taken_for_written(tmp_path):
    source = SimpleNamespace(files={"cues": Path(tmp_path / "part-1.cues.parquet")})
    with pytest.raises(ClusterError, match=r"not there from here.*share the workspace"):
        spread._check_visible(spread.ChunkResult(1, [source], [], []))


@pytest.mark.slow
def test_one_worker_writes_the_rows_of_two(pictures, alone):
    with start_workers(1) as running, connected(running.scheduler_address) as client:
        assert len(client.nthreads()) == 1
        assert embed(pictures, client).computed == PICTURES
    assert Rows(pictures.sidecars) == alone


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_nothing(pictures, alone):
    killed = []

    def kill_one(results, total):
        for number, result in enumerate(results, 1):
            if number == 8:
                address, process = next(iter(client.run(os.getpid).items()))
                os.kill(process, signal.SIGKILL)
                killed.append(address)
            yield result

    with start_workers() as running, connected(running.scheduler_address) as client:
        report = embed(pictures, client, kill_one)
        assert killed[0] not in client.nthreads()
    assert (report.computed, report.failed) == (PICTURES, 1)
    assert Rows(pictures.sidecars) == alone
    assert list_parts(pictures.sidecars) == []


@pytest.mark.slow
def test_a_picture_that_ends_its_process_is_a_failure_of_its_task_alone(pictures, alone):
    def deadly():
        from pathlib import Path

        from prefml.sidecars import derive

        decode = derive.decode

        def dies(path, limit):
            if Path(path).name.startswith("20250708_060512"):
                os.kill(os.getpid(), signal.SIGKILL)
            return decode(path, limit)

        derive.decode = dies

    from distributed import WorkerPlugin

    class Deadly(WorkerPlugin):
        def setup(self, worker):
            deadly()

    with start_workers() as running, connected(running.scheduler_address) as client:
        client.register_plugin(Deadly())
        report = embed(pictures, client)
    dead = [one for one in report.failures if "died" in one.reason]
    assert "images/p0/20250708_060512_stage2_x.png" in [one.path for one in dead]
    assert report.computed >= PICTURES // 4
    assert report.computed + report.failed == PICTURES + 1


@pytest.mark.slow
def test_without_workers_the_run_ends_with_what_to_start(pictures):
    def stop_workers(results, total):
        for number, result in enumerate(results, 1):
            if number == 8:
                running.scale(0)
            yield result

    wanted = pytest.raises(ClusterError, match="dask worker tcp://")
    with start_workers() as running, connected(running.scheduler_address) as client, wanted:
        embed(pictures, client, stop_workers, timeout=1.0)
    assert list_parts(pictures.sidecars)
