"""Declare a suggestion as prefml writes it: one line of `automation_decisions.jsonl`."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType, to_builtins

from prefml.proposals.lines import Row

__all__ = [
    "Alternative",
    "Asked",
    "CropAlternative",
    "CropSuggestion",
    "Edges",
    "EncoderStamp",
    "FlagPlace",
    "ModelStamp",
    "NearDuplicates",
    "Selection",
    "Suggestion",
    "rounded",
    "to_row",
]

# x1, y1, x2, y2 in fractions of the picture.
Edges: TypeAlias = tuple[float, float, float, float]


class Alternative(Struct, frozen=True):
    """Another picture of the set.

    Attributes
    ----------
    image : str
        Path relative to the workspace.
    probability : float
        That the person chooses it.
    """

    image: str
    probability: float


class Selection(Struct, frozen=True):
    """The picture that is suggested.

    Attributes
    ----------
    chosen : str or None
        Path relative to the workspace; None where the set is asked about without a suggestion.
    reason : str
        Why, in words.
    confidence : float or None
        Probability that the person chooses it; None where nothing was ranked.
    probabilities : list of float, optional
        The same for every picture, in the order of the set; absent where nothing was ranked.
    """

    chosen: str | None
    reason: str
    confidence: float | None = None
    probabilities: list[float] | UnsetType = UNSET


class FlagPlace(Struct, frozen=True):
    """Where in a picture a flag was raised.

    Attributes
    ----------
    flag : str
        The flag, one of the suggestion's.
    image : str
        Path relative to the workspace.
    box : tuple of 4 floats
        x1, y1, x2, y2 in fractions.
    """

    flag: str
    image: str
    box: Edges


class CropAlternative(Struct, frozen=True):
    """Another crop box.

    Attributes
    ----------
    crop_coords : tuple of 4 floats
        x1, y1, x2, y2 in fractions.
    probability : float
        That it is what the person wants.
    """

    crop_coords: Edges
    probability: float


class CropSuggestion(Struct, frozen=True):
    """The crop that is suggested for the suggested picture.

    Attributes
    ----------
    needs_crop : bool or None
        Whether to crop at all; None without a crop model, which says nothing about it.
    crop_coords : tuple of 4 floats or None
        x1, y1, x2, y2 in fractions; None keeps the picture whole.
    reason : str
        Why, in words.
    confidence : float or None
        Probability of what is suggested.
    keep_probability : float, optional
        Probability that the person keeps the picture whole.
    alternatives : list of CropAlternative, optional
        Other boxes, best first.
    """

    needs_crop: bool | None
    crop_coords: Edges | None
    reason: str
    confidence: float | None
    keep_probability: float | UnsetType = UNSET
    alternatives: list[CropAlternative] | UnsetType = UNSET


class ModelStamp(Struct, frozen=True):
    """A model, named by its file.

    Attributes
    ----------
    sha256 : str or None
        Hash of the file.
    written : str or None
        When it was written, in ISO form.
    """

    sha256: str | None
    written: str | None


class EncoderStamp(Struct, frozen=True):
    """An encoder, named by what it computes.

    Attributes
    ----------
    id : str or None
        Its name.
    identity : str or None
        Hash of everything that its vectors depend on.
    """

    id: str | None
    identity: str | None


class Asked(Struct, frozen=True):
    """Mark of a set that is asked about without a suggestion, and how it came to be asked.

    Attributes
    ----------
    by : {"random", "coverage", "uncertainty"}
        `random`: drawn whatever a model says, so that its answer can measure one. `coverage`: far
        from what was answered. `uncertainty`: the model is unsure of it.
    inclusion : float or None
        Probability with which each set is drawn to be asked at random; None for the others.
    """

    by: Literal["random", "coverage", "uncertainty"]
    inclusion: float | None


class NearDuplicates(Struct, frozen=True):
    """Mark of a question on near duplicates, and how near they are.

    Attributes
    ----------
    distance : list of int
        Bits in which the hash of each picture differs from that of the suggested one.
    cosine : list of float
        Cosine of its vector with that of the suggested one.
    """

    distance: list[int]
    cosine: list[float]


class Suggestion(Struct, frozen=True):
    """Suggestion for one set, or one single picture.

    Attributes
    ----------
    group_id : str
        Names the set; the same for the same pictures, and for no others.
    images : list of str
        Paths relative to the workspace, in the order in which they were taken.
    step1_selection : Selection
        The suggested picture.
    step2_crop : CropSuggestion
        Its suggested crop.
    project_id : str
        The project of all of them.
    alternatives : list of Alternative
        The other pictures, the likelier first.
    probabilities : list of float or None
        As in `step1_selection`; None where nothing was ranked.
    none_probability : float or None
        That the person rejects the whole set; None until something was reviewed.
    reasons : list of str
        What speaks for the suggestion, and what speaks much against it.
    duplicates, flags : list of str
        What else looks the same, and what to look at twice, in words.
    flag_places : list of FlagPlace, optional
        Where the flags are that have a place; absent where none has.
    within_budget : bool
        Whether the set could be approved unseen at the error budget.
    budget : float
        The error budget: the tolerated share of wrong choices.
    model : dict of str to ModelStamp
        The models that made it, by kind.
    encoder : EncoderStamp or None
        The encoder of their inputs.
    created : str
        UTC time in ISO form.
    reask_of : str, optional
        Key of the decided set of which this is a silent repetition.
    least_budget : float or None, optional
        The smallest error budget within which the set lies; None where it lies in none.
    joint_confidence : float or None, optional
        Probability that nothing of the suggestion is wrong; None where none is stated.
    asked : Asked, optional
        Of a set that is asked about before anything is suggested; absent for all others.
    near_duplicates : NearDuplicates, optional
        Of near duplicates, one of which is kept where it lies; absent for all others.
    """

    group_id: str
    images: list[str]
    step1_selection: Selection
    step2_crop: CropSuggestion
    project_id: str
    alternatives: list[Alternative]
    probabilities: list[float] | None
    none_probability: float | None
    reasons: list[str]
    duplicates: list[str]
    flags: list[str]
    within_budget: bool
    budget: float
    model: dict[str, ModelStamp]
    encoder: EncoderStamp | None
    created: str
    reask_of: str | UnsetType = UNSET
    asked: Asked | UnsetType = UNSET
    flag_places: list[FlagPlace] | UnsetType = UNSET
    least_budget: float | UnsetType | None = UNSET
    joint_confidence: float | UnsetType | None = UNSET
    near_duplicates: NearDuplicates | UnsetType = UNSET


def rounded(box: Edges) -> Edges:
    """Return a box with edges of six digits, as they are written."""
    x1, y1, x2, y2 = (round(float(edge), 6) for edge in box)
    return x1, y1, x2, y2


def to_row(document: Struct) -> Row:
    """Return a declared document as a line of plain types, absent fields left out."""
    row: Row = to_builtins(document)
    return row
