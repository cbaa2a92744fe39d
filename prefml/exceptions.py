"""Define the errors prefml raises on purpose.

Every message says what was found, what was expected and what to run next, so that the command
line can print it as one line and stop. Names in a message are data: `visible` makes any text safe
to print, and `counted` puts a noun behind a number.
"""

from __future__ import annotations

import re

__all__ = [
    "ApplyError",
    "BoxError",
    "ClusterError",
    "ConfigError",
    "EncoderError",
    "EncoderMismatchError",
    "ForeignFileError",
    "ImageError",
    "LogError",
    "ModelFileError",
    "NotEnoughDataError",
    "PrefmlError",
    "SidecarError",
    "StoreUnavailableError",
    "WeightsUnavailableError",
    "WorkspaceError",
]

# Control characters and what turns the direction of text or is not seen: with them a name could
# show as another, or change what a terminal shows.
_DECEPTIVE = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)


class PrefmlError(Exception):
    """Base of every error prefml raises on purpose.

    Parameters
    ----------
    found : str
        What was found, with the path or the value.
    expected : str, optional
        What was expected instead.
    run : str, optional
        The command, or the step, that leads on.

    Examples
    --------
    >>> print(PrefmlError("no images in images/", "pictures", "prefml sample"))
    no images in images/; expected pictures; run: prefml sample
    """

    def __init__(self, found: str, expected: str | None = None, run: str | None = None) -> None:
        self.found, self.expected, self.run = found, expected, run
        parts = [found]
        if expected:
            parts.append(f"expected {expected}")
        if run:
            parts.append(f"run: {run}")
        super().__init__("; ".join(parts))

    def __reduce__(self) -> tuple[type[PrefmlError], tuple[str, str | None, str | None]]:
        """Pickle by the three parts, so that an error survives a process boundary."""
        return type(self), (self.found, self.expected, self.run)


class ConfigError(PrefmlError):
    """Raised for an entry of `prefml.toml` that is unknown or of the wrong type or range."""


class WorkspaceError(PrefmlError):
    """Raised when a folder or file of the workspace is missing or lies outside it."""


class LogError(PrefmlError):
    """Raised when a log file as a whole cannot be read; single bad rows are quarantined."""


class StoreUnavailableError(LogError):
    """Raised when the event table of the review cannot be used for the moment; ask again."""


class ImageError(PrefmlError):
    """Raised when a picture cannot be decoded or is larger than the configured limit."""


class BoxError(PrefmlError, ValueError):
    """Raised for coordinates that are no crop box."""


class SidecarError(PrefmlError):
    """Raised when a sidecar file is missing, foreign or damaged."""


class EncoderError(PrefmlError):
    """Raised when an encoder folder or name cannot be used."""


class WeightsUnavailableError(EncoderError):
    """Raised when pretrained weights are not on this machine and could not be fetched."""


class EncoderMismatchError(PrefmlError):
    """Raised for embeddings of another encoder than the model was trained on."""


class ForeignFileError(PrefmlError):
    """Raised when a file of another program is damaged, in use, newer, or none of that program."""


class ModelFileError(PrefmlError):
    """Raised when a model file is missing, changed, foreign or of a newer version."""


class ClusterError(PrefmlError):
    """Raised when a Dask scheduler or its workers cannot be reached or used."""


class ApplyError(PrefmlError):
    """Raised when decisions cannot be applied, or undone, without risking a file."""


class NotEnoughDataError(PrefmlError, ValueError):
    """Raised when there are too few choices or crops for what was asked."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number and what it counts, in the singular for one.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        What one is called, with all that changes in the plural at its end.
    plural : str, optional
        What several are called; None appends an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "picture"), counted(2, "picture"), counted(1, "reply", "replies")
    ('1 picture', '2 pictures', '1 reply')
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def visible(text: str) -> str:
    r"""Return text with its deceptive characters written as codes, such as `\u202e`.

    Parameters
    ----------
    text : str
        A text with names in it; line breaks and tabs stay.

    Returns
    -------
    str

    References
    ----------
    N. Boucher, R. Anderson, "Trojan Source: Invisible Vulnerabilities", USENIX Security 2023.
    """
    return _DECEPTIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
