"""Train flags from the tags that a person set, and keep those that are precise: `flags.json`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from prefml.decisions.tags import FLAG_TAGS, read_tags, still_needed
from prefml.exceptions import ModelFileError, counted
from prefml.features.tags import TagTable, flag_columns, tag_table
from prefml.files import write_text
from prefml.imaging.cues import cue_identity
from prefml.ranking.tag_model import (
    LEAST_FLAGGED,
    PRECISION,
    HeldOutFlags,
    TagModel,
    fit_tags,
    hold_out_flags,
)
from prefml.sidecars.store import Sidecars
from prefml.workspace import Workspace

__all__ = ["FILE", "LearnedFlags", "TagOutcome", "read_flags", "train_flags"]

FILE = "flags.json"
_SCHEMA = "prefml/flags/1"


class TagOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """Outcome of learning one flag from tags.

    Attributes
    ----------
    tagged, projects : int
        Pictures with one of its tags and with cues, and the projects that they come from.
    flagged, right : int
        On held-out projects: pictures that would be flagged, and those of them that are tagged.
    model : TagModel or None
        What flags pictures; None where the default limit stays.
    why_not : str
        Why the default limit stays; empty if it does not.
    """

    tagged: int
    projects: int
    flagged: int = 0
    right: int = 0
    model: TagModel | None = None
    why_not: str = ""


class LearnedFlags(msgspec.Struct, frozen=True):
    """Flags that were learned from tags.

    Attributes
    ----------
    schema : str
        Of the file.
    cues : str
        Identity of the cues that they look at.
    written : str
        When, in ISO 8601.
    flags : dict of str to TagOutcome
        By anomaly, in the order of `FLAG_TAGS`.
    """

    schema: str
    cues: str
    written: str
    flags: dict[str, TagOutcome]

    @property
    def models(self) -> dict[str, TagModel]:
        """Models by anomaly, in place of its default limit."""
        return {name: one.model for name, one in self.flags.items() if one.model is not None}


def train_flags(workspace: Workspace, sidecars: Sidecars | None) -> LearnedFlags | None:
    """Learn from tags when a picture is flagged, and write what is to be used.

    Parameters
    ----------
    workspace : Workspace
        Its decisions hold the tags, and its artifacts folder is written to.
    sidecars : Sidecars or None
        Cues of the pictures; None where none was embedded.

    Returns
    -------
    LearnedFlags or None
        None without pictures; then nothing is written.
    """
    if sidecars is None:
        return None
    table = tag_table(read_tags(workspace), sidecars)
    outcomes = {name: _learn(table, name) for name in FLAG_TAGS}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    learned = LearnedFlags(_SCHEMA, cue_identity(), now, outcomes)
    write_text(_path(workspace), msgspec.json.format(msgspec.json.encode(learned)).decode() + "\n")
    return learned


def read_flags(workspace: Workspace) -> Mapping[str, TagModel]:
    """Read the flags that were learned.

    Parameters
    ----------
    workspace : Workspace
        Its artifacts folder holds them.

    Returns
    -------
    mapping of str to TagModel
        By anomaly; empty where none was learned, and the default limits hold.

    Raises
    ------
    ModelFileError
        If the file is damaged, of a newer version, or was learned from other cues.
    """
    path = _path(workspace)
    if not path.is_file():
        return {}
    try:
        found = msgspec.json.decode(path.read_bytes(), type=LearnedFlags)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelFileError(f"{path}: {error}", "flags of prefml train", "prefml train") from error
    if found.schema != _SCHEMA:
        raise ModelFileError(f"{path} is {found.schema[:100]!r}", _SCHEMA, "prefml train")
    if found.models and found.cues != cue_identity():
        raise ModelFileError(
            f"{path} was learned from cues {found.cues[:100]}",
            f"{cue_identity()}, which this version measures",
            "prefml embed, then prefml train",
        )
    return found.models


def _path(workspace: Workspace) -> Path:
    return workspace.artifacts / FILE


def _learn(table: TagTable, name: str) -> TagOutcome:
    """Learn one flag, and judge it on held-out projects."""
    tagged = table.tagged[name]
    n, projects = int(tagged.sum()), len(np.unique(table.project[tagged].astype(str)))
    missing = still_needed(n, projects)
    if missing:
        return TagOutcome(n, projects, why_not=missing)
    X = flag_columns(table.cues, name)
    held_out = hold_out_flags(X, tagged, table.project)
    model = fit_tags(X, tagged, table.project)
    used = held_out.is_precise and model.limit <= 1.0
    return TagOutcome(
        n, projects, held_out.flagged, held_out.right, model if used else None,
        "" if used else _seldom_right(held_out),
    )  # fmt: skip


def _seldom_right(held_out: HeldOutFlags) -> str:
    if held_out.flagged < LEAST_FLAGGED:
        return f"{counted(held_out.flagged, 'picture')} flagged on held-out projects, too few"
    return (
        f"{held_out.right} of {counted(held_out.flagged, 'flag')} right on held-out projects, "
        f"{PRECISION:.0%} are needed"
    )
