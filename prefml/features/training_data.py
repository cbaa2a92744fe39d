"""Load the data that models are trained, evaluated and compared on."""

from __future__ import annotations

from dataclasses import dataclass

from prefml.decisions import Decisions, read_decisions
from prefml.exceptions import NotEnoughDataError
from prefml.features.tables import ChoiceTable, CropTable, choice_table, crop_table
from prefml.sidecars.generator import with_settings
from prefml.sidecars.sizes import picture_sizes
from prefml.sidecars.store import Sidecars, read_sidecars_if_any
from prefml.workspace import Workspace

__all__ = ["MIN_DECISIONS", "TrainingData", "read_training_data"]

# With fewer sets, or crops, a model would say nothing and there is nothing to hold out.
MIN_DECISIONS = 10


@dataclass(frozen=True)
class TrainingData:
    """Decisions and sidecars of a workspace.

    Build one with `read_training_data`.

    Attributes
    ----------
    decisions : Decisions
        Choices, crops and rejections, and what was refused.
    sidecars : Sidecars or None
        Embeddings, hashes, cues and settings; None while no picture has been embedded.
    """

    decisions: Decisions
    sidecars: Sidecars | None

    def choices(self) -> ChoiceTable:
        """Join the choices with the sidecar rows of their pictures.

        Returns
        -------
        ChoiceTable

        Raises
        ------
        NotEnoughDataError
            If no picture has been embedded.
        """
        if self.sidecars is None:
            raise NotEnoughDataError(
                "no sidecars; a ranker learns from pictures", None, "prefml embed"
            )
        return choice_table(self.decisions.items, self.sidecars)

    def crops(self) -> CropTable:
        """Join the crops with the sidecar rows of their pictures, if there are sidecars.

        Returns
        -------
        CropTable
        """
        return crop_table(self.decisions.crops, self.sidecars)


def read_training_data(workspace: Workspace) -> TrainingData:
    """Read the decisions and the sidecars of a workspace.

    Parameters
    ----------
    workspace : Workspace
        Its logs are read, and the sidecars of the projects in them if there are any.

    Returns
    -------
    TrainingData

    Raises
    ------
    LogError
        If a log cannot be read as a whole.
    SidecarError
        If there are sidecars, but they are damaged or do not belong together.
    """
    decisions = read_decisions(workspace, picture_sizes(workspace))
    frames = (decisions.items, decisions.rejections, decisions.crops)
    projects = {str(name) for frame in frames for name in frame["project"].unique()}
    sidecars = read_sidecars_if_any(workspace.sidecars, projects)
    return TrainingData(decisions, sidecars and with_settings(workspace, sidecars))
