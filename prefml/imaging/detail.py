"""Cues of fine detail: sharpness, noise, edges, compression blocks.

What the working copy shows is what a viewer sees at screen size. Samples of the full resolution
tell an enlarged stage from a sharp one: there the detail per pixel differs.

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

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from prefml.imaging.decode import Picture

__all__ = ["NAMES", "measure"]

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

# Full-resolution samples: a grid of squares, each on the 8-pixel grid of JPEG blocks.
_TILES = 3
_TILE = 128
_CELLS = 8
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)

Plane = NDArray[np.float32]


def measure(picture: Picture) -> dict[str, float]:
    """Measure detail on the working copy and on samples of the full resolution.

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
    tiles = _full_tiles(picture)
    values = _sharpness(picture.gray) | _texture(picture) | _full_resolution(tiles)
    values["detail_gain"] = values["detail_full"] - values["sharpness"]
    return values | _spectrum(tiles)


def _energy(value: float) -> float:
    return float(np.log1p(value))


def _laplacian(gray: Plane) -> Plane:
    response: Plane = cv2.Laplacian(gray, cv2.CV_32F, borderType=cv2.BORDER_REPLICATE)
    return response


def _variance(plane: Plane) -> float:
    return float(cv2.meanStdDev(plane)[1][0, 0] ** 2)


def _tenengrad(gray: Plane) -> float:
    across, down = cv2.spatialGradient(np.clip(np.rint(gray), 0, 255).astype(np.uint8))
    return float(np.mean(across.astype(np.float32) ** 2 + down.astype(np.float32) ** 2))


def _sharpness(gray: Plane) -> dict[str, float]:
    response = _laplacian(gray)
    values = {"sharpness": _energy(_variance(response)), "gradient": _energy(_tenengrad(gray))}
    values |= _focus_map(response)
    level = gray
    for scale in SCALES[1:]:
        level = _halve(level)
        values[f"sharpness{scale}"] = _energy(_variance(_laplacian(level)))
    return values


def _halve(gray: Plane) -> Plane:
    size = (max(1, gray.shape[1] // 2), max(1, gray.shape[0] // 2))
    half: Plane = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    return half


def _focus_map(response: Plane) -> dict[str, float]:
    """Say where the sharpness lies, from the mean squared Laplacian in 8 x 8 cells."""
    power = cv2.resize(response**2, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    cells = np.log1p(power)
    return {
        "sharpness_peak": float(np.quantile(cells, 0.9)),
        "sharpness_spread": float(cells.std()),
        "sharpness_center": float(cells[2:6, 2:6].mean() - cells.mean()),
    }


def _texture(picture: Picture) -> dict[str, float]:
    gray = cv2.cvtColor(picture.working, cv2.COLOR_RGB2GRAY)
    edges = cv2.Canny(gray, 100, 200)
    return {"noise": _immerkaer(picture.gray), "edge_density": float((edges > 0).mean())}


def _immerkaer(gray: Plane) -> float:
    response = cv2.filter2D(gray, cv2.CV_32F, _NOISE_KERNEL, borderType=cv2.BORDER_REFLECT_101)
    return float(np.sqrt(np.pi / 2) * cv2.norm(response, cv2.NORM_L1) / (6 * gray.size))


def _full_tiles(picture: Picture) -> list[Plane]:
    """Cut up to nine gray squares, evenly spread, from the full-size picture."""
    return [
        cv2.cvtColor(
            picture.pixels[y : y + _TILE, x : x + _TILE].astype(np.float32), cv2.COLOR_RGB2GRAY
        )
        for y in _starts(picture.height)
        for x in _starts(picture.width)
    ]


def _starts(length: int) -> list[int]:
    room = max(0, length - _TILE)
    places = np.linspace(0, room, _TILES) // 8 * 8
    return [int(place) for place in np.unique(places)]


def _full_resolution(tiles: list[Plane]) -> dict[str, float]:
    return {
        "detail_full": _energy(float(np.mean([_variance(_laplacian(tile)) for tile in tiles]))),
        "gradient_full": _energy(float(np.mean([_tenengrad(tile) for tile in tiles]))),
        "noise_full": float(np.median([_median_noise(tile) for tile in tiles])),
        "blockiness": float(np.mean([_blockiness(tile) for tile in tiles])),
    }


def _median_noise(tile: Plane) -> float:
    """Estimate the noise from the finest diagonal Haar coefficients."""
    height, width = (side // 2 * 2 for side in tile.shape)
    if not height or not width:
        return 0.0
    even = tile[:height, :width]
    diagonal = (
        even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]
    ) / 2  # orthonormal, so that white noise keeps its standard deviation
    return float(np.median(np.abs(diagonal)) / 0.6745)


def _blockiness(tile: Plane) -> float:
    ratios = [_border_ratio(np.abs(np.diff(plane, axis=1))) for plane in (tile, tile.T)]
    return float(np.mean(ratios))


def _border_ratio(steps: Plane) -> float:
    means = steps.mean(axis=0) if steps.size else np.zeros(0)
    borders = np.arange(len(means)) % 8 == 7
    if not borders.any():
        return 0.0
    return float(np.log((means[borders].mean() + 0.1) / (means[~borders].mean() + 0.1)))


def _spectrum(tiles: list[Plane]) -> dict[str, float]:
    """Describe how the power falls with frequency, over all full-size samples."""
    power, radius = _radial_power([tile for tile in tiles if min(tile.shape) >= 16])
    if not power.sum():
        return {"spectrum_slope": 0.0, "high_frequency": 0.0}
    slope = np.polyfit(np.log(radius), np.log(power + 1e-3), 1)[0]
    share = (power * radius)[radius > 0.25].sum() / (power * radius).sum()
    return {"spectrum_slope": float(slope), "high_frequency": float(share)}


def _radial_power(tiles: list[Plane], rings: int = 24) -> tuple[NDArray[np.float64], Plane]:
    """Average the power spectrum over rings of equal frequency, in cycles a pixel up to 0.5."""
    radius = ((np.arange(rings) + 0.5) * 0.5 / rings).astype(np.float32)
    total = np.zeros(rings)
    for shape in {tile.shape for tile in tiles}:
        same = np.stack([tile for tile in tiles if tile.shape == shape])
        flat = same - same.mean(axis=(1, 2), keepdims=True)
        spectra = fft.rfft2(flat * _window(shape))
        power = (spectra.real**2 + spectra.imag**2).sum(axis=0) / same[0].size
        ring = _ring_of(shape, rings)
        inside = ring < rings
        counts = np.maximum(np.bincount(ring[inside], minlength=rings), 1)
        total += np.bincount(ring[inside], power[inside], rings) / counts
    return total / max(len(tiles), 1), radius


@lru_cache(maxsize=32)
def _window(shape: tuple[int, ...]) -> Plane:
    return np.outer(np.hanning(shape[0]), np.hanning(shape[1])).astype(np.float32)


@lru_cache(maxsize=32)
def _ring_of(shape: tuple[int, ...], rings: int) -> NDArray[np.intp]:
    down = np.fft.fftfreq(shape[0])[:, None]
    across = np.fft.rfftfreq(shape[1])[None, :]
    frequency = np.hypot(down, across)
    ring: NDArray[np.intp] = (frequency * 2 * rings).astype(np.intp)
    # The constant part says nothing about detail.
    ring[0, 0] = rings
    return ring
