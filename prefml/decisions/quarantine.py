"""Define the reasons for which rows are quarantined: a stable name, a meaning, a remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prefml.exceptions import BoxError

__all__ = ["REASONS", "FileCount", "Reason", "Refusal", "RowRefusedError", "printable"]


class Reason(NamedTuple):
    """Meaning of a quarantine reason, and its remedy.

    Attributes
    ----------
    meaning : str
        The fault of the row, as a sentence.
    remedy : str
        The step that mends it, as a sentence.
    """

    meaning: str
    remedy: str


REASONS: Mapping[str, Reason] = {
    "mixed_projects": Reason(
        "The row names images of two projects.",
        "Correct the path, or the alias table if one folder belongs to the other project.",
    ),
    "no_image": Reason(
        "The row names no chosen image, or with control characters in its name.",
        "Fill in the path, or delete the row.",
    ),
    "no_losers": Reason(
        "The set has a winner and nothing it was chosen from.",
        "Add the other images of the set; a lone image teaches nothing about choosing.",
    ),
    "winner_among_losers": Reason(
        "The chosen file name is also listed as rejected.",
        "Remove it from the list of losers.",
    ),
    "winner_not_in_set": Reason(
        "The chosen image is not one of the set's images.",
        "Correct the choice or the list of images.",
    ),
    "ambiguous_name": Reason(
        "Pictures in several folders of the project have this file name, and the row does not say "
        "which one it means.",
        "Write the path below the project's folder, set01/a.png, in place of the name.",
    ),
    "unreadable_list": Reason(
        "The list of losers is neither a JSON list nor a Python list of paths, or the single "
        "backslashes of a Windows path in it read as something else (`\\t` as a tab).",
        'Write it as ["a.png", "b.png"], quoted as one cell, with / or \\\\ between folders.',
    ),
    "impossible_box": Reason(
        "The crop box is no number, empty, inside out, thinner than a thousandth of the image, or "
        "outside it by more than a pixel, in fractions by more than 0.005.",
        "Correct the box or the image size of the row.",
    ),
    "unknown_size": Reason(
        "The box is in pixels and neither this row, another row of the same image nor the picture "
        "says how large the image was.",
        "Add the width and height.",
    ),
    "repeat_crop": Reason(
        "A crop of this (project, file name) was logged before: this is a crop of the cropped "
        "file, or the same row again.",
        "Nothing: the first one counts.",
    ),
    "repeat_set": Reason(
        "The same set was logged before, by its key (whatever its winner) or with the same images "
        "and winner.",
        "Nothing: one of them counts, for reviewed sets the last decision.",
    ),
    "passed": Reason(
        "The set was approved in bulk, unseen: the suggestion came back, and nobody judged it.",
        "Nothing: it is no label; of each batch some sets are asked about one by one instead.",
    ),
    "reasked": Reason(
        "A set that was decided before was asked about once more, to see how steady the answers "
        "are.",
        "Nothing: the first answer is the label.",
    ),
    "duplicates": Reason(
        "Near duplicates were decided, pictures of several sets: the losers are set aside.",
        "Nothing: it is no label; pairs are learned from inside a set of variants only.",
    ),
    "placeholder": Reason(
        "The row holds no decision of the person: a placeholder box, a suggestion that nobody "
        "answered, or only the wish for a crop.",
        "Nothing: it says that an image was kept, not how it was cropped.",
    ),
    "unknown_group": Reason(
        "A reviewed set has no list of images, and no suggestion of its group_id has one.",
        "Put sandbox/automation_decisions.jsonl of that review back.",
    ),
    "wrong_fields": Reason(
        "The number of fields, or a field itself, fits no known shape of this log.",
        "Compare the row with the header; an unquoted comma is the usual cause.",
    ),
    "unreadable_row": Reason(
        "The row has bytes that are not UTF-8, NUL bytes, or is not JSON where JSON is due.",
        "Save the file as UTF-8, or restore the row from a backup.",
    ),
    "unknown_columns": Reason(
        "The header of the file is that of no known log, in none of the encodings UTF-8 and UTF-16 "
        "and with no comma, semicolon, tab or bar between its columns.",
        "Correct the header, or move the file out of data/training.",
    ),
}


class Refusal(NamedTuple):
    """Reason for which a row is refused, with what was found in it.

    Attributes
    ----------
    reason : str
        A key of `REASONS`.
    detail : str
        What was found.
    """

    reason: str
    detail: str


class RowRefusedError(Exception):
    """Raised for a row that cannot be used; never leaves `prefml.decisions`.

    Parameters
    ----------
    reason : str
        One of `REASONS`.
    detail : str
        What was found.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.refusal = Refusal(reason, detail)
        super().__init__(f"{reason}: {detail}")


# What a reader raises for a row: the second comes from the one place where boxes are read.
REFUSED = (RowRefusedError, BoxError)


def refusal_of(error: RowRefusedError | BoxError) -> Refusal:
    """Return the reason of a refused row from the error of its reader.

    Parameters
    ----------
    error : RowRefusedError or BoxError
        An error of `REFUSED`.

    Returns
    -------
    Refusal
    """
    if isinstance(error, BoxError):
        return Refusal("impossible_box", error.found)
    return error.refusal


@dataclass(frozen=True)
class FileCount:
    """Row counts of a file; `rows` is `accepted` plus all of `quarantined`.

    Attributes
    ----------
    path : str
        Relative to the workspace.
    rows : int
        Records after the header, blank lines left out.
    accepted : int
        Rows that are used.
    quarantined : mapping of str to int
        Rows by reason.
    unread_times : int
        Accepted rows whose time cannot be read, and which are used without.
    """

    path: str
    rows: int
    accepted: int
    quarantined: Mapping[str, int] = field(default_factory=Counter)
    unread_times: int = 0


def printable(text: str) -> str:
    """Return text that any file can hold: undecodable bytes and NUL are escaped.

    Parameters
    ----------
    text : str
        May hold surrogates, such as `surrogateescape` makes.

    Returns
    -------
    str
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
