"""Serve pictures to the page: by opaque id, reduced to what is shown, or as they are."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from prefml.exceptions import ImageError, WorkspaceError
from prefml.imaging.decode import DECODING_VERSION, decode
from prefml.imaging.opening import open_image, read_header
from prefml.imaging.picture import shrink
from prefml.workspace import Workspace

__all__ = ["SIDES", "PictureInfo", "Served", "ThumbnailCache"]

# Longest side in pixels of each size that can be asked for; `full` is the original.
SIDES = {"small": 480, "view": 1024, "large": 1600}
QUALITY = 86
CACHE_LIMIT = 2 * 1024**3

# What every browser shows by itself, by Pillow's name of format and colour mode.
_NATIVE = {
    ("JPEG", "RGB"): "image/jpeg",
    ("JPEG", "L"): "image/jpeg",
    ("PNG", "RGB"): "image/png",
    ("PNG", "RGBA"): "image/png",
    ("PNG", "L"): "image/png",
    ("PNG", "P"): "image/png",
    ("WEBP", "RGB"): "image/webp",
    ("WEBP", "RGBA"): "image/webp",
}


@dataclass(frozen=True)
class PictureInfo:
    """Size and version of a picture, known without unpacking it.

    Attributes
    ----------
    width, height : int
        Size of the upright picture in pixels.
    version : str
        Changes when the file changes.
    """

    width: int
    height: int
    version: str


@dataclass(frozen=True)
class Served:
    """A picture as the browser gets it.

    Attributes
    ----------
    data : bytes
        The file.
    content_type : str
        Its MIME type.
    """

    data: bytes
    content_type: str


class ThumbnailCache:
    """Find pictures by opaque id, and keep reduced copies in `data/cache/review`.

    Parameters
    ----------
    workspace : Workspace
        Where the pictures lie; nothing outside it is ever read.
    secret : str
        Key of the ids: without it an id says nothing about a path, and none can be guessed.
    """

    def __init__(self, workspace: Workspace, secret: str) -> None:
        self._workspace = workspace
        self._key = secret.encode()[:64]
        self._paths: dict[str, str] = {}
        self._infos: dict[tuple[str, int, int], PictureInfo] = {}
        self._locks = [threading.Lock() for _ in range(64)]
        self.cache = workspace.root / "data" / "cache" / "review"

    def add(self, names: Iterable[str]) -> None:
        """Make pictures known, by their paths relative to the workspace."""
        for name in names:
            self._paths[self.id_of(name)] = name

    def id_of(self, name: str) -> str:
        """Return the opaque id of a path: 32 hexadecimal digits."""
        text = name.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=16).hexdigest()

    def name_of(self, picture_id: str) -> str | None:
        """Return the path that an id stands for, or None."""
        return self._paths.get(picture_id)

    def info(self, name: str) -> PictureInfo | None:
        """Return the size of a picture from its header, or None if it cannot be read.

        Parameters
        ----------
        name : str
            Path relative to the workspace.

        Returns
        -------
        PictureInfo or None
        """
        try:
            path = self._workspace.inside(name)
            status = path.stat()
        except (OSError, WorkspaceError, ValueError):
            return None
        key = (name, status.st_mtime_ns, status.st_size)
        if key not in self._infos:
            try:
                size = read_header(path, self._workspace.config.max_pixels).size
            except ImageError:
                return None
            version = _digest(*map(str, (*key[1:], DECODING_VERSION)))
            self._infos[key] = PictureInfo(*size, version=version)
        return self._infos[key]

    def reduced(self, name: str, size: str) -> Served:
        """Return a copy of which the longest side is at most that of the size.

        Parameters
        ----------
        name : str
            Path relative to the workspace.
        size : {"small", "view", "large"}
            A key of `SIDES`.

        Returns
        -------
        Served

        Raises
        ------
        ImageError
            If the picture cannot be read.
        WorkspaceError
            If it lies outside the workspace.
        """
        source = self._workspace.inside(name)
        target = self._target(source, name, size)
        with self._locks[int(target.name[:2], 16) % len(self._locks)]:
            data = _read_complete(target)
            if data is None:
                picture = decode(source, self._workspace.config.max_pixels)
                data = _jpeg(Image.fromarray(shrink(picture.pixels, SIDES[size])), QUALITY)
                _store(target, data)
        return Served(data, "image/jpeg")

    def is_ready(self, name: str, size: str) -> bool:
        """Tell whether a reduced copy exists already; one that cannot be made counts as ready."""
        try:
            return self._target(self._workspace.inside(name), name, size).exists()
        except (ImageError, WorkspaceError):
            return True

    def full(self, name: str) -> Served:
        """Return the original, or a faithful copy of what browsers cannot show.

        Raises
        ------
        ImageError
            If the picture cannot be read.
        WorkspaceError
            If it lies outside the workspace.
        """
        path, limit = self._workspace.inside(name), self._workspace.config.max_pixels
        kind = _native_type(path, limit)
        if kind is not None:
            return Served(path.read_bytes(), kind)
        picture = decode(path, limit)
        return Served(_jpeg(picture.image, quality=95), "image/jpeg")

    def prune(self, limit: int = CACHE_LIMIT) -> int:
        """Remove the oldest reduced copies until the rest fits into `limit` bytes.

        Returns
        -------
        int
            How many were removed.
        """
        total, removed = 0, 0
        for _, size, path in sorted(_copies(self.cache), reverse=True):
            total += size
            if total > limit:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _target(self, source: Path, name: str, size: str) -> Path:
        try:
            status = source.stat()
        except (OSError, ValueError) as error:
            raise ImageError(f"{name}: cannot be read", "a picture") from error
        facts = status.st_mtime_ns, status.st_size, SIDES[size], DECODING_VERSION
        key = _digest(name, *map(str, facts))
        return self.cache / key[:2] / f"{key}.jpg"


def _copies(cache: Path) -> Iterable[tuple[int, int, Path]]:
    for path in cache.glob("*/*.jpg"):
        try:
            status = path.stat()
        except OSError:
            # Another review of the same workspace may prune at the same time.
            continue
        yield status.st_mtime_ns, status.st_size, path


def _digest(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _native_type(path: Path, max_pixels: int) -> str | None:
    with open_image(path, max_pixels) as (_, image):
        return _NATIVE.get((image.format or "", image.mode))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    # Full colour resolution: red edges smear otherwise, and edges are what is judged.
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _read_complete(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    # A power cut may leave a renamed file whose content never reached the disk.
    return data if data.endswith(b"\xff\xd9") else None


def _store(path: Path, data: bytes) -> None:
    """Put a copy into the cache; a full disk must not stop the review."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).replace(path)
    except OSError:
        return
