"""The one pass, spread over Dask workers: each writes its own parts, this process joins them.

A task is a few batches of pictures. Its parts have names that the task decides, so that a task
that is done again, because its worker died, replaces what was left of it and doubles nothing.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, repeat
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from prefml.cluster.connection import wait_for_worker
from prefml.encoders import Encoder, open_encoder
from prefml.exceptions import ClusterError
from prefml.imaging import cues
from prefml.sidecars.build import BuildOptions, Compute, Progress, Run
from prefml.sidecars.find import Failure
from prefml.sidecars.plan import Task
from prefml.sidecars.schema import Stamp
from prefml.sidecars.sources import Source
from prefml.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Chunk", "ChunkResult", "Job", "distributed_compute", "run_chunk"]

# Batches of a task: decoding runs ahead of encoding inside a task only.
BATCHES_PER_CHUNK = 4
# Tasks that the scheduler knows at a time; more would only fill its memory.
MAX_QUEUED = 1000
# Seconds without a result after which somebody should ask whether any worker is left.
TIMEOUT = 60.0


@dataclass(frozen=True)
class Job:
    """What all tasks of a run have in common.

    Attributes
    ----------
    workspace : Workspace
        Whose pictures; its folder must be the same on every machine.
    encoder, device : str
        What each worker opens.
    options : BuildOptions
        How the pass is run, in each task.
    stamp : Stamp
        What the rows must be made with.
    writer : str
        Marks the parts of this run.
    """

    workspace: Workspace
    encoder: str
    device: str
    options: BuildOptions
    stamp: Stamp
    writer: str


@dataclass(frozen=True)
class Chunk:
    """Pictures of one task.

    Attributes
    ----------
    number : int
        Of its first part.
    tasks : list of Task
        The pictures.
    sources : list of Source
        Rows that hold in part, without their keys.
    """

    number: int
    tasks: list[Task]
    sources: list[Source]


@dataclass(frozen=True)
class ChunkResult:
    """What became of a chunk.

    Attributes
    ----------
    pictures : int
        How many it had.
    written : list of Source
        Its parts.
    failures : list of Failure
        Pictures that could not be used.
    """

    pictures: int
    written: list[Source]
    failures: list[Failure]


def distributed_compute(
    client: Client, encoder: str, device: str, timeout: float = TIMEOUT
) -> Compute:
    """Return what `build_found` takes to have its tasks done by Dask workers.

    Parameters
    ----------
    client : distributed.Client
        Connected to the scheduler.
    encoder, device : str
        As for `open_encoder`; every worker opens it once.
    timeout : float
        Seconds to wait for a new worker when none is left.

    Returns
    -------
    callable

    Raises
    ------
    ClusterError
        When called: if a worker sees other files or runs another version, or all are gone.
    """

    def compute(run: Run, tasks: Sequence[Task], progress: Progress) -> list[Failure]:
        writer = secrets.token_hex(4)
        job = Job(run.workspace, encoder, device, run.options, run.stamp, writer)
        results: dict[int, ChunkResult] = {}

        def pictures() -> Iterator[None]:
            chunks = _split(run, tasks)
            for number, result in _results(client, job, chunks, timeout):
                results[number] = result
                yield from repeat(None, result.pictures)

        deque(progress(pictures(), len(tasks)), maxlen=0)
        in_order = [result for _, result in sorted(results.items())]
        run.written += [source for result in in_order for source in result.written]
        return [failure for result in in_order for failure in result.failures]

    return compute


def _split(run: Run, tasks: Sequence[Task]) -> Iterator[Chunk]:
    size = run.options.batch_size * BATCHES_PER_CHUNK
    for place, start in enumerate(range(0, len(tasks), size)):
        number = run.number + place * BATCHES_PER_CHUNK
        yield _chunk_of(number, tasks[start : start + size], run.sources)


def _chunk_of(number: int, tasks: Sequence[Task], sources: Sequence[Source]) -> Chunk:
    """Take along only the sources that are needed, for they travel with the task."""
    used = sorted({task.kept.source for task in tasks if task.kept})
    places = {source: place for place, source in enumerate(used)}
    moved = [
        replace(task, kept=replace(task.kept, source=places[task.kept.source]))
        if task.kept
        else task
        for task in tasks
    ]
    bare = [Source(s.stamp, s.keys.slice(0, 0), s.files) for s in map(sources.__getitem__, used)]
    return Chunk(number, moved, bare)


def _results(
    client: Client, job: Job, chunks: Iterator[Chunk], timeout: float
) -> Iterator[tuple[int, ChunkResult]]:
    """Keep a bounded number of chunks with the scheduler and yield results as they come."""
    done: SimpleQueue[Future] = SimpleQueue()
    waiting: dict[str, tuple[Future, Chunk]] = {}

    def submit(count: int) -> None:
        for chunk in islice(chunks, count):
            key = f"prefml-embed-{job.writer}-{chunk.number}"
            future = client.submit(run_chunk, job, chunk, key=key, pure=False)
            waiting[key] = future, chunk
            future.add_done_callback(done.put)

    try:
        submit(MAX_QUEUED)
        while waiting:
            future, chunk = waiting.pop(_next_finished(client, done, timeout).key)
            yield chunk.number, _result_of(client, future, chunk, timeout)
            submit(1)
    finally:
        client.cancel([future for future, _ in waiting.values()], force=True)


def _next_finished(client: Client, done: SimpleQueue[Future], timeout: float) -> Future:
    while True:
        try:
            return done.get(timeout=timeout)
        except Empty:
            wait_for_worker(client, timeout)


def _result_of(client: Client, future: Future, chunk: Chunk, timeout: float) -> ChunkResult:
    from concurrent.futures import CancelledError

    from distributed import KilledWorker

    try:
        result = _wait_for_result(client, future, timeout)
    except KilledWorker as error:
        # One picture that ends the process must not keep all others from being done.
        reason = f"the workers that tried it or its neighbours died ({type(error).__name__})"
        lost = [Failure(task.image.path, reason) for task in chunk.tasks]
        return ChunkResult(len(chunk.tasks), [], lost)
    except CancelledError as error:
        raise ClusterError(
            f"the scheduler was lost ({error})",
            "a scheduler that runs on",
            "the same command; what was finished is kept",
        ) from error
    _check_visible(result)
    return result


def _wait_for_result(client: Client, future: Future, timeout: float) -> ChunkResult:
    """Wait for a result; one that was lost with its worker is computed by another, if there is."""
    while True:
        try:
            result: ChunkResult = future.result(timeout=timeout)
            return result
        except TimeoutError:
            wait_for_worker(client, timeout)


def _check_visible(result: ChunkResult) -> None:
    for source in result.written[-1:]:
        path = source.files["cues"]
        if not path.exists():
            raise ClusterError(
                f"a worker wrote {path}, which is not there from here",
                "one sidecar folder for all machines",
                "share the workspace, or set sidecar = 's3://...' in prefml.toml",
            )


def run_chunk(job: Job, chunk: Chunk) -> ChunkResult:
    """Do one task, in a worker.

    Parameters
    ----------
    job : Job
        What all tasks have in common.
    chunk : Chunk
        The pictures.

    Returns
    -------
    ChunkResult

    Raises
    ------
    ClusterError
        If this machine does not see the workspace, or measures or encodes otherwise.
    """
    root = job.workspace.root
    if not root.is_dir():
        raise ClusterError(
            f"worker {_worker_address()} sees no {root}", "the same folder on every machine"
        )
    encoder = _encoder(job)
    own = Stamp(encoder.spec, cues.cue_identity(), cues.CUE_NAMES)
    if own != job.stamp:
        raise ClusterError(
            f"worker {_worker_address()} encodes with {own.encoder.id} "
            f"and measures cues {own.cues[:12]}",
            f"{job.stamp.encoder.id} and {job.stamp.cues[:12]}: the same versions everywhere",
        )
    run = Run(
        job.workspace, encoder, job.options, job.stamp, chunk.sources, [], chunk.number, job.writer
    )
    failures = run.compute(chunk.tasks)
    return ChunkResult(len(chunk.tasks), run.written, failures)


def _worker_address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


# Worker threads ask at the same time, and opening takes seconds and much memory.
_opening_lock = threading.Lock()


def _encoder(job: Job) -> Encoder:
    with _opening_lock:
        identity = job.stamp.encoder.identity
        return _open_once(job.encoder, job.workspace.root, job.device, identity)


@lru_cache(maxsize=1)
def _open_once(name: str, root: Path, device: str, identity: str) -> Encoder:
    """Open an encoder; its identity is part of the key, for a folder's content may change."""
    return open_encoder(name, root, device)
