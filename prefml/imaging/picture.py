"""Hold a decoded picture and the downsampled copies and filter responses that are measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prefml._typing import Pixels
from prefml.imaging.resample import KERNELS, resample

__all__ = ["WORKING_SIDE", "WORKING_VERSION", "Level", "Picture", "halve", "shrink"]

WORKING_SIDE = 512
# No copy that is measured has to be smaller.
_SMALLEST_SIDE = 84
# To be raised when the working copy or its pyramid change, and with them all cues.
WORKING_VERSION = 4
_COLOUR_SIDE = 256

# Each band has one in so many of the rows, and beside them what a window of 7 rows reaches.
_BAND_COUNT, _BAND_DIVISOR, _HALO = 4, 16, 4

# Number formats of planes: bytes, filter responses, levels on the way.
Level = TypeVar("Level", np.uint8, np.int16, np.float32)


@dataclass(frozen=True)
class Bands:
    """Four bands of rows, evenly spread over a plane; the whole plane where it is low.

    Attributes
    ----------
    plane : ndarray of shape (rows, w, ...)
        The bands below each other, each with `halo` rows more on either side, so that filters see
        its true neighbours.
    count : int
        Of bands.
    halo : int
        Rows that `without_halo` leaves out.
    """

    plane: Pixels
    count: int = 1
    halo: int = 0

    @classmethod
    def cut(cls, plane: Pixels) -> Bands:
        """Cut bands of an even number of rows out of a plane.

        Parameters
        ----------
        plane : ndarray of shape (h, w), uint8
            For instance the luma.

        Returns
        -------
        Bands
        """
        height = plane.shape[0]
        rows = max(_HALO, height // _BAND_DIVISOR) // 2 * 2
        if _BAND_COUNT * (rows + 2 * _HALO) >= height:
            return cls(plane)
        high = rows + 2 * _HALO
        starts = [(height - high) * band // (_BAND_COUNT - 1) for band in range(_BAND_COUNT)]
        parts = [plane[start : start + high] for start in starts]
        return cls(np.concatenate(parts), _BAND_COUNT, _HALO)

    def without_halo(self, plane: NDArray[Level]) -> NDArray[Level]:
        """Return a filter response of `plane` without the rows of its halos.

        Parameters
        ----------
        plane : ndarray of shape (rows, w)
            Of as many rows as `plane` of the bands.

        Returns
        -------
        ndarray of shape (rows without halos, w)
        """
        if not self.halo:
            return plane
        bands = plane.reshape(self.count, -1, *plane.shape[1:])
        return bands[:, self.halo : -self.halo].reshape(-1, *plane.shape[1:])


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels : ndarray of shape (height, width, 3), uint8
        Red, green, blue; upright, full size.
    """

    pixels: Pixels

    @property
    def width(self) -> int:
        """Width of the upright picture in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height of the upright picture in pixels."""
        return int(self.pixels.shape[0])

    @cached_property
    def image(self) -> Image.Image:
        """The full-size picture as Pillow's, mode RGB."""
        return Image.fromarray(self.pixels)

    def resized(self, size: tuple[int, int], interpolation: str) -> Image.Image | None:
        """Resize from a level of the pyramid: nearly Pillow's result at a fraction of its cost.

        The smallest halved copy that is at least twice as large is resized.

        Parameters
        ----------
        size : tuple of two ints
            Width and height.
        interpolation : str
            One of the names in `PIL.Image.Resampling`, in lower case.

        Returns
        -------
        PIL.Image.Image or None
            None where there is no such copy, or no matrix for the interpolation.
        """
        enough = [
            level
            for level in self._full_pyramid
            if level.shape[1] >= 2 * size[0] and level.shape[0] >= 2 * size[1]
        ]
        if len(enough) < 2 or interpolation not in KERNELS:
            return None
        return Image.fromarray(resample(enough[-1], size, interpolation, len(enough) - 1))

    @cached_property
    def working(self) -> Pixels:
        """Area-averaged copy, uint8 of shape (h, w, 3), longest side at most 512 pixels."""
        enough = [level for level in self._full_pyramid if max(level.shape[:2]) >= WORKING_SIDE]
        return shrink(enough[-1] if enough else self.pixels, WORKING_SIDE)

    @cached_property
    def _full_pyramid(self) -> list[Pixels]:
        """Pyramid of the full size: halved while both sides are even and at least 512 pixels."""
        levels = [self.pixels]
        while min(levels[-1].shape[:2]) >= WORKING_SIDE and not any(
            side % 2 for side in levels[-1].shape[:2]
        ):
            levels.append(shrink(levels[-1], max(levels[-1].shape[:2]) // 2))
        return levels

    @cached_property
    def gray(self) -> Pixels:
        """Luma of the working copy, uint8 of shape (h, w) (ITU-R BT.601)."""
        luma: Pixels = cv2.cvtColor(self.working, cv2.COLOR_RGB2GRAY)
        return luma

    @cached_property
    def lab(self) -> Pixels:
        """CIELAB of a copy of at least 256 pixels, as OpenCV scales it to bytes."""
        return np.asarray(cv2.cvtColor(self.downsampled(_COLOUR_SIDE), cv2.COLOR_RGB2Lab), np.uint8)

    @cached_property
    def bands(self) -> Bands:
        """Four bands of `gray`, a quarter of its rows: enough for statistics of the whole."""
        return Bands.cut(self.gray)

    @cached_property
    def gradients(self) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Sobel derivatives of the bands of `gray`, across and down, int16."""
        across, down = cv2.spatialGradient(self.bands.plane)
        return self.bands.without_halo(across), self.bands.without_halo(down)

    @cached_property
    def laplacian(self) -> NDArray[np.int16]:
        """Laplacian of `gray`, int16 of shape (h, w)."""
        return laplacian(self.gray)

    @cached_property
    def noise_response(self) -> NDArray[np.int16]:
        """Immerkaer's noise filter on the bands of `gray`: second differences both ways, int16."""
        return self.bands.without_halo(second_differences(self.bands.plane))

    @cached_property
    def dark_channel(self) -> Pixels:
        """Dark channel in windows of 7 x 7, uint8, of a copy of at least 256 pixels."""
        red, green, blue = cv2.split(self.downsampled(_COLOUR_SIDE))
        darkest = cv2.min(cv2.min(red, green), blue)
        return np.asarray(cv2.erode(darkest, np.ones((7, 7), np.uint8)), np.uint8)

    def downsampled(self, side: int) -> Pixels:
        """Return the smallest level of the working copy's pyramid that is large enough.

        Parameters
        ----------
        side : int
            Pixels that its longest side must have.

        Returns
        -------
        ndarray of shape (h, w, 3), uint8
            The working copy itself where no smaller level is large enough.
        """
        enough = [level for level in self._pyramid if max(level.shape[:2]) >= side]
        return enough[-1] if enough else self.working

    @cached_property
    def _pyramid(self) -> tuple[Pixels, ...]:
        """Pyramid of the working copy, each level half as large as the one before."""
        levels = [self.working]
        while min(levels[-1].shape[:2]) >= 2 and max(levels[-1].shape[:2]) >= 2 * _SMALLEST_SIDE:
            levels.append(halve(levels[-1]))
        return tuple(levels)


def laplacian(luma: Pixels) -> NDArray[np.int16]:
    """Return the Laplacian of a plane of luma.

    Parameters
    ----------
    luma : ndarray of shape (h, w), uint8
        A picture, or a part of one.

    Returns
    -------
    ndarray of shape (h, w), int16
    """
    response = cv2.Laplacian(luma, cv2.CV_16S, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(response, np.int16)


def second_differences(luma: Pixels) -> NDArray[np.int16]:
    """Return the second differences both ways of a plane of luma, Immerkaer's noise filter.

    Parameters
    ----------
    luma : ndarray of shape (h, w), uint8
        A picture, or a part of one.

    Returns
    -------
    ndarray of shape (h, w), int16
    """
    second = np.array([1.0, -2.0, 1.0])
    return np.asarray(cv2.sepFilter2D(luma, cv2.CV_16S, second, second), np.int16)


def shrink(pixels: Pixels, longest: int) -> Pixels:
    """Area-average pixels until the longest side is at most `longest`; never enlarge.

    Parameters
    ----------
    pixels : ndarray of shape (h, w, 3) or (h, w)
        The picture.
    longest : int
        The limit in pixels.

    Returns
    -------
    ndarray
        The same array if it is small enough.
    """
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def halve(plane: NDArray[Level]) -> NDArray[Level]:
    """Area-average two by two pixels; an odd last row or column is averaged in.

    Parameters
    ----------
    plane : ndarray of shape (h, w, 3) or (h, w), uint8 or float32
        The picture.

    Returns
    -------
    ndarray
        At least one pixel high and wide.
    """
    height, width = plane.shape[:2]
    size = (max(1, width // 2), max(1, height // 2))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), plane.dtype)
