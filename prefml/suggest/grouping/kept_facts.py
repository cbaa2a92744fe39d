"""Keep the facts of pictures in `sandbox/`, so that each file is opened once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import msgspec

from prefml.exceptions import PrefmlError
from prefml.proposals.lines import write_lines
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.facts import PictureFacts, read_facts
from prefml.workspace import Workspace

__all__ = ["KeptFacts", "facts_path", "kept_facts"]

# Facts that another version of `read_facts` read are read anew.
_VERSION = 1


class _Line(msgspec.Struct):
    """Facts of a file as it was at one time."""

    path: str
    file_size: int
    mtime_ns: int
    version: int
    facts: PictureFacts


class KeptFacts:
    """Facts of pictures, from the files or from what was kept.

    Use `kept_facts`, which keeps what was read.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie.

    Attributes
    ----------
    fresh : dict of str to ImageFile
        Pictures that were opened, by path.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.fresh: dict[str, ImageFile] = {}
        self._found: dict[str, PictureFacts] = {}

    def __call__(self, images: Sequence[ImageFile]) -> dict[str, PictureFacts]:
        """Return the facts of pictures, opening those that are new or have changed.

        Parameters
        ----------
        images : sequence of ImageFile
            The pictures.

        Returns
        -------
        dict of str to PictureFacts
            By path.
        """
        for image in images:
            if image.path in self._found:
                continue
            line = self._kept.get(image.path)
            if line and (line.file_size, line.mtime_ns) == (image.file_size, image.mtime_ns):
                self._found[image.path] = line.facts
            else:
                self._found[image.path] = read_facts(self.workspace.root / image.path)
                self.fresh[image.path] = image
        return {image.path: self._found[image.path] for image in images}

    @cached_property
    def _kept(self) -> dict[str, _Line]:
        path = facts_path(self.workspace)
        lines = path.read_bytes().splitlines() if path.is_file() else []
        return {line.path: line for line in _decoded(lines) if line.version == _VERSION}

    def save(self) -> None:
        """Keep the facts that were read from files."""
        if not self.fresh:
            return
        rows = [_row(line) for path, line in self._kept.items() if path not in self.fresh]
        for path, image in self.fresh.items():
            line = _Line(path, image.file_size, image.mtime_ns, _VERSION, self._found[path])
            rows.append(_row(line))
        # Facts that could not be kept are read again the next time.
        with suppress(OSError, PrefmlError):
            write_lines(facts_path(self.workspace), rows)


def _row(line: _Line) -> dict[str, object]:
    """Return a line in plain types."""
    return msgspec.structs.asdict(line) | {"facts": asdict(line.facts)}


def _decoded(lines: Sequence[bytes]) -> Iterator[_Line]:
    """Yield what can be read; the rest is read from the pictures again."""
    decoder = msgspec.json.Decoder(_Line)
    for line in lines:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            yield decoder.decode(line)


@contextmanager
def kept_facts(workspace: Workspace) -> Iterator[KeptFacts]:
    """Open the facts of a workspace's pictures, and keep what was read when done.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Yields
    ------
    KeptFacts
    """
    facts = KeptFacts(workspace)
    yield facts
    facts.save()


def facts_path(workspace: Workspace) -> Path:
    """Return the file of kept facts.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Returns
    -------
    Path
    """
    return workspace.sandbox / "picture_facts.jsonl"
