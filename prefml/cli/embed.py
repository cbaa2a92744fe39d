"""`prefml embed`: measure and encode all pictures in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import click

from prefml.cli._shared import announce_take_over, emit, json_option, open_workspace, progress
from prefml.exceptions import counted

if TYPE_CHECKING:
    from prefml.encoders.backends import BackendChoice
    from prefml.encoders.spec import Encoder
    from prefml.sidecars.build import BuildReport, Compute
    from prefml.sidecars.find import ImageFile
    from prefml.sidecars.precision import PrecisionChoice
    from prefml.workspace import Workspace

__all__ = ["command"]

_SHOWN = 3


@click.command("embed")
@click.option(
    "--encoder",
    metavar="NAME",
    help="builtin, clip, open_clip:MODEL/PRETRAINED, or a folder with encoder.json.  "
    "[default: the one in prefml.toml, else the one used before, else clip]",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "mps", "cuda", "cpu"]),
    default="auto",
    show_default=True,
    help="Where the encoder runs.",
)
@click.option(
    "--backend",
    metavar="NAME",
    help="What runs the encoder, instead of --device: auto (the fastest that gives the CPU's "
    "vectors, and in int8 where that changes no choices), onnx-cpu, onnx-cuda, onnx-coreml, "
    "torch-cpu, torch-cuda or torch-mps.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(1, 4096),
    default=32,
    show_default=True,
    help="Pictures encoded and written together; the most that a crash can lose.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Threads that decode.  [default: one for each core]",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Spread the pass over the workers of a Dask scheduler, such as tcp://host:8786. "
    "--workers then counts the threads of one task, by default one.",
)
@click.option("--force", is_flag=True, help="Make everything again, whatever is finished.")
@click.option(
    "--verify",
    is_flag=True,
    help="Compare the checksums of all that is stored, and make damaged rows again.",
)
@json_option
def command(
    encoder: str | None,
    device: str,
    backend: str | None,
    batch_size: int,
    workers: int | None,
    scheduler: str | None,
    force: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """Compute embeddings, hashes and cues of all pictures, each decoded once.

    Only new and changed pictures are worked on, and a run that was stopped is taken up where it
    was. Broken pictures are skipped and reported in data/sidecar/failures.jsonl.
    """
    from prefml.decisions.projects import ProjectResolver
    from prefml.sidecars.find import require_images, scan_images

    start = perf_counter()
    if backend and (device != "auto" or scheduler):
        raise click.UsageError("--backend goes neither with --device nor with --scheduler")
    workspace = open_workspace()
    found = scan_images(workspace, ProjectResolver.open(workspace))
    require_images(found, workspace)

    from prefml.encoders import open_encoder
    from prefml.sidecars.build import BuildOptions, build_found
    from prefml.sidecars.choice import chosen_encoder, record_encoder

    name = chosen_encoder(workspace, encoder)
    opened, chosen = _opened(name, workspace, device, backend)
    precision = _precision(opened, workspace, found.images) if backend == "auto" else None
    original = name
    if precision is not None and precision.folder is not None:
        name, opened = precision.folder, open_encoder(precision.folder, workspace.root)
    options = BuildOptions(batch_size, workers or (1 if scheduler else 0), force, verify)
    announce_take_over(workspace)
    bar = partial(progress, label="embed", unit="image")
    with _compute(scheduler, name, device) as compute:
        report = build_found(workspace, found, opened, options, bar, compute)
    record_encoder(workspace, name, None if name == original else original)
    report = replace(report, seconds=perf_counter() - start)
    payload: dict[str, object] = asdict(report)
    payload["unknown_project"] = payload.pop("unknown")
    payload |= {"backend": chosen.to_dict()} if chosen else {}
    payload |= {"precision": precision.to_dict()} if precision else {}
    emit(payload, "\n".join([_text(report), *_choices(chosen, precision)]), as_json)


def _choices(chosen: BackendChoice | None, precision: PrecisionChoice | None) -> Iterator[str]:
    """Yield a line for each backend, and one for the number format."""
    for trial in chosen.trials if chosen else ():
        speed = f", {trial.milliseconds:.1f} ms a picture" if trial.milliseconds else ""
        yield f"backend {trial.backend}: {trial.verdict}{speed}"
    if precision is not None:
        yield f"precision {precision.precision}: {precision.why}"


def _precision(
    opened: Encoder, workspace: Workspace, images: Sequence[ImageFile]
) -> PrecisionChoice | None:
    """Choose the number format of an ONNX encoder on the CPU; others have no int8 form."""
    from prefml.encoders.onnx import PROVIDERS, OnnxEncoder
    from prefml.sidecars.precision import choose_precision

    if not isinstance(opened, OnnxEncoder) or opened.providers != PROVIDERS["cpu"]:
        return None
    return choose_precision(workspace, opened, images)


def _opened(
    name: str, workspace: Workspace, device: str, backend: str | None
) -> tuple[Encoder, BackendChoice | None]:
    if backend is None:
        from prefml.encoders import open_encoder

        return open_encoder(name, workspace.root, device), None
    from prefml.encoders.backends import open_backend

    chosen = open_backend(name, workspace.root, backend)
    return chosen.encoder, chosen


@contextmanager
def _compute(scheduler: str | None, encoder: str, device: str) -> Iterator[Compute | None]:
    if scheduler is None:
        yield None
        return
    from prefml.cluster import connected, distributed_compute

    with connected(scheduler) as client:
        yield distributed_compute(client, encoder, device)


def _text(report: BuildReport) -> str:
    from prefml.sidecars.find import count_passed_over

    lines = [
        f"{counted(report.images, 'image')}: {report.computed} computed, {report.reused} reused, "
        f"{report.failed} failed, in {report.seconds:.1f} s"
    ]
    reasons = [f"{failure.path}: {failure.reason}" for failure in report.failures]
    lines += _named("failed (all in data/sidecar/failures.jsonl)", reasons)
    lines += _named("left out, project and name occur twice", report.shadowed)
    lines += _named("of no known project, not learned from", report.unknown)
    lines += _named("damaged and made again", report.repaired)
    lines += _named("of several frames, of which the first counts", report.first_frames)
    for (kind, advice), _ in count_passed_over(report.passed_over):
        paths = [
            one.path for one in report.passed_over if (one.format, one.advice) == (kind, advice)
        ]
        lines += _named(f"{kind} passed over, not read here; {advice}", paths)
    return "\n".join(lines)


def _named(what: str, names: Iterable[str]) -> list[str]:
    """Count the names and show the first few."""
    every = list(names)
    if not every:
        return []
    more = [f"  and {len(every) - _SHOWN} more"] if len(every) > _SHOWN else []
    return [f"{len(every)} {what}:", *(f"  {name}" for name in every[:_SHOWN]), *more]
