"""Build the tables that models learn from, out of decisions and sidecars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from prefml._typing import Floats, Ints, Texts, Times
from prefml.decisions.manifests import UNKNOWN
from prefml.features.clusters import connect_sets
from prefml.features.people import relative_people
from prefml.features.relative import (
    embedding_distances,
    relative_cues,
    relative_embedding,
    stage_columns,
)
from prefml.features.settings import encode_settings, relative_settings, setting_names
from prefml.features.weights import row_weights
from prefml.sets import Sets, index_sets
from prefml.sidecars.store import Sidecars

__all__ = [
    "TAKEN_OVER",
    "ChoiceTable",
    "CropTable",
    "choice_table",
    "crop_columns",
    "crop_table",
    "image_rows",
    "ranking_cues",
]

# Where things lie in a picture serves cropping; to a choice between pictures it is noise.
_LAYOUT = ("saliency_", "detail_x", "detail_y", "detail_spread_", "detail_grid_", "detail_object_",
           "border_", "width", "height", "face")  # fmt: skip
# What was seen of people, of which most pictures have nothing, is in columns of its own.
_PEOPLE = (
    "faces_", "face_sharpness", "face_exposure", "face_contrast", "face_noise", "face_shape_",
    "face_look_", "eyes_", "group_", "body_", "hand_", "hands_", "left_hand_", "right_hand_",
    "person_", "head_", "point_", "wrist_", "limb_", "suspicion_",
)  # fmt: skip

# Sets whose columns are made in double precision at a time.
_SETS_AT_ONCE = 4096

# Crops that were taken over as suggested, among what is left out of a table.
TAKEN_OVER = "taken_over"


@dataclass(frozen=True)
class ChoiceTable:
    """Feature table of choices; row i of every attribute is the same picture.

    Attributes
    ----------
    X : DataFrame
        Features, the relative ones built in; see `image_rows`.
    y : ndarray of shape (n_rows,)
        1 for the chosen picture, 0 for the others.
    set_id, project, filename, session_id : ndarray of shape (n_rows,)
        Origin of the row.
    stage : ndarray of shape (n_rows,)
        Stage, NaN where unknown.
    timestamp : ndarray of shape (n_rows,), datetime64
        When the choice was made, UTC; NaT where unknown.
    weight : ndarray of shape (n_rows,)
        Sample weight of the row's set.
    hashes : ndarray of shape (n_rows,)
        Perceptual hashes, by which near duplicates are kept on one side of a fold.
    inclusion : ndarray of shape (n_rows,)
        Probability with which the row's set was drawn from a bulk approval; 1 for sets that were
        not audited. What is said of all sets weighs by its inverse.
    exposure : ndarray of shape (n_rows,) or None
        `unseen`: decided without sight of a suggestion; `followed`: as it was suggested on the
        screen; `overruled`: otherwise. None: nothing is known of it, and all count as unseen.
    left_out : mapping of str to int
        Reason -> sets that are not in the table.
    """

    X: pd.DataFrame
    y: NDArray[np.int64]
    set_id: Texts
    project: Texts
    filename: Texts
    session_id: Texts
    stage: Floats
    timestamp: Times
    weight: Floats
    hashes: Texts
    inclusion: Floats
    left_out: Mapping[str, int] = field(default_factory=dict)
    exposure: Texts | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return len(np.unique(self.set_id)) if len(self) else 0

    @cached_property
    def cluster_id(self) -> Ints:
        """Cluster of each row's set: sets that share pictures or near duplicates, directly or not.

        See `prefml.features.clusters.connect_sets`.
        """
        columns = [name for name in self.X.columns if name.startswith("emb__")]
        vectors = self.X[columns].to_numpy(np.float32)
        return connect_sets(self.set_id, self.project, self.filename, self.hashes, vectors)


@dataclass(frozen=True)
class CropTable:
    """Feature table of crops; row i of every attribute is the same picture.

    Attributes
    ----------
    X : DataFrame
        Features: size, aspect and stage, and with sidecars the cues and the embedding.
    boxes : ndarray of shape (n_rows, 4)
        x1, y1, x2, y2 in fractions of the picture.
    size : ndarray of shape (n_rows, 2)
        Width and height in pixels.
    project, filename, session_id : ndarray of shape (n_rows,)
        Origin of the row.
    stage : ndarray of shape (n_rows,)
        Stage, NaN where unknown.
    timestamp : ndarray of shape (n_rows,), datetime64
        When the crop was made, UTC; NaT where unknown.
    weight : ndarray of shape (n_rows,)
        Sample weight of the crop, 1 for all.
    exposure : ndarray of shape (n_rows,) or None
        `unseen`: decided without sight of a suggestion; `followed`: as it was suggested on the
        screen; `overruled`: otherwise. None: nothing is known of it, and all count as unseen.
    left_out : mapping of str to int
        Reason -> rows that are not in the table.
    """

    X: pd.DataFrame
    boxes: Floats
    size: Floats
    project: Texts
    filename: Texts
    session_id: Texts
    stage: Floats
    timestamp: Times
    weight: Floats
    left_out: Mapping[str, int] = field(default_factory=dict)
    exposure: Texts | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.boxes)


def ranking_cues(cues: pd.DataFrame) -> pd.DataFrame:
    """Select the cues of whole pictures that a choice can depend on, without those of layout.

    Parameters
    ----------
    cues : DataFrame of shape (n_rows, n_cues)
        All cues.

    Returns
    -------
    DataFrame of shape (n_rows, n_kept)
    """
    return cues[[name for name in cues.columns if not name.startswith(_LAYOUT + _PEOPLE)]]


def image_rows(
    embeddings: ArrayLike,
    cues: pd.DataFrame,
    stage: ArrayLike,
    set_id: ArrayLike,
    settings: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Build the ranker's columns for pictures that are grouped into sets.

    Parameters
    ----------
    embeddings : array-like of shape (n_rows, dim)
        The encoder's vectors.
    cues : DataFrame of shape (n_rows, n_cues)
        The cues of the same pictures.
    stage : array-like of shape (n_rows,)
        Stages, NaN where unknown.
    set_id : array-like of shape (n_rows,)
        The set of each picture.
    settings : DataFrame of shape (n_rows, n_settings), optional
        The generator's settings of the same pictures, as
        `prefml.features.settings.encode_settings` makes them.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns)
        Stage columns, `near__*`, `cue__*` and its relatives, `people__*` and its relatives where
        people were looked for, `emb__*` and `emb_mean__*`; last, where there are settings,
        `setting__*` and its relatives. A row depends on the rows of its own set and on nothing
        else.
    """
    sets, vectors, stages = index_sets(set_id), np.asarray(embeddings), np.asarray(stage, float)
    table = np.empty((0, 0), np.float32)
    columns: dict[str, Floats] = {}
    for part in np.array_split(np.arange(len(sets)), max(1, len(sets) // _SETS_AT_ONCE)):
        rows = sets.rows_of(part)
        here = index_sets(sets.codes[rows])
        columns = _columns_of_sets(vectors[rows], cues.iloc[rows], stages[rows], here)
        if settings is not None:
            columns |= relative_settings(settings.iloc[rows], stages[rows], here)
        if not table.size:
            table = np.empty((len(stages), len(columns)), np.float32)
        table[rows] = np.column_stack(list(columns.values()))
    return pd.DataFrame(table, columns=list(columns), copy=False)


def _columns_of_sets(
    embeddings: Floats, cues: pd.DataFrame, stage: Floats, sets: Sets
) -> dict[str, Floats]:
    vectors = embeddings.astype(np.float64)
    columns = stage_columns(stage, sets)
    columns |= embedding_distances(vectors, stage, sets)
    kept = ranking_cues(cues)
    columns |= relative_cues(kept.to_numpy(np.float64), list(kept.columns), stage, sets)
    return columns | relative_people(cues, stage, sets) | relative_embedding(vectors, sets)


def choice_table(items: pd.DataFrame, sidecars: Sidecars) -> ChoiceTable:
    """Join choices with the sidecar rows of their pictures.

    Parameters
    ----------
    items : DataFrame
        `Decisions.items`: one row for each picture of each accepted set.
    sidecars : Sidecars
        Embeddings, hashes and cues.

    Returns
    -------
    ChoiceTable
        Whole sets only: a set of which a picture has no sidecar row, or whose project is unknown,
        is left out and counted. Settings that are learned from are those of all pictures of the
        sidecars, so that every table of them has the same columns.
    """
    position = sidecars.positions(items["project"].to_numpy(), items["filename"].to_numpy())
    fault = np.where(position < 0, "no_sidecar", "").astype(object)
    fault[items["project"].to_numpy() == UNKNOWN] = "unknown_project"
    bad = pd.Series(fault).groupby(items["set_id"].to_numpy()).transform("max").to_numpy()
    left_out = Counter(
        pd.Series(bad[bad != ""], items["set_id"][bad != ""]).groupby(level=0).first()
    )
    kept = items[bad == ""].reset_index(drop=True)
    found = position[bad == ""]
    X = image_rows(
        sidecars.embeddings[found], sidecars.cues.iloc[found].reset_index(drop=True),
        kept["stage"], kept["set_id"], _settings_of(sidecars, found),
    )  # fmt: skip
    return ChoiceTable(
        X=X, y=kept["chosen"].to_numpy(np.int64), weight=row_weights(kept),
        hashes=np.asarray(sidecars.hashes, dtype=object)[found], left_out=dict(left_out),
        inclusion=kept["inclusion"].to_numpy(np.float64),
        set_id=kept["set_id"].to_numpy(dtype=object), **_origin(kept),
    )  # fmt: skip


def _settings_of(sidecars: Sidecars, rows: Ints) -> pd.DataFrame | None:
    if sidecars.settings is None:
        return None
    names = setting_names(sidecars.settings, sidecars.index["project"].to_numpy(object))
    return encode_settings(sidecars.settings.iloc[rows], names) if names else None


class _Origin(TypedDict):
    """Columns of a table that identify its rows, and are no features."""

    project: Texts
    filename: Texts
    session_id: Texts
    stage: Floats
    timestamp: Times
    exposure: Texts


def _origin(frame: pd.DataFrame) -> _Origin:
    stamps = pd.to_datetime(frame["timestamp"], utc=True).dt.tz_localize(None)
    return {
        "project": frame["project"].to_numpy(dtype=object),
        "filename": frame["filename"].to_numpy(dtype=object),
        "session_id": frame["session_id"].to_numpy(dtype=object),
        "stage": frame["stage"].to_numpy(dtype=np.float64),
        "timestamp": stamps.to_numpy(dtype="datetime64[ns]"),
        "exposure": _exposure(frame),
    }


def _exposure(frame: pd.DataFrame) -> Texts:
    if not {"corrected", "exposed"} <= set(frame.columns):
        return np.full(len(frame), "unseen", dtype=object)
    answered = np.where(frame["corrected"], "overruled", "followed")
    return np.where(frame["exposed"], answered, "unseen").astype(object)


def crop_columns(
    size: ArrayLike,
    stage: ArrayLike,
    embeddings: ArrayLike | None = None,
    cues: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Build the crop regressor's columns.

    Parameters
    ----------
    size : array-like of shape (n_rows, 2)
        Width and height in pixels.
    stage : array-like of shape (n_rows,)
        Stages, NaN where unknown.
    embeddings : array-like of shape (n_rows, dim), optional
        The encoder's vectors; without them, only what needs no picture is returned.
    cues : DataFrame of shape (n_rows, n_cues), optional
        The cues of the same pictures.

    Returns
    -------
    DataFrame
        Columns width, height, aspect, megapixels and stage; then `cue__NAME` and `emb__0000`, ...
    """
    pixels = np.asarray(size, np.float64).reshape(-1, 2)
    width, height = pixels[:, 0], pixels[:, 1]
    plain = [width, height, width / height, width * height / 1e6, np.asarray(stage, np.float64)]
    blocks, dim = [np.column_stack(plain)], 0
    measured: tuple[str, ...] = ()
    if embeddings is not None and cues is not None:
        vectors = np.asarray(embeddings, np.float64)
        blocks += [cues.to_numpy(np.float64), vectors]
        measured, dim = tuple(cues.columns), vectors.shape[1]
    # One block of numbers: joining a thousand columns one by one takes longer than a prediction.
    return pd.DataFrame(np.hstack(blocks), columns=_crop_names(measured, dim), copy=False)


@lru_cache(maxsize=8)
def _crop_names(measured: tuple[str, ...], dim: int) -> pd.Index[str]:
    """Return the names of the columns; an index of a thousand takes a millisecond to build."""
    names = ["width", "height", "aspect", "megapixels", "stage"]
    names += [f"cue__{name}" for name in measured]
    return pd.Index(names + [f"emb__{i:04d}" for i in range(dim)])


def crop_table(crops: pd.DataFrame, sidecars: Sidecars | None = None) -> CropTable:
    """Join crops with the sidecar rows of their pictures.

    Parameters
    ----------
    crops : DataFrame
        `Decisions.crops`: one row for each crop.
    sidecars : Sidecars, optional
        Without them (no pictures at hand) only size, aspect and stage are known.

    Returns
    -------
    CropTable
        In the order of the decisions. Rows of unknown project, crops that were taken over as
        suggested on the screen, and where there are sidecars rows without one, are left out and
        counted. A crop that was taken over is the model's own output, near enough to what was
        wanted: a model that learns from it learns its own error, and one that is measured by it
        looks better than it is.
    """
    known = crops["project"] != UNKNOWN
    left_out = {"unknown_project": int((~known).sum())} if not known.all() else {}
    taken_over = known & (_exposure(crops) == "followed")
    if taken_over.any():
        left_out[TAKEN_OVER] = int(taken_over.sum())
    kept = crops[known & ~taken_over].sort_values("timestamp", kind="stable")
    embeddings, cues = None, None
    if sidecars is not None:
        position = sidecars.positions(kept["project"].to_numpy(), kept["filename"].to_numpy())
        if (position < 0).any():
            left_out["no_sidecar"] = int((position < 0).sum())
        kept, found = kept[position >= 0], position[position >= 0]
        embeddings, cues = sidecars.embeddings[found], sidecars.cues.iloc[found]
    kept = kept.reset_index(drop=True)
    size = kept[["width", "height"]].to_numpy(np.float64)
    return CropTable(
        X=crop_columns(size, kept["stage"], embeddings, cues), size=size,
        boxes=kept[["x1", "y1", "x2", "y2"]].to_numpy(np.float64),
        weight=np.ones(len(kept)), left_out=left_out, **_origin(kept),
    )  # fmt: skip
