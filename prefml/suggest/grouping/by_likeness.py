"""Form sets of pictures that look alike, the rule `similar`.

Vectors are compared by their cosine after the mean of the project was taken from each: what all
pictures of a project share says nothing of a set. Linked pictures form sets (single linkage), and a
set that is too large is cut at its weakest link.

References
----------
J. C. Gower, G. J. S. Ross, "Minimum spanning trees and single linkage cluster analysis", Applied
Statistics 18, 1969.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from prefml._typing import Bits64, Floats, Floats32, Ints
from prefml.decisions.set_rule import SetRule
from prefml.duplicates.hamming import read_hashes
from prefml.sidecars.find import ImageFile
from prefml.sidecars.store import Sidecars
from prefml.suggest.grouping.by_folder import places_in_names
from prefml.suggest.grouping.clock import SECOND, time_in
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.grouping.outcome import FormedSet, Grouping, Lone
from prefml.suggest.grouping.paths import stem_of

__all__ = ["LEAST_COSINE", "group_by_likeness", "link_pictures"]

FactsOf: TypeAlias = Callable[[Sequence[ImageFile]], Mapping[str, PictureFacts]]

LEAST_COSINE = 0.75
# Hashes so near speak for a pair as well: it may be so much less alike in its vectors.
_NEAR_BITS, _ALLOWANCE = 10, 0.1
# Pictures of a project that are all compared with one another; of more, each with its neighbours.
_ALL_PAIRS, _NEIGHBOURS = 4000, 100
# With few pictures their mean is that of one set, and is taken away in part.
_FEW = 20
_BLOCK = 512
# Links that are no weaker than this set nothing apart.
_EQUAL = 1e-6


def group_by_likeness(
    images: Sequence[ImageFile],
    rule: SetRule,
    sidecars: Sidecars | None,
    facts: FactsOf = lambda images: {},
) -> Grouping:
    """Form sets of pictures of a project that look alike.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects, without by-products.
    rule : SetRule
        `cosine`, `window` (seconds, or places where not every picture has a time) and the most.
    sidecars : Sidecars or None
        Vectors and hashes.
    facts : callable, optional
        Pictures -> facts by path, for EXIF times; called where times matter.

    Returns
    -------
    Grouping
        Pictures without a sidecar row are alone.
    """
    made = Grouping()
    projects: dict[str, list[tuple[ImageFile, int]]] = {}
    rows = _rows(images, sidecars)
    for image, row in zip(images, rows, strict=True):
        if row < 0:
            made.alone.append(Lone(image, "no vector of it yet; run: prefml embed"))
        else:
            projects.setdefault(image.project, []).append((image, row))
    for members in projects.values():
        members.sort(key=lambda one: one[0].filename)
        _add_project(made, members, rule, sidecars, facts)
    return made


def _rows(images: Sequence[ImageFile], sidecars: Sidecars | None) -> list[int]:
    if sidecars is None:
        return [-1] * len(images)
    keys = [image.project for image in images], [image.filename for image in images]
    return [int(row) for row in sidecars.positions(*keys)]


def _add_project(
    made: Grouping,
    members: Sequence[tuple[ImageFile, int]],
    rule: SetRule,
    sidecars: Sidecars | None,
    facts: FactsOf,
) -> None:
    assert sidecars is not None
    images, rows = [one for one, _ in members], np.array([row for _, row in members])
    # Where all are compared with all, nothing hangs on when they were taken.
    matters = rule.window is not None or len(images) > _ALL_PAIRS
    places, are_times = _places(images, facts(images) if matters else {})
    found = link_pictures(
        sidecars.embeddings[rows], read_hashes(sidecars.hashes[rows]), np.array(places, float),
        rule, are_times,
    )  # fmt: skip
    for group in found:
        chosen = [images[i] for i in group]
        if len(group) == 1:
            made.alone.append(Lone(chosen[0], "no other picture looks like it"))
        elif len(group) > rule.most:
            reason = f"more than {rule.most} pictures that look equal; --most allows larger sets"
            made.alone.extend(Lone(image, reason) for image in chosen)
        else:
            made.sets.append(FormedSet(chosen[0].project, tuple(chosen), "similar"))


def _places(
    images: Sequence[ImageFile], facts: Mapping[str, PictureFacts]
) -> tuple[list[int], bool]:
    """Return where each picture stands: by EXIF times, for want of one by that in its name."""
    taken = [facts[image.path].taken if image.path in facts else None for image in images]
    if any(at is not None for at in taken):
        named = (time_in(stem_of(image.path)) for image in images)
        times = [name if at is None else at for at, name in zip(taken, named, strict=True)]
        found = [at for at in times if at is not None]
        if len(found) == len(images):
            return found, True
    return places_in_names(images)


def link_pictures(
    vectors: Floats32, hashes: Bits64, places: Floats, rule: SetRule, are_times: bool = False
) -> list[list[int]]:
    """Link the pictures of a project that look alike.

    Parameters
    ----------
    vectors : ndarray of shape (n, dim)
        The encoder's vectors.
    hashes : ndarray of shape (n,), uint64
        Perceptual hashes.
    places : ndarray of shape (n,)
        Times in microseconds, or numbers, by which neighbours are told.
    rule : SetRule
        `cosine`, `window` and `most`.
    are_times : bool, default=False
        Whether the places are times.

    Returns
    -------
    list of list of int
        Every picture in one group; a group above the most is one that nothing sets apart.
    """
    order = np.argsort(places, kind="stable")
    least = LEAST_COSINE if rule.cosine is None else rule.cosine
    window = np.inf if rule.window is None else rule.window * (SECOND if are_times else 1)
    ends, weights = [np.empty((0, 2), np.intp)], [np.empty(0)]
    for pairs, cosine in _alike(_centered(vectors)[order], least - _ALLOWANCE):
        one, other = order[pairs].T
        bits = np.bitwise_count(hashes[one] ^ hashes[other])
        kept = cosine >= least - np.where(bits <= _NEAR_BITS, _ALLOWANCE, 0.0)
        kept &= np.abs(places[one] - places[other]) <= window
        ends.append(np.sort(np.column_stack([one, other])[kept], axis=1))
        weights.append(1.0 - cosine[kept])
    return _cut_forest(len(vectors), np.concatenate(ends), np.concatenate(weights), rule.most)


def _centered(vectors: Floats32) -> Floats32:
    """Return unit vectors without what the pictures of the project share."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    unit = unit - unit.mean(axis=0) * (len(unit) / (len(unit) + _FEW))
    lengths = np.linalg.norm(unit, axis=1, keepdims=True)
    return np.asarray(
        np.divide(unit, lengths, out=np.zeros_like(unit), where=lengths > 0), np.float32
    )


