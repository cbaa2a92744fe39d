"""Update the sidecars in one pass that decodes every picture once."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from threading import Semaphore
from time import perf_counter
from typing import Protocol, TypeAlias, TypeVar

from prefml.encoders.spec import Encoder
from prefml.exceptions import SidecarError
from prefml.files import AnyPath, write_text
from prefml.sidecars.batches import make_rows
from prefml.sidecars.compact import Selection, compact, select_rows
from prefml.sidecars.derive import DecodeSettings, Derived, PixelBudget, derive_all
from prefml.sidecars.find import (
    Failure,
    FoundImages,
    ImageFile,
    ProjectLookup,
    find_images,
    require_images,
    scan_images,
)
from prefml.sidecars.layout import Commit, has_single_files, list_parts, next_number, part_name
from prefml.sidecars.lock import run_lock
from prefml.sidecars.places import exists, naming_refusals
from prefml.sidecars.plan import ReusableRow, Task, drop_outdated, make_tasks, reusable_rows
from prefml.sidecars.recovery import recover, remove_copy
from prefml.sidecars.report import BuildReport
from prefml.sidecars.schema import Provenance, part_schema
from prefml.sidecars.sources import Source, find_sources, write_part
from prefml.workspace import Workspace

__all__ = [
    "BuildOptions",
    "BuildReport",
    "ImageFile",
    "Run",
    "build_found",
    "build_sidecars",
    "find_images",
]

# A camera's usual picture; unpacked, with its copies, some 250 MB.
PIXELS_PER_THREAD = 24_000_000

T = TypeVar("T")


class Progress(Protocol):
    """Wrapper of an iterable that shows how far it is consumed."""

    def __call__(self, results: Iterable[T], total: int, /) -> Iterable[T]:
        """Yield the results as they come.

        Parameters
        ----------
        results : iterable
            The results.
        total : int
            Their number.

        Returns
        -------
        iterable
        """


# Computes the tasks of a run, here or on other machines, and returns the failures.
Compute: TypeAlias = "Callable[[Run, Sequence[Task], Progress], list[Failure]]"


@dataclass(frozen=True)
class BuildOptions:
    """Options of a pass; none of them changes a value that is written.

    Attributes
    ----------
    batch_size : int
        Pictures that are encoded, and written, together: the most that a crash can lose.
    workers : int
        Threads that decode; 0 takes one for each core.
    force : bool
        Compute everything again, whatever is finished.
    verify : bool
        Read all that is stored to compare its checksums, and compute again what is damaged.
    """

    batch_size: int = 32
    workers: int = 0
    force: bool = False
    verify: bool = False

    @property
    def threads(self) -> int:
        """Number of decoding threads."""
        return self.workers or os.cpu_count() or 1


def _no_progress(results: Iterable[T], total: int) -> Iterable[T]:
    return results


def build_sidecars(
    workspace: Workspace,
    resolver: ProjectLookup,
    encoder: Encoder,
    options: BuildOptions | None = None,
    progress: Progress = _no_progress,
) -> BuildReport:
    """Bring the sidecars of a workspace up to date with its pictures.

    Pictures that are new or changed are decoded, once; those that are gone drop out. Every batch is
    on disk before the next begins, so that a run stopped at any moment is taken up by the next.

    Parameters
    ----------
    workspace : Workspace
        The workspace; the files go to its `data/sidecar`.
    resolver : object with `from_path`
        Lookup of the project of a path.
    encoder : Encoder
        Makes the embeddings.
    options : BuildOptions, optional
        Options of the pass.
    progress : callable
        Wraps the iterable of results, whose number is its second argument.

    Returns
    -------
    BuildReport

    Raises
    ------
    WorkspaceError
        If there is no picture at all.
    SidecarError
        If another run is at work, or the folder cannot be written.
    EncoderError
        If the encoder's vectors are unusable.
    """
    return build_found(workspace, scan_images(workspace, resolver), encoder, options, progress)


def build_found(
    workspace: Workspace,
    found: FoundImages,
    encoder: Encoder,
    options: BuildOptions | None = None,
    progress: Progress = _no_progress,
    compute: Compute | None = None,
) -> BuildReport:
    """Update the sidecars as `build_sidecars` does, for pictures already found.

    Parameters
    ----------
    workspace : Workspace
        The workspace; the files go to its `data/sidecar`.
    found : FoundImages
        All its pictures; rows of others drop out.
    encoder, options, progress
        As for `build_sidecars`.
    compute : callable, optional
        Computes the tasks of the run; by default this process does.

    Returns
    -------
    BuildReport

    Raises
    ------
    WorkspaceError, SidecarError, EncoderError
        As `build_sidecars`.
    """
    start = perf_counter()
    require_images(found, workspace)
    place = workspace.sidecars
    with _disk_errors(place), naming_refusals(place), run_lock(place):
        run = Run.begin(workspace, encoder, options or BuildOptions())
        rows = {} if run.options.force else reusable_rows(found.images, run.sources, run.provenance)
        rows = drop_outdated(rows, found.images, run.sources, workspace.root)
        tasks = make_tasks(found.images, rows)
        failures = [*found.failures, *(compute or Run.compute)(run, tasks, progress)]
        run.finish(found.images, {key: row for key, row in rows.items() if row.complete})
        report = place / "failures.jsonl"
        if failures or exists(report):
            lines = (json.dumps(asdict(failure)) + "\n" for failure in failures)
            write_text(report, "".join(lines))
    reused = len(found.images) - len(tasks)
    return BuildReport(
        images=len(found.images) + len(found.failures),
        computed=len(found.images) + len(found.failures) - reused - len(failures),
        reused=reused,
        failed=len(failures),
        seconds=perf_counter() - start,
        failures=tuple(failures),
        shadowed=tuple(found.shadowed),
        unknown=tuple(found.unknown),
        repaired=tuple(run.problems),
        taken_over=run.takes_over,
        passed_over=tuple(found.passed_over),
        first_frames=tuple(run.first_frames),
    )


@dataclass
class Run:
    """State of a pass: the sources it began with and the parts it has written.

    Attributes
    ----------
    workspace : Workspace
        The workspace.
    encoder : Encoder
        Makes the embeddings.
    options : BuildOptions
        Options of the pass.
    provenance : Provenance
        Encoder and cues that the rows are made with.
    sources : list of Source
        Rows that were finished before.
    problems : list of str
        Damaged files among them.
    number : int
        Number of the next part.
    takes_over : bool
        Whether it takes over single files of an earlier version.
    writer : str
        Follows the number in the names of parts; empty for a run of one process.
    written : list of Source
        The parts, in the order of their pictures.
    first_frames : list of str
        Paths of pictures of which the first of several frames was taken.
    """

    workspace: Workspace
    encoder: Encoder
    options: BuildOptions
    provenance: Provenance
    sources: list[Source]
    problems: list[str]
    number: int
    takes_over: bool = False
    writer: str = ""
    written: list[Source] = field(default_factory=list)
    first_frames: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, workspace: Workspace, encoder: Encoder, options: BuildOptions) -> Run:
        """Recover from an interrupted run, and open the rows that are finished.

        Parameters
        ----------
        workspace, encoder, options
            As for the class.

        Returns
        -------
        Run
        """
        folder = workspace.sidecars
        commit = Commit.read(folder)
        # A run that was stopped may have left it half done.
        takes_over = has_single_files(folder) or (commit is not None and commit.takes_over)
        recover(folder)
        sources, problems = find_sources(folder, options.verify)
        provenance = Provenance.of(encoder.spec)
        number = next_number(list_parts(folder))
        return cls(workspace, encoder, options, provenance, sources, problems, number, takes_over)

    def compute(self, tasks: Sequence[Task], progress: Progress = _no_progress) -> list[Failure]:
        """Compute the tasks, a batch at a time, and return the failures.

        Parameters
        ----------
        tasks : sequence of Task
            The pictures.
        progress : callable
            As for `build_sidecars`.

        Returns
        -------
        list of Failure
        """
        failures: list[Failure] = []
        if tasks:
            with closing(self._derived(tasks)) as results:
                for batch in self._batches(progress(results, len(tasks)), failures):
                    self._write(batch)
        return failures

    def _write(self, batch: list[Derived]) -> None:
        schema = part_schema(self.provenance)
        rows = make_rows(batch, self.encoder, self.sources, schema)
        name = part_name(self.number, self.writer)
        self.written.append(write_part(self.workspace.sidecars, name, schema, rows))
        self.number += 1

    def _derived(self, tasks: Sequence[Task]) -> Generator[Derived | Failure]:
        threads = self.options.threads
        budget = PixelBudget(PIXELS_PER_THREAD * threads)
        limiter = Semaphore(max(1, threads // 2))
        config = self.workspace.config
        settings = DecodeSettings(self.workspace.root, config.max_pixels, budget, limiter)
        ahead = self.options.batch_size + 2 * threads
        return derive_all(tasks, settings, self.encoder, threads, ahead)

    def _batches(
        self, results: Iterable[Derived | Failure], failures: list[Failure]
    ) -> Iterator[list[Derived]]:
        batch: list[Derived] = []
        for result in results:
            if isinstance(result, Failure):
                failures.append(result)
                continue
            batch.append(result)
            self.first_frames += [result.task.image.path] * result.more_frames
            if len(batch) == self.options.batch_size:
                yield batch
                batch = []
        if batch:
            yield batch

    def finish(
        self, images: Sequence[ImageFile], rows: Mapping[tuple[str, str], ReusableRow]
    ) -> None:
        """Let the sidecars hold exactly the old and new rows of these pictures.

        Parameters
        ----------
        images : sequence of ImageFile
            All pictures of the workspace.
        rows : mapping of (project, file name) to ReusableRow
            Earlier rows of which every value is reusable.
        """
        folder = self.workspace.sidecars
        selections = [
            *select_rows(self.sources, images, rows),
            *map(Selection.of_all, self.written),
        ]
        provenance = replace(self.provenance, generation=secrets.token_hex(8))
        compact(folder, provenance, selections, list_parts(folder))
        if not self.takes_over:
            remove_copy(folder)
        for source in self.sources:
            source.close()


@contextmanager
def _disk_errors(folder: AnyPath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SidecarError(
            f"{folder}: {error.strerror or error}",
            "a folder that can be written, with room",
            "prefml embed again; what was finished is kept",
        ) from error
