"""Measure natural scene statistics: how far a picture strays from undistorted photographs.

In undistorted pictures, mean-subtracted, contrast-normalised (MSCN) coefficients follow nearly the
same generalised Gaussian; its fitted parameters, in luminance and in colour and at several scales,
predict people's opinions of a picture far better than plain sharpness does.

References
----------
A. Mittal, A. K. Moorthy, A. C. Bovik, "No-reference image quality assessment in the spatial
domain", IEEE TIP 21(12), 2012 (BRISQUE: the first 36 cues).
D. Ghadiyaram, A. C. Bovik, "Perceptual quality prediction on authentically distorted images using
a bag of features approach", Journal of Vision 17(1), 2017 (FRIQUEE: the same laws on colour
and on contrast).
F. Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual
blur metric", SPIE 6492, 2007 (reblur).
K. He, J. Sun, X. Tang, "Single image haze removal using dark channel prior", CVPR 2009.
D. Hasler, S. Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003 (the
opponent colours).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from scipy.special import gammaln

from prefml._typing import Floats, Floats32, Pixels
from prefml.imaging.maps import percentiles
from prefml.imaging.picture import Picture, halve

__all__ = ["NAMES", "measure", "mscn_coefficients"]


_PAIRS = {"h": (0, 1), "v": (1, 0), "d": (1, 1), "a": (1, -1)}
_SMALLEST = 32
_LAW = ("shape", "spread")
_SKEWED_LAW = ("shape", "mean", "left", "right")
_CONTRASTS, _EDGES, _CHROMAS = (10, 50, 90, 99), (25, 50, 75, 95, 99), (10, 50, 90)
_LIGHTS = (1, 10, 25, 50, 75, 90, 99)
_BRISQUE = (*_LAW, *(f"{pair}_{part}" for pair in _PAIRS for part in _SKEWED_LAW))
NAMES: tuple[str, ...] = (
    *(f"nss{scale}_{part}" for scale in (1, 2) for part in _BRISQUE),
    *(f"contrast2_p{percent}" for percent in _CONTRASTS),
    *(f"contrast2_{part}" for part in ("skew", "kurtosis", *_LAW)),
    *(f"edge_p{percent}" for percent in _EDGES),
    *("edge_peak_ratio", "edge_upright", "reblur", "noise_all", "noise_flat", "blocking"),
    *(f"detail_{part}" for part in ("low", "middle", "high", "range", "centre")),
    *("light_spread", "light_centre"),
    *(
        f"{colour}{part}"
        for colour in ("rg", "by", "chroma")
        for part in ("_mean", "_deviation", "1_shape", "1_spread", "2_shape", "2_spread", "_noise")
    ),
    *(f"chroma_p{percent}" for percent in _CHROMAS),
    *(f"light_p{percent}" for percent in _LIGHTS),
    *("light_range", "light_entropy", "light_skew", "light_kurtosis", "haze", "haze_top"),
)
_EPSILON, _LARGEST = 1e-12, 1e9


def measure(picture: Picture) -> dict[str, float]:
    """Measure the natural-scene-statistics cues of a picture.

    The finest scale is that of the working copy. Its laws are fitted to four bands across the
    picture, a quarter of its rows; those of coarser scales, to all of it.

    Parameters
    ----------
    picture : Picture
        A decoded picture; its working copy is measured, and smaller ones.

    Returns
    -------
    dict of str to float
        One finite value for each of `NAMES`, in that order.
    """
    height, width = picture.working.shape[:2]
    if min(height, width) < _SMALLEST:
        size = (max(width, _SMALLEST), max(height, _SMALLEST))
        enlarged = cv2.resize(picture.working, size, interpolation=cv2.INTER_NEAREST)
        picture = Picture(np.asarray(enlarged, np.uint8))
    names, values = zip(*_named_cues(picture), strict=True)
    finite = np.nan_to_num(np.array(values, np.float64), nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
    return dict(zip(names, finite.clip(-_LARGEST, _LARGEST).tolist(), strict=True))


def _named_cues(picture: Picture) -> Iterator[tuple[str, float]]:
    plane = picture.gray.astype(np.float32)
    half = halve(plane)
    bands = picture.bands
    fine = bands.without_halo(mscn_coefficients(bands.plane.astype(np.float32))[0])
    coarse, contrast = mscn_coefficients(half)
    yield from _brisque_cues([fine, coarse])
    yield from _contrast_cues(contrast)
    yield from _gradient_cues(picture)
    yield from _region_cues(half)
    yield from _colour_cues(picture)
    yield from _luminance_cues(picture, half)


def mscn_coefficients(plane: Floats32, floor: float = 1.0) -> tuple[Floats32, Floats32]:
    """Return mean-subtracted, contrast-normalised (MSCN) coefficients and the local contrast.

    Parameters
    ----------
    plane : ndarray of shape (h, w), float32
        Intensities, 0 to 255.
    floor : float, default=1.0
        Added to the local contrast, in the unit of the intensities.

    Returns
    -------
    coefficients, contrast : ndarray of shape (h, w)
        `(plane - mean) / (contrast + floor)` and the local standard deviation, both in a Gaussian
        window of 7 by 7 (Mittal et al., 2012, equations 1 to 3).
    """
    mean = cv2.GaussianBlur(plane, (7, 7), 7 / 6)
    scratch = plane * plane
    contrast = cv2.GaussianBlur(scratch, (7, 7), 7 / 6)
    np.multiply(mean, mean, out=scratch)
    contrast -= scratch
    cv2.sqrt(_positive_part(contrast), dst=contrast)
    np.subtract(plane, mean, out=mean)
    mean /= np.add(contrast, np.float32(floor), out=scratch)
    return mean, contrast


# Shapes of the generalised Gaussian, and the ratio of squared mean size to mean square of each.
_GGD_SHAPES = np.exp(np.linspace(np.log(0.1), np.log(10.0), 2000))
_GGD_RATIOS = np.exp(
    2 * gammaln(2 / _GGD_SHAPES) - gammaln(1 / _GGD_SHAPES) - gammaln(3 / _GGD_SHAPES)
)


def _ggd_shape(ratio: Floats | float) -> Floats:
    return np.asarray(np.interp(ratio, _GGD_RATIOS, _GGD_SHAPES), np.float64)


def _fit_ggd(x: Floats32) -> tuple[float, float]:
    """Fit a generalised Gaussian by moments: shape and standard deviation."""
    flat = x.ravel()
    square = float(np.dot(flat, flat)) / flat.size
    absolute = cv2.norm(x, cv2.NORM_L1) / flat.size
    return float(_ggd_shape(absolute**2 / (square + _EPSILON))), square**0.5


def _fit_aggd(planes: Sequence[Floats32]) -> Floats:
    """Fit asymmetric generalised Gaussians: rows of shape, mean, left and right deviation."""
    left, right, squared = np.array([_aggd_moments(plane) for plane in planes]).T
    skewed = (left + _EPSILON) / (right + _EPSILON)
    ratio = squared * (skewed**3 + 1) * (skewed + 1) / (skewed**2 + 1) ** 2
    shape = _ggd_shape(ratio)
    spread = np.exp(gammaln(2 / shape) - 0.5 * (gammaln(1 / shape) + gammaln(3 / shape)))
    return np.stack([shape, (right - left) * spread, left, right], axis=1)


def _aggd_moments(x: Floats32) -> tuple[float, float, float]:
    """Return left and right standard deviation, and squared mean size over mean square."""
    flat, positive = x.ravel(), _positive_part(x)
    square, right = float(np.dot(flat, flat)), float(np.dot(positive.ravel(), positive.ravel()))
    count = max(int(np.count_nonzero(positive > 0)), 1)
    absolute = 2 * float(positive.sum()) - float(flat.sum())
    left_sd = (max(square - right, 0.0) / max(flat.size - count, 1)) ** 0.5
    mean_square = square / flat.size + _EPSILON
    return left_sd, (right / count) ** 0.5, (absolute / flat.size) ** 2 / mean_square


def _positive_part(x: Floats32) -> Floats32:
    """Replace negative values by zero, several times faster than `numpy.maximum`."""
    return np.asarray(cv2.threshold(x, 0, 0, cv2.THRESH_TOZERO)[1], np.float32)


def _neighbour_products(x: Floats32, step: tuple[int, int]) -> Floats32:
    """Multiply coefficients by their neighbours, in every other row: enough to fit four numbers."""
    down, right = step
    upper, lower = x[: x.shape[0] - down : 2], x[down::2]
    lower = lower[: len(upper)]
    upper = upper[: len(lower)]
    if right < 0:
        return upper[:, 1:] * lower[:, :-1]
    width = x.shape[1] - right
    return upper[:, :width] * lower[:, right:]


def _brisque_cues(scales: Sequence[Floats32]) -> Iterator[tuple[str, float]]:
    """Yield the 36 cues of BRISQUE: 18 at full and 18 at half scale."""
    products = [_neighbour_products(scale, step) for scale in scales for step in _PAIRS.values()]
    fitted = iter(_fit_aggd(products))
    for number, scale in enumerate(scales, start=1):
        shape, deviation = _fit_ggd(scale)
        yield f"nss{number}_shape", shape
        yield f"nss{number}_spread", deviation
        for name in _PAIRS:
            for part, value in zip(("shape", "mean", "left", "right"), next(fitted), strict=True):
                yield f"nss{number}_{name}_{part}", value


def _moments(x: Floats32) -> tuple[float, float]:
    """Return skewness and kurtosis, squashed so that outliers stay in range."""
    centred = x.ravel() - x.mean()
    square = centred * centred
    variance = float(square.mean()) + _EPSILON
    third = float(np.dot(square, centred)) / x.size
    fourth = float(np.dot(square, square)) / x.size
    return float(np.arcsinh(third / variance**1.5)), float(np.log1p(fourth / variance**2))


def _contrast_cues(contrast: Floats32) -> Iterator[tuple[str, float]]:
    """Yield percentiles, moments and MSCN fit of the local contrast at half scale."""
    levels = percentiles(contrast[::4, ::4], _CONTRASTS)
    for percent, level in zip(_CONTRASTS, levels, strict=True):
        yield f"contrast2_p{percent}", np.log1p(level)
    skewness, kurtosis = _moments(contrast[::2])
    yield "contrast2_skew", skewness
    yield "contrast2_kurtosis", kurtosis
    shape, deviation = _fit_ggd(mscn_coefficients(contrast)[0])
    yield "contrast2_shape", shape
    yield "contrast2_spread", deviation


def _gradient_cues(picture: Picture) -> Iterator[tuple[str, float]]:
    """Yield percentiles of the gradient, reblur, noise in flat parts and 8-pixel blocking."""
    (across, down), noise = picture.gradients, picture.noise_response
    magnitude = _magnitude(*(step[::2, ::8].astype(np.float32) for step in (across, down)))
    levels = percentiles(magnitude, (25, 50, 75, 95, 99.5))
    for percent, level in zip(_EDGES, levels, strict=True):
        yield f"edge_p{percent}", np.log1p(level)
    yield "edge_peak_ratio", np.log((levels[4] + 1) / (levels[1] + 1))
    upright, level = (cv2.norm(step, cv2.NORM_L1) / step.size for step in (across, down))
    yield "edge_upright", np.log((upright + 1) / (level + 1))
    yield "reblur", max(_reblur(picture.gray, axis) for axis in (0, 1))
    yield "noise_all", np.log1p(cv2.norm(noise, cv2.NORM_L1) / noise.size)
    flat = magnitude <= np.float32(levels[0])
    yield "noise_flat", np.log1p(np.abs(noise[::2, ::8][flat]).mean())
    yield "blocking", 0.5 * sum(_blocking(picture.gray, axis) for axis in (0, 1))


def _magnitude(x: Floats32, y: Floats32) -> Floats32:
    # The last bit of cv2.magnitude depends on where in memory its arguments lie.
    return np.sqrt(x * x + y * y)


def _reblur(gray: Pixels, axis: int) -> float:
    """Return how little a second blur along an axis changes it (1: already blurred)."""
    lines = _every_fourth_line(gray, axis)
    smooth = cv2.blur(lines, (9, 1) if axis else (1, 9))
    before, after = (cv2.absdiff(*_neighbours(one, axis)) for one in (lines, smooth))
    # Bytes stop at zero, so that only what the blur takes away is counted.
    lost = cv2.sumElems(cv2.subtract(before, after))[0]
    return float(1 - lost / (cv2.sumElems(before)[0] + _EPSILON))


def _blocking(gray: Pixels, axis: int) -> float:
    """Return the log ratio of steps at every eighth line to others, as JPEG blocks leave them."""
    steps = cv2.absdiff(*_neighbours(_every_fourth_line(gray, axis), axis)).mean(axis=1 - axis)
    at_edge = np.arange(steps.size) % 8 == 7
    return float(np.log((steps[at_edge].mean() + 0.1) / (steps[~at_edge].mean() + 0.1)))


def _every_fourth_line(gray: Pixels, axis: int) -> Pixels:
    return np.ascontiguousarray(gray[::4] if axis else gray[:, ::4])


def _neighbours(lines: Pixels, axis: int) -> tuple[Pixels, Pixels]:
    return (lines[:, 1:], lines[:, :-1]) if axis else (lines[1:], lines[:-1])


def _region_cues(gray: Floats32) -> Iterator[tuple[str, float]]:
    """Yield sharpness region by region: the sharpest part, the median, centre against border."""
    detail = np.abs(cv2.Laplacian(gray, cv2.CV_32F))
    grid = np.log1p(cv2.resize(detail, (8, 8), interpolation=cv2.INTER_AREA))
    light = cv2.resize(gray, (8, 8), interpolation=cv2.INTER_AREA)
    low, middle, high = percentiles(grid, (10, 50, 95))
    centre = np.zeros((8, 8), bool)
    centre[2:6, 2:6] = True
    yield "detail_low", low
    yield "detail_middle", middle
    yield "detail_high", high
    yield "detail_range", high - low
    yield "detail_centre", grid[centre].mean() - grid[~centre].mean()
    yield "light_spread", light.std()
    yield "light_centre", light[centre].mean() - light[~centre].mean()


def _colour_cues(picture: Picture) -> Iterator[tuple[str, float]]:
    """Yield moments and MSCN fits of opponent colours and chroma at two scales."""
    fine, coarse = (_opponents(lab) for lab in (picture.lab, halve(picture.lab)))
    for name, plane in coarse.items():
        mean, deviation = cv2.meanStdDev(plane)
        yield f"{name}_mean", mean[0, 0]
        yield f"{name}_deviation", np.log1p(deviation[0, 0])
        coefficients, contrast = mscn_coefficients(fine[name])
        for scale, scaled in ((1, coefficients), (2, mscn_coefficients(plane)[0])):
            shape, deviation = _fit_ggd(scaled)
            yield f"{name}{scale}_shape", shape
            yield f"{name}{scale}_spread", deviation
        yield f"{name}_noise", np.log1p(percentiles(contrast[::4, ::4], [25])[0])
    levels = percentiles(coarse["chroma"][::4, ::2], _CHROMAS)
    for percent, level in zip(_CHROMAS, levels, strict=True):
        yield f"chroma_p{percent}", level


def _opponents(lab: Pixels) -> dict[str, Floats32]:
    red_green, blue_yellow = (
        cv2.extractChannel(lab, i).astype(np.float32) - np.float32(128) for i in (1, 2)
    )
    return {"rg": red_green, "by": blue_yellow, "chroma": _magnitude(red_green, blue_yellow)}


def _luminance_cues(picture: Picture, half: Floats32) -> Iterator[tuple[str, float]]:
    """Yield percentiles, entropy and moments of the luma, and haze by the dark channel."""
    sample = np.ascontiguousarray(picture.gray[::4, ::4])
    levels = percentiles(sample[::2, ::2], _LIGHTS)
    for percent, level in zip(_LIGHTS, levels, strict=True):
        yield f"light_p{percent}", level
    yield "light_range", levels[5] - levels[1]
    histogram = cv2.calcHist([sample], [0], None, [64], [0, 256]).ravel() / sample.size
    yield "light_entropy", -float(np.sum(histogram * np.log(histogram + _EPSILON)))
    skewness, kurtosis = _moments(half[::2])
    yield "light_skew", skewness
    yield "light_kurtosis", kurtosis
    yield "haze", cv2.mean(picture.dark_channel)[0]
    yield "haze_top", percentiles(picture.dark_channel[::4, ::4], [90])[0]
