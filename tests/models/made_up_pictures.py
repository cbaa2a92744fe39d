"""Make up decisions and sidecars of pictures that were never drawn, for whole trainings."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from prefml.decisions import Decisions
from prefml.encoders import EncoderSpec
from prefml.features.training_data import TrainingData
from prefml.imaging.cues import cue_identity
from prefml.sidecars.store import Sidecars

ENCODER = EncoderSpec(
    "made up", 4, 8, "stretch", "box", "none", (0.0,) * 3, (1.0,) * 3, "none", "0" * 64
)
REVIEW = "sandbox/approved_decisions.jsonl"


def made_up_data(
    logged=160, accepted=80, rejected=20, projects=4, seed=0, crops=True, unlike=2.0, slips=0.0
):
    """Return training data of sets of three, most of which were logged and some reviewed.

    The sharpest picture of a set is chosen, but for slips; rejected sets are less sharp by
    `unlike`. Every winner is cropped to its left or its right half, as its cue says.
    """
    n_sets = logged + accepted + rejected
    # Apart, so that the accepted sets do not depend on how many are rejected.
    apart = [np.random.default_rng([seed, part]) for part in (0, 1)]
    sizes = 3 * (logged + accepted), 3 * rejected

    def normal(*shape):
        return np.concatenate(
            [rng.normal(size=(n, *shape)) for rng, n in zip(apart, sizes, strict=True)]
        )

    n = 3 * n_sets
    number = np.repeat(np.arange(n_sets), 3)
    project = np.array([f"p{i % projects}" for i in number], object)
    names = np.array([f"picture{i:05d}.png" for i in range(n)], object)
    is_rejected = number >= logged + accepted
    sharpness = normal() - unlike * is_rejected
    worth = np.where(normal() < norm.ppf(slips), 9 * normal(), sharpness)
    best = worth.reshape(-1, 3).argmax(1) + 3 * np.arange(n_sets)
    side = (normal() > 0).astype(float)
    times = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(number, "h")
    frame = pd.DataFrame({
        "project": project, "session_id": "s",
        "set_id": [f"{p}/s/g{i}" for p, i in zip(project, number, strict=True)],
        "filename": names, "path": names, "chosen": np.isin(np.arange(n), best),
        "stage": np.tile([1.0, 2.0, 3.0], n_sets), "timestamp": times,
        "source": np.where(number < logged, "data/training/log.csv", REVIEW),
        "line": number, "evidence": "judged", "inclusion": 1.0, "corrected": False,
    })  # fmt: skip
    winners = best[: logged + accepted] if crops else best[:0]
    left = 0.5 * side[winners]
    boxes = pd.DataFrame({"x1": left, "y1": 0.0, "x2": left + 0.5, "y2": 0.5})
    cropped = frame.iloc[winners].drop(columns=["chosen", "set_id"]).reset_index(drop=True)
    cropped = cropped.join(boxes).assign(width=100.0, height=100.0)
    index = frame[["project", "filename", "path", "stage"]].reset_index(drop=True)
    cues = pd.DataFrame({"width": 100.0, "height": 100.0, "sharpness": sharpness, "side": side})
    sidecars = Sidecars(
        index, normal(4).astype(np.float32),
        np.array([f"{i * 0x9E3779B97F4A7C15 % 2**64:016x}" for i in range(n)]), cues,
        ENCODER, cue_identity(),
    )  # fmt: skip
    empty = pd.DataFrame()
    decisions = Decisions(
        items=frame[~is_rejected].reset_index(drop=True), crops=cropped,
        rejections=frame[is_rejected].drop(columns=["chosen", "corrected"]).reset_index(drop=True),
        quarantine=empty, unmatched=empty, files=(), manifests=(), problems=(),
    )  # fmt: skip
    return TrainingData(decisions, sidecars)
