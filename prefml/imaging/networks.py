"""Run the networks that see people.

MediaPipe's, converted to ONNX; `models/README.md` gives the origin, licence and outputs of each
(C. Lugaresi et al., "MediaPipe: a framework for building perception pipelines", arXiv:1906.08172).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np

from prefml._typing import Floats32, Pixels

__all__ = [
    "BLAZEFACE_FULL_RANGE",
    "BLAZEFACE_SHORT_RANGE",
    "FACE_LANDMARKS",
    "HAND_LANDMARKS",
    "NETWORKS",
    "PALM_DETECTION",
    "PERSON_SEGMENTATION",
    "POSE_DETECTION",
    "POSE_LANDMARKS",
    "Network",
    "Session",
    "open_session",
]

_FOLDER = Path(__file__).parent / "models"


class Session(Protocol):
    """The part of `onnxruntime.InferenceSession` that is used."""

    def run(
        self, output_names: Sequence[str], input_feed: Mapping[str, Floats32]
    ) -> Sequence[Floats32]:
        """Return the outputs that are named."""


@dataclass(frozen=True)
class Network:
    """A network in the package.

    Attributes
    ----------
    name : str
        Of its file, without the suffix.
    side : int
        Width and height of its input in pixels.
    low : float
        Input for level 0; the input for level 255 is 1.
    outputs : tuple of str
        Names of what it returns.
    """

    name: str
    side: int
    low: float
    outputs: tuple[str, ...]

    def run(self, pixels: Pixels) -> dict[str, Floats32]:
        """Run the network on one square picture.

        Parameters
        ----------
        pixels : ndarray of shape (side, side, 3), uint8
            Red, green, blue.

        Returns
        -------
        dict of str to ndarray
            By name of output; planes are channels first.
        """
        scale = np.float32((1.0 - self.low) / 255)
        given = np.float32(self.low) + pixels.transpose(2, 0, 1)[None] * scale
        found = open_session(self.name).run(self.outputs, {"input": given})
        return dict(zip(self.outputs, found, strict=True))


_DETECTED = ("regressors", "classificators")
BLAZEFACE_SHORT_RANGE = Network("blazeface_short_range", 128, -1.0, _DETECTED)
BLAZEFACE_FULL_RANGE = Network("blazeface_full_range", 192, -1.0, _DETECTED)
FACE_LANDMARKS = Network("face_landmarks", 192, 0.0, ("landmarks", "presence"))
PERSON_SEGMENTATION = Network("person_segmentation", 256, 0.0, ("mask",))
POSE_DETECTION = Network("pose_detection", 224, -1.0, _DETECTED)
POSE_LANDMARKS = Network(
    "pose_landmarks", 256, 0.0, ("landmarks", "presence", "heatmap", "world_landmarks")
)
PALM_DETECTION = Network("palm_detection", 192, 0.0, _DETECTED)
HAND_LANDMARKS = Network(
    "hand_landmarks", 224, 0.0, ("landmarks", "presence", "handedness", "world_landmarks")
)
NETWORKS = (
    BLAZEFACE_SHORT_RANGE,
    BLAZEFACE_FULL_RANGE,
    FACE_LANDMARKS,
    PERSON_SEGMENTATION,
    POSE_DETECTION,
    POSE_LANDMARKS,
    PALM_DETECTION,
    HAND_LANDMARKS,
)


@cache
def open_session(name: str) -> Session:
    """Open a network of the package, once in each process.

    Parameters
    ----------
    name : str
        `Network.name`.

    Returns
    -------
    Session
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Pictures are the unit of parallel work.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session: Session = onnxruntime.InferenceSession(
        str(_FOLDER / f"{name}.onnx"), options, ["CPUExecutionProvider"]
    )
    return session