def _alike(vectors: Floats32, least: float) -> Iterator[tuple[Ints, Floats]]:
    """Yield pairs of at least a cosine: all, or of many pictures those of neighbours."""
    n = len(vectors)
    reach = n if n <= _ALL_PAIRS else _NEIGHBOURS
    for start in range(0, n, _BLOCK):
        block = vectors[start : start + _BLOCK]
        cosine = block @ vectors[start : start + len(block) + reach].T
        first, second = np.nonzero(cosine >= least)
        later = (second > first) & (second - first <= reach)
        pairs = np.column_stack([first[later], second[later]])
        yield pairs + start, cosine[pairs[:, 0], pairs[:, 1]].astype(float)


def _cut_forest(n: int, ends: Ints, weights: Floats, most: int) -> list[list[int]]:
    """Cut the minimum spanning forest at its weakest links until no tree is too large."""
    graph = coo_array((np.maximum(weights, 0) + _EQUAL, (ends[:, 0], ends[:, 1])), (n, n))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    order = np.lexsort((tree.col, tree.row, tree.data))
    # Node i < n is a picture; each link, the strongest first, joins two nodes to a new one.
    parts: list[tuple[int, int]] = []
    strength = [0.0] * n
    size, root = [1] * n, list(range(n))
    owner = list(range(n))
    for k in order:
        one, other = (_find(root, int(end)) for end in (tree.row[k], tree.col[k]))
        parts.append((owner[one], owner[other]))
        strength.append(float(tree.data[k]))
        size.append(size[owner[one]] + size[owner[other]])
        root[other] = one
        owner[one] = len(size) - 1
    waiting = [owner[i] for i in range(n) if root[i] == i]
    found = []
    while waiting:
        node = waiting.pop()
        if size[node] <= most or strength[node] <= 2 * _EQUAL:
            found.append(sorted(_leaves(node, parts, n)))
        else:
            waiting += parts[node - n]
    return sorted(found)


def _find(root: list[int], i: int) -> int:
    """Return the representative of a tree, halving the path to it."""
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


def _leaves(node: int, parts: Sequence[tuple[int, int]], n: int) -> Iterator[int]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one < n:
            yield one
        else:
            waiting += parts[one - n]
