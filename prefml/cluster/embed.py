"""Distribute the embedding pass over Dask workers, and join the parts that they write.

A chunk is a few batches of pictures. Its parts have names that the chunk determines, so that a
chunk that is computed again, because its worker died, replaces its parts and doubles nothing.
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
from prefml.sidecars.build import BuildOptions, Compute, Progress, Run
from prefml.sidecars.find import Failure
from prefml.sidecars.places import exists, naming_refusals
from prefml.sidecars.plan import Task
from prefml.sidecars.schema import Provenance
from prefml.sidecars.sources import Source
from prefml.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Chunk", "ChunkResult", "Job", "distributed_compute", "run_chunk"]

# Decoding runs ahead of encoding inside a chunk only.
BATCHES_PER_CHUNK = 4
# Chunks that the scheduler holds at a time; more would only fill its memory.
MAX_QUEUED = 1000
# Seconds without a result after which the scheduler is asked for its workers.
TIMEOUT = 60.0


@dataclass(frozen=True)
class Job:
    """Settings that all chunks of a run have in common.

    Attributes
    ----------
    workspace : Workspace
        Place of the pictures; its folder must be the same on every machine.
    encoder, device : str
        Name of the encoder that each worker opens, and the device it runs on.
    options : BuildOptions
        Batch size and threads of the pass in each chunk.
    provenance : Provenance
        Encoder and cues that the rows must be made with.
    writer : str
        Mark in the names of this run's parts.
    """

    workspace: Workspace
    encoder: str
    device: str
    options: BuildOptions
    provenance: Provenance
    writer: str


@dataclass(frozen=True)
class Chunk:
    """Pictures that one worker processes together.

    Attributes
    ----------
    number : int
        Number of its first part.
    tasks : list of Task
        The pictures.
    sources : list of Source
        Rows that are valid in part, without their keys.
    """

    number: int
    tasks: list[Task]
    sources: list[Source]


@dataclass(frozen=True)
class ChunkResult:
    """Result of a chunk.

    Attributes
    ----------
    pictures : int
        Number of its pictures.
    written : list of Source
        Parts that were written.
    failures : list of Failure
        Pictures that could not be used.
    first_frames : list of str
        Paths of pictures of which the first of several frames was taken.
    """

    pictures: int
    written: list[Source]
    failures: list[Failure]
    first_frames: list[str]


def distributed_compute(
    client: Client, encoder: str, device: str, timeout: float = TIMEOUT
) -> Compute:
    """Return a function by which `build_found` has its tasks computed by Dask workers.

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
    Compute

    Raises
    ------
    ClusterError
        When called: if a worker sees other files or runs another version, or all are gone.
    """

    def compute(run: Run, tasks: Sequence[Task], progress: Progress) -> list[Failure]:
        writer = secrets.token_hex(4)
        job = Job(run.workspace, encoder, device, run.options, run.provenance, writer)
        results: dict[int, ChunkResult] = {}

        def pictures() -> Iterator[None]:
            chunks = _split(run, tasks)
            for number, result in _results(client, job, chunks, timeout):
                results[number] = result
                yield from repeat(None, result.pictures)

        deque(progress(pictures(), len(tasks)), maxlen=0)
        in_order = [result for _, result in sorted(results.items())]
        run.written += [source for result in in_order for source in result.written]
        run.first_frames += [path for result in in_order for path in result.first_frames]
        return [failure for result in in_order for failure in result.failures]

    return compute


def _split(run: Run, tasks: Sequence[Task]) -> Iterator[Chunk]:
    size = run.options.batch_size * BATCHES_PER_CHUNK
    for place, start in enumerate(range(0, len(tasks), size)):
        number = run.number + place * BATCHES_PER_CHUNK
        yield _chunk_of(number, tasks[start : start + size], run.sources)


def _chunk_of(number: int, tasks: Sequence[Task], sources: Sequence[Source]) -> Chunk:
    """Make a chunk with only the sources that it needs, for they travel with it."""
    used = sorted({task.reusable.source for task in tasks if task.reusable})
    places = {source: place for place, source in enumerate(used)}
    moved = [
        replace(task, reusable=replace(task.reusable, source=places[task.reusable.source]))
        if task.reusable
        else task
        for task in tasks
    ]
    bare = [
        Source(s.provenance, s.keys.slice(0, 0), s.files) for s in map(sources.__getitem__, used)
    ]
    return Chunk(number, moved, bare)


def _results(
    client: Client, job: Job, chunks: Iterator[Chunk], timeout: float
) -> Iterator[tuple[int, ChunkResult]]:
    """Keep a bounded number of chunks submitted, and yield results as they are completed."""
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
        return ChunkResult(len(chunk.tasks), [], lost, [])
    except CancelledError as error:
        raise ClusterError(
            f"the scheduler was lost ({error})",
            "a scheduler that runs on",
            "the same command; what was finished is kept",
        ) from error
    _check_visible(result)
    return result


def _wait_for_result(client: Client, future: Future, timeout: float) -> ChunkResult:
    """Wait for a result; another worker, if there is one, computes those lost with a worker."""
    while True:
        try:
            result: ChunkResult = future.result(timeout=timeout)
            return result
        except TimeoutError:
            wait_for_worker(client, timeout)


def _check_visible(result: ChunkResult) -> None:
    for source in result.written[-1:]:
        path = source.files["cues"]
        if not exists(path):
            raise ClusterError(
                f"a worker wrote {path}, which is not there from here",
                "one sidecar folder for all machines",
                "share the workspace, or set sidecar = 's3://...' in prefml.toml",
            )


def run_chunk(job: Job, chunk: Chunk) -> ChunkResult:
    """Decode, measure and encode the pictures of one chunk, in a worker.

    Parameters
    ----------
    job : Job
        Settings of all chunks.
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
    with _opening_lock:
        encoder = _open_once(job.encoder, root, job.device, job.provenance.encoder.identity)
    own = Provenance.of(encoder.spec)
    if own != job.provenance:
        raise ClusterError(
            f"worker {_worker_address()} encodes with {own.encoder.id} "
            f"and measures cues {own.cues[:12]}",
            f"{job.provenance.encoder.id} and {job.provenance.cues[:12]}: "
            "the same versions everywhere",
        )
    run = Run(
        job.workspace,
        encoder,
        job.options,
        job.provenance,
        chunk.sources,
        [],
        chunk.number,
        writer=job.writer,
    )
    # Errors of some file systems cannot travel.
    with naming_refusals(job.workspace.sidecars):
        failures = run.compute(chunk.tasks)
    return ChunkResult(len(chunk.tasks), run.written, failures, run.first_frames)


def _worker_address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


# Worker threads ask at the same time, and opening takes seconds and much memory.
_opening_lock = threading.Lock()


@lru_cache(maxsize=1)
def _open_once(name: str, root: Path, device: str, identity: str) -> Encoder:
    """Open an encoder; its identity is part of the cache's key, for a folder may change."""
    return open_encoder(name, root, device)
