"""Collect the decisions that only logs hold, for the sidecars that tell of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import pandas as pd

from prefml.apply.locator import PictureLocator
from prefml.apply.outcome import Outcome
from prefml.boxes import FULL_FRAME, Box
from prefml.decisions import Decisions, read_decisions
from prefml.decisions.frames import picture_keys
from prefml.decisions.imports.log import CROPS, SETS
from prefml.decisions.manifests import UNKNOWN
from prefml.exceptions import ImageError
from prefml.imaging.opening import read_header
from prefml.proposals import decisions_path
from prefml.workspace import Workspace

__all__ = ["LoggedSet", "logged_sets"]

Key: TypeAlias = tuple[str, str]
Size: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class LoggedSet:
    """Decision of a log on pictures that are here.

    Attributes
    ----------
    name : str
        `log:` and the key of the set.
    when : str
        When it was decided, empty where unknown.
    images : tuple of str
        Its pictures as far as they are here, relative to the workspace; the winner first.
    outcome : Outcome
        What was decided; the crop is by hand where the log tells none.
    size : tuple of float or None
        Width and height of the picture that a crop was made of.
    """

    name: str
    when: str
    images: tuple[str, ...]
    outcome: Outcome
    size: Size | None = None

    def fitting(self, workspace: Workspace) -> tuple[Outcome, str]:
        """Return the outcome without a crop that is not of the picture as it is.

        A tool that crops in place leaves a picture that must not be cropped once more.

        Parameters
        ----------
        workspace : Workspace
            Where the picture lies.

        Returns
        -------
        outcome : Outcome
            As decided, or with a crop by hand.
        problem : str
            Why; empty where the crop is none or fits.
        """
        if self.size is None:
            return self.outcome, ""
        stated = "{:g}x{:g}".format(*self.size)
        try:
            now = read_header(workspace.root / self.images[0]).size
        except ImageError as error:
            return replace(self.outcome, box=None, manual=True), error.found
        if [*now] == [*self.size]:
            return self.outcome, ""
        problem = f"the crop is of {stated}, and {self.images[0]} is of {now[0]}x{now[1]}"
        return replace(self.outcome, box=None, manual=True), problem


def logged_sets(workspace: Workspace, locator: PictureLocator) -> Iterator[LoggedSet]:
    """Yield the decisions of logs, the latest first; crops of pictures of no set come last.

    What was imported from other programs is not among them: those programs have it.

    Parameters
    ----------
    workspace : Workspace
        Its logs are read.
    locator : PictureLocator
        Finds their pictures.

    Yields
    ------
    LoggedSet
        Without pictures where none of them is here.
    """
    found = _only_logs(read_decisions(workspace), workspace)
    crops = _crops(found.crops)
    rows = pd.concat([found.items, found.rejections.assign(chosen=False)], ignore_index=True)
    seen: set[Key] = set()
    for name, one in _latest_first(rows, rows["set_id"]):
        seen.update(picture_keys(one))
        yield _located(name, one, crops, locator)
    alone = found.crops.assign(chosen=True)
    for name, one in _latest_first(alone, alone["project"] + "/" + alone["filename"]):
        if seen.isdisjoint(picture_keys(one)):
            yield _located(name, one, crops, locator)


def _only_logs(decisions: Decisions, workspace: Workspace) -> Decisions:
    reviewed = decisions_path(workspace).relative_to(workspace.root).as_posix()

    def kept(frame: pd.DataFrame) -> pd.DataFrame:
        source = frame["source"].astype(str)
        told = (source == reviewed) | source.str.endswith((SETS, CROPS))
        return frame[~(told | (frame["project"] == UNKNOWN)).to_numpy(bool)]

    return replace(
        decisions, items=kept(decisions.items), crops=kept(decisions.crops),
        rejections=kept(decisions.rejections),
    )  # fmt: skip


def _crops(rows: pd.DataFrame) -> dict[Key, tuple[Box, Size]]:
    edges = rows[["x1", "y1", "x2", "y2"]].to_numpy(float)
    sizes = rows[["width", "height"]].to_numpy(float)
    return {
        key: (Box(*map(float, box)), (float(width), float(height)))
        for key, box, (width, height) in zip(picture_keys(rows), edges, sizes, strict=True)
    }


def _latest_first(rows: pd.DataFrame, key: pd.Series) -> Iterator[tuple[str, pd.DataFrame]]:
    ordered = rows.sort_values("timestamp", ascending=False, na_position="last", kind="stable")
    for name, one in ordered.groupby(key, sort=False):
        yield str(name), one


def _located(
    name: str,
    rows: pd.DataFrame,
    crops: Mapping[Key, tuple[Box, Size]],
    locator: PictureLocator,
) -> LoggedSet:
    keys, when = picture_keys(rows), rows["timestamp"].iloc[0]
    winner = keys[int(rows["chosen"].to_numpy(bool).argmax())] if rows["chosen"].any() else None
    places = {key: locator.of_key(*key) for key in sorted(set(keys), key=lambda one: one != winner)}
    outcome, size = Outcome(), None
    if winner is not None and places[winner] is not None:
        box, size = crops.get(winner, (None, None))
        # Where a log says nothing of a crop, one that a sidecar has stays, as with one by hand.
        outcome = Outcome(0, None if box == FULL_FRAME else box, manual=box is None)
    images = tuple(place for place in places.values() if place is not None)
    stated = "" if pd.isna(when) else pd.Timestamp(when).isoformat()
    return LoggedSet(f"log:{name}", stated, images, outcome, size if outcome.box else None)
