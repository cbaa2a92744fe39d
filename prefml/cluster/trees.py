"""Fit the ranker's trees by LightGBM on all workers of a Dask scheduler (data-parallel).

Every worker holds some of the rows, whole sets of them, and for each split of each tree the workers
sum their histograms over connections of LightGBM's own.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from prefml.exceptions import ClusterError
from prefml.ranking.tree_backend import TreeData, using_backend

if TYPE_CHECKING:
    from dask.array import Array
    from distributed import Client
    from lightgbm import LGBMRanker

__all__ = ["split_by_sets", "tree_backend_on"]


def tree_backend_on(client: Client) -> AbstractContextManager[None]:
    """Fit the trees of every ranker inside the block on a cluster.

    Parameters
    ----------
    client : distributed.Client
        Connected to the scheduler.

    Returns
    -------
    context manager

    Raises
    ------
    ClusterError
        While fitting: if a worker is lost, or early stopping or callbacks are asked for.
    """
    return using_backend(partial(_fit_on_cluster, client))


def split_by_sets(rows: TreeData, n_parts: int) -> list[TreeData]:
    """Split rows into parts of about equal size without splitting a set.

    Parameters
    ----------
    rows : TreeData
        All rows.
    n_parts : int
        Largest number of parts.

    Returns
    -------
    list of TreeData
        No part is empty.
    """
    ends = np.cumsum(rows.sizes)
    goals = np.arange(1, n_parts) * (len(rows.X) / n_parts)
    cuts = [0, *np.unique(np.searchsorted(ends, goals) + 1).tolist(), len(ends)]
    bounds = np.concatenate([[0], ends])
    parts = []
    for first, last in pairwise(cuts):
        if first < last:
            inside = slice(int(bounds[first]), int(bounds[last]))
            part = TreeData(
                rows.X[inside],
                rows.grades[inside],
                rows.sizes[first:last],
                None if rows.weight is None else rows.weight[inside],
                None if rows.init_score is None else rows.init_score[inside],
            )
            parts.append(part)
    return parts


def _fit_on_cluster(
    client: Client, settings: Mapping[str, object], rows: TreeData, options: Mapping[str, object]
) -> LGBMRanker:
    from lightgbm import DaskLGBMRanker

    if options:
        raise ClusterError(
            f"{', '.join(sorted(options))} cannot be used on a cluster",
            "a ranker without callbacks and validation rows",
            "the same command without --scheduler",
        )
    workers = sorted(client.nthreads())
    columns = _ScatteredColumns(client, split_by_sets(rows, len(workers)), workers)
    model = DaskLGBMRanker(client=client, **settings)
    try:
        with client.as_current(), _silenced():
            model.fit(
                columns.send("X"),
                columns.send("grades"),
                group=columns.send("sizes"),
                sample_weight=columns.send("weight"),
                init_score=columns.send("init_score"),
            )
    except Exception as error:
        raise ClusterError(
            f"the trees could not be grown ({type(error).__name__}: {error})",
            "workers that stay until the end",
            "the same command, with --scheduler or without",
        ) from error
    return model.to_local()


@contextmanager
def _silenced() -> Iterator[None]:
    """Redirect LightGBM's messages about ports from standard output, which is for results."""
    with warnings.catch_warnings(), redirect_stdout(sys.stderr):
        # A worker takes as many threads as Dask gave it, and says so.
        warnings.filterwarnings("ignore", message=".*Parameter n_jobs will be ignored")
        yield


class _ScatteredColumns:
    """Columns of parts of the rows, each part scattered to one worker."""

    def __init__(self, client: Client, parts: list[TreeData], workers: list[str]) -> None:
        self.client, self.parts, self.workers = client, parts, workers

    def send(self, name: str) -> Array | None:
        """Return a Dask array of a column, or None where there is none."""
        from dask import array, delayed

        pieces = [getattr(part, name) for part in self.parts]
        if pieces[0] is None:
            return None
        sent = [
            self.client.scatter(piece, workers=[worker], hash=False)
            for piece, worker in zip(pieces, self.workers, strict=False)
        ]
        return array.concatenate(
            [
                array.from_delayed(delayed(future), piece.shape, piece.dtype)
                for future, piece in zip(sent, pieces, strict=True)
            ]
        )
