"""Refuse vectors and cues of another kind than those that a model was trained on."""

from __future__ import annotations

from typing import Protocol

from prefml.exceptions import EncoderMismatchError, ModelFileError, SidecarError
from prefml.imaging.cues import cue_identity
from prefml.models.manifest import Manifest

__all__ = ["refuse_other_cues", "refuse_other_encoder"]


class EncoderIdentity(Protocol):
    """Name of an encoder for people, and the hash that tells it from others."""

    @property
    def id(self) -> str:
        """Name for people."""

    @property
    def identity(self) -> str:
        """Hash of its weights and preprocessing."""


def refuse_other_cues(manifest: Manifest) -> None:
    """Refuse a model whose columns this version no longer measures.

    Parameters
    ----------
    manifest : Manifest
        The model's manifest.

    Raises
    ------
    ModelFileError
        If it was trained on other cues.
    """
    measured = cue_identity()
    if manifest.cues not in (None, measured):
        raise ModelFileError(
            f"the {manifest.kind} model was trained on cues {manifest.cues}",
            f"{measured}, which this version measures",
            "prefml embed, then prefml train",
        )


def refuse_other_encoder(manifest: Manifest, spec: EncoderIdentity | None) -> None:
    """Refuse vectors of another encoder than a model was trained with.

    Parameters
    ----------
    manifest : Manifest
        The model's manifest.
    spec : EncoderIdentity or None
        What made the vectors; None where there are none.

    Raises
    ------
    SidecarError
        If the model needs vectors and there are none.
    EncoderMismatchError
        If they are of another encoder.
    """
    trained = manifest.encoder
    if trained is None:
        return
    if spec is None:
        raise SidecarError(
            f"no sidecars; the {manifest.kind} model was trained on pictures",
            f"embeddings of {trained.id}",
            f"prefml embed --encoder {trained.name}",
        )
    if trained.identity != spec.identity:
        raise EncoderMismatchError(
            f"embeddings of {spec.id} ({spec.identity})",
            f"those of {trained.id} ({trained.identity}), "
            f"with which the {manifest.kind} model was trained",
            f"prefml embed --encoder {trained.name}, or prefml train",
        )
