"""Find the near duplicates of new pictures inside their project."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prefml._typing import Bits64, Floats32, Ints
from prefml.duplicates.groups import MAX_DISTANCE, MIN_COSINE, cosines, find_groups
from prefml.duplicates.hamming import read_hashes
from prefml.exceptions import counted
from prefml.sidecars.store import Sidecars
from prefml.suggest.candidates import Candidate, Key

__all__ = ["look_alikes"]

_MOST = 3


def look_alikes(
    sidecars: Sidecars, candidates: Sequence[Candidate]
) -> dict[Key, list[tuple[str, str]]]:
    """Find the near duplicates of new pictures outside their own set.

    Parameters
    ----------
    sidecars : Sidecars
        Hashes and embeddings of every picture.
    candidates : sequence of Candidate
        The new sets and single pictures.

    Returns
    -------
    dict of (project, file name) to list of (path, words)
        The three most alike at most; pictures without any are left out.
    """
    hashes = read_hashes(sidecars.hashes)
    project = sidecars.index["project"].to_numpy(object).astype(str)
    member: dict[int, Ints] = {}
    for group in find_groups(hashes, sidecars.embeddings, project):
        member.update(dict.fromkeys(group.tolist(), group))
    paths = sidecars.index["path"].to_numpy(object)
    found: dict[Key, list[tuple[str, str]]] = {}
    for candidate in candidates:
        own = sidecars.positions([candidate.project] * len(candidate.names), list(candidate.names))
        for key, row in zip(candidate.keys, own.tolist(), strict=True):
            others = np.setdiff1d(member.get(row, own), own)
            alike = _nearest(row, others, hashes, sidecars.embeddings)
            if alike:
                found[key] = [(str(paths[other]), words) for other, words in alike]
    return found


def _nearest(row: int, others: Ints, hashes: Bits64, vectors: Floats32) -> list[tuple[int, str]]:
    """Return the nearest in bits; a group may hold pictures that are alike over others only."""
    bits = np.bitwise_count(hashes[others] ^ hashes[row]).astype(int)
    angle = cosines(vectors, np.column_stack([np.full(len(others), row), others]))
    direct = np.flatnonzero((bits <= MAX_DISTANCE) & (angle >= MIN_COSINE))
    order = direct[np.argsort(bits[direct], kind="stable")][:_MOST]
    return [
        (int(others[i]), f"{counted(int(bits[i]), 'bit')} apart, cosine {angle[i]:.3f}")
        for i in order
    ]
