"""Measure fine detail: sharpness, noise, edge density, blocking artefacts, power spectrum.

The working copy shows what a viewer sees at screen size. Tiles of the full resolution tell an
enlarged stage from a sharp one: there the detail per pixel differs.

References
----------
J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000 (variance of
the Laplacian).
S. Pertuz, D. Puig, M. A. Garcia, "Analysis of focus measure operators for shape-from-focus",
Pattern Recognition 46, 2013 (Tenengrad gradient energy).
J. Immerkaer, "Fast noise variance estimation", CVIU 64(2), 1996.
D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81, 1994
(median of the finest diagonal coefficients).
Z. Wang, H. R. Sheikh, A. C. Bovik, "No-reference perceptual quality assessment of JPEG compressed
images", ICIP 2002 (differences across block borders).
D. J. Field, "Relations between the statistics of natural images", JOSA A 4(12), 1987 (slope of the
spectrum).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from prefml._typing import Floats, Floats32, Ints, Pixels
from prefml.imaging.maps import percentiles
from prefml.imaging.picture import Picture, halve

__all__ = ["NAMES", "focus_energy", "measure", "noise_deviation"]

SCALES = ("", "_half", "_quarter", "_eighth")
NAMES = (
    *(f"sharpness{scale}" for scale in SCALES),
    "gradient",
    "sharpness_peak",
    "sharpness_spread",
    "sharpness_center",
    "noise",
    "edge_density",
    "blockiness",
    "detail_full",
    "gradient_full",
    "noise_full",
    "detail_gain",
    "spectrum_slope",
    "high_frequency",
)

# Full-resolution tiles: a grid of squares, each on the 8-pixel grid of JPEG blocks.
_TILES_ACROSS = 3
_TILE_SIDE = 96
# The spectrum is that of the middles of the tiles.
_SPECTRUM_SIDE = 64
_FOCUS_CELLS = 8
# Of the sum of both Sobel responses: a step of about fifty grey levels.
_EDGE_THRESHOLD = 200


def measure(picture: Picture) -> dict[str, float]:
    """Measure detail on the working copy and on tiles of the full resolution.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        Sharpness, gradient and detail are natural logarithms of one plus an energy in squared grey
        levels, so that differences are ratios; `noise*` are standard deviations in grey levels;
        `edge_density` and `high_frequency` are shares; `blockiness` is the log ratio of
        differences across block borders to those inside.
    """
    tiles = _sample_tiles(picture)
    values = _sharpness_cues(picture) | _texture_cues(picture) | _full_resolution_cues(tiles)
    values["detail_gain"] = values["detail_full"] - values["sharpness"]
    return values | _spectrum_cues(tiles)


def focus_energy(laplacian: cv2.typing.MatLike) -> float:
    """Return sharpness: the natural logarithm of one plus the variance of the Laplacian.

    Parameters
    ----------
    laplacian : ndarray of shape (h, w)
        The Laplacian of a picture's luma, or of a part of it.

    Returns
    -------
    float
    """
    return _log_energy(_variance(laplacian))


def noise_deviation(response: NDArray[np.int16]) -> float:
    """Estimate the standard deviation of the noise, in grey levels (Immerkaer).

    Parameters
    ----------
    response : ndarray of shape (h, w), int16
        Second differences both ways of a picture's luma, or of a part of it.

    Returns
    -------
    float
        The response's mean size, over that of unit white noise.
    """
    return float(np.sqrt(np.pi / 2) * cv2.norm(response, cv2.NORM_L1) / (6 * response.size))


def _log_energy(value: float) -> float:
    return float(np.log1p(value))


def _variance(plane: cv2.typing.MatLike) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0] ** 2)


def _gradient_energy(across: NDArray[np.int16], down: NDArray[np.int16]) -> float:
    """Return the mean squared Sobel gradient (Tenengrad)."""
    squares = cv2.norm(across, cv2.NORM_L2SQR) + cv2.norm(down, cv2.NORM_L2SQR)
    return float(squares / across.size)


def _sharpness_cues(picture: Picture) -> dict[str, float]:
    values = _focus_cues(picture.laplacian)
    values["sharpness"] = focus_energy(picture.laplacian)
    level = picture.gray.astype(np.float32)
    for scale in SCALES[1:]:
        level = halve(level)
        response = cv2.Laplacian(level, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
        values[f"sharpness{scale}"] = focus_energy(response)
    return values


def _focus_cues(laplacian: NDArray[np.int16]) -> dict[str, float]:
    """Summarise the focus map: the log of the mean squared Laplacian in 8 x 8 cells."""
    squares = cv2.multiply(laplacian, laplacian, dtype=cv2.CV_32F)
    power = cv2.resize(squares, (_FOCUS_CELLS, _FOCUS_CELLS), interpolation=cv2.INTER_AREA)
    cells = np.log1p(power)
    return {
        "sharpness_peak": float(percentiles(cells, [90])[0]),
        "sharpness_spread": float(cells.std()),
        "sharpness_center": float(cells[2:6, 2:6].mean() - cells.mean()),
    }


def _texture_cues(picture: Picture) -> dict[str, float]:
    (across, down), noise = picture.gradients, picture.noise_response
    steepness = np.abs(across[:, ::2]) + np.abs(down[:, ::2])
    return {
        "gradient": _log_energy(_gradient_energy(across, down)),
        "noise": noise_deviation(noise),
        "edge_density": float(np.mean(steepness > _EDGE_THRESHOLD)),
    }


def _sample_tiles(picture: Picture) -> Pixels:
    """Cut up to nine gray tiles, evenly spread, from the full-size picture."""
    down, across = _tile_starts(picture.height), _tile_starts(picture.width)
    high, wide = min(_TILE_SIDE, picture.height), min(_TILE_SIDE, picture.width)
    tiles = np.empty((len(down) * len(across), high, wide, 3), np.uint8)
    for tile, (y, x) in zip(tiles, product(down, across), strict=True):
        tile[:] = picture.pixels[y : y + high, x : x + wide]
    gray = cv2.cvtColor(tiles.reshape(-1, wide, 3), cv2.COLOR_RGB2GRAY)
    return np.asarray(gray, np.uint8).reshape(-1, high, wide)


@lru_cache(maxsize=32)
def _tile_starts(length: int) -> tuple[int, ...]:
    room = max(0, length - _TILE_SIDE)
    places = np.linspace(0, room, _TILES_ACROSS) // 8 * 8
    return tuple(int(place) for place in np.unique(places))


def _full_resolution_cues(tiles: Pixels) -> dict[str, float]:
    # Filtered below each other, in one call.
    below = tiles.reshape(-1, tiles.shape[2])
    responses = (*cv2.spatialGradient(below), cv2.Laplacian(below, cv2.CV_16S))
    across, down, second = (
        _tile_interiors(np.asarray(response, np.int16), tiles) for response in responses
    )
    return {
        "detail_full": _log_energy(float(second.var(axis=1, dtype=np.float32).mean())),
        "gradient_full": _log_energy(_gradient_energy(across, down)),
        "noise_full": _haar_noise(tiles.astype(np.float32)),
        "blockiness": _blockiness(tiles),
    }


def _tile_interiors(response: NDArray[np.int16], tiles: Pixels) -> NDArray[np.int16]:
    """Flatten the response of each tile, without the outermost pixels, which see its neighbours."""
    squares = response.reshape(tiles.shape)
    if min(tiles.shape[1:]) > 2:
        squares = squares[:, 1:-1, 1:-1]
    return squares.reshape(len(tiles), -1)


def _haar_noise(levels: Floats32) -> float:
    """Estimate the noise by the median absolute diagonal Haar coefficient (MAD) of each tile.

    Every second row of coefficients is used: two thousand a tile.
    """
    if min(levels.shape[1:]) < 2:
        return 0.0
    width = levels.shape[2] // 2 * 2
    upper, lower = levels[:, :-1:4, :width], levels[:, 1::4, :width]
    steps = upper - lower
    # Orthonormal, so that white noise keeps its standard deviation.
    diagonal = np.abs(steps[:, :, ::2] - steps[:, :, 1::2]) / 2
    middles = np.median(diagonal.reshape(len(levels), -1), axis=1, overwrite_input=True)
    return float(np.median(middles) / 0.6745)


def _blockiness(tiles: Pixels) -> float:
    """Return the log ratio of steps across borders of 8-pixel blocks to others, over all tiles."""
    count, high, wide = tiles.shape
    if min(high, wide) < 2:
        return 0.0
    beside = tiles.reshape(-1, wide)
    rows = tiles.reshape(count, -1)
    across = cv2.absdiff(beside[:, 1:], beside[:, :-1]).reshape(count, high, -1).mean(axis=1)
    down = cv2.absdiff(rows[:, wide:], rows[:, :-wide]).reshape(count, -1, wide).mean(axis=2)
    return (_log_border_ratio(across) + _log_border_ratio(down)) / 2


def _log_border_ratio(steps: Floats) -> float:
    borders = np.arange(steps.shape[1]) % 8 == 7
    if not 0 < borders.sum() < borders.size:
        return 0.0
    at_border, inside = steps[:, borders].mean(axis=1), steps[:, ~borders].mean(axis=1)
    return float(np.mean(np.log((at_border + 0.1) / (inside + 0.1))))


def _spectrum_cues(tiles: Pixels) -> dict[str, float]:
    """Measure how the radial power spectrum of the tiles' middles falls with frequency."""
    top, left = (max(0, (side - _SPECTRUM_SIDE) // 2) for side in tiles.shape[1:])
    middle = tiles[:, top : top + _SPECTRUM_SIDE, left : left + _SPECTRUM_SIDE]
    if min(middle.shape) < 1 or min(middle.shape[1:]) < 16:
        return {"spectrum_slope": 0.0, "high_frequency": 0.0}
    power, radius = _radial_power(middle.astype(np.float32))
    if not power.sum():
        return {"spectrum_slope": 0.0, "high_frequency": 0.0}
    # The least-squares line through the logarithms.
    steps = np.log(radius) - np.log(radius).mean()
    slope = steps @ np.log(power + 1e-3) / (steps @ steps)
    share = (power * radius)[radius > 0.25].sum() / (power * radius).sum()
    return {"spectrum_slope": float(slope), "high_frequency": float(share)}


def _radial_power(levels: Floats32, rings: int = 24) -> tuple[Floats, Floats]:
    """Average the power spectrum over rings of equal frequency, in cycles a pixel up to 0.5."""
    shape = levels.shape[1:]
    flat = levels - levels.mean(axis=(1, 2), keepdims=True)
    window, ring = _window_and_rings(shape, rings)
    spectra = fft.rfft2(flat * window)
    power = (spectra.real**2 + spectra.imag**2).mean(axis=0) / levels[0].size
    # What lies beyond the last ring, and the constant part, are counted apart and dropped.
    totals = np.bincount(ring, power.ravel(), rings + 1)[:rings]
    counts = np.maximum(np.bincount(ring, minlength=rings + 1)[:rings], 1)
    return totals / counts, (np.arange(rings) + 0.5) * 0.5 / rings


@lru_cache(maxsize=32)
def _window_and_rings(shape: tuple[int, ...], rings: int) -> tuple[Floats32, Ints]:
    """Return the Hann window of a shape, and the ring of each frequency of its real transform."""
    window = np.outer(np.hanning(shape[0]), np.hanning(shape[1])).astype(np.float32)
    down = np.fft.fftfreq(shape[0])[:, None]
    across = np.fft.rfftfreq(shape[1])[None, :]
    frequency = np.hypot(down, across)
    ring: Ints = np.minimum(frequency * 2 * rings, rings).astype(np.intp)
    # The constant part says nothing about detail.
    ring[0, 0] = rings
    return window, ring.ravel()
