"""Natural-scene-statistics cues: how far a picture strays from what undistorted pictures share.

Pictures that nobody has blurred, recompressed or drowned in noise have local contrasts that, once
normalised, follow nearly the same law; the parameters of that law, in luminance and in colour and
at several scales, predict people's opinions of a picture far better than plain sharpness does.

References
----------
A. Mittal, A. K. Moorthy, A. C. Bovik, "No-reference image quality assessment in the spatial
domain", IEEE TIP 21(12), 2012 (BRISQUE: the first 36 cues).
D. Ghadiyaram, A. C. Bovik, "Perceptual quality prediction on authentically distorted images using
a bag of features approach", Journal of Vision 17(1), 2017 (FRIQUEE: the same laws on colour, on
contrast and on band-pass maps).
F. Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual
blur metric", SPIE 6492, 2007 (reblur).
K. He, J. Sun, X. Tang, "Single image haze removal using dark channel prior", CVPR 2009.
D. Hasler, S. Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003 (the
opponent colours).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

if TYPE_CHECKING:
    from prefml.imaging.decode import Picture

__all__ = ["NAMES", "measure", "normalised_contrast"]

Plane = NDArray[np.float32]
Scales = list[tuple[Plane, Plane]]

_PAIRS = {"h": (0, 1), "v": (1, 0), "d": (1, 1), "a": (1, -1)}
_SMALLEST = 32
_TINY = 1e-12


def measure(picture: Picture) -> dict[str, float]:
    """Measure the natural-scene-statistics cues of a picture.

    Parameters
    ----------
    picture : Picture
        A decoded picture; its working copy is measured.

    Returns
    -------
    dict of str to float
        One finite value for each of `NAMES`, in that order.
    """
    rgb = _at_least(picture.working)
    gray = rgb_to_gray(rgb)
    return {name: _finite(value) for name, value in _all(rgb, gray)}


def _all(rgb: NDArray[np.uint8], gray: Plane) -> Iterator[tuple[str, float]]:
    scales = [normalised_contrast(gray), normalised_contrast(_halved(gray))]
    yield from _brisque(scales)
    yield from _contrast_map(scales)
    for group in (_bands, _gradients, _blocks):
        yield from group(gray)
    yield from _colour(rgb)
    yield from _light(rgb, gray)


def rgb_to_gray(rgb: NDArray[np.uint8]) -> Plane:
    """Return the luminance of an RGB picture, 0 to 255, as float32."""
    gray: Plane = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return gray


def normalised_contrast(plane: Plane, floor: float = 1.0) -> tuple[Plane, Plane]:
    """Return mean-subtracted, contrast-normalised coefficients and the local contrast.

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
    square = cv2.GaussianBlur(plane * plane, (7, 7), 7 / 6)
    contrast = np.sqrt(np.maximum(square - mean * mean, 0))
    return (plane - mean) / (contrast + np.float32(floor)), contrast


def _at_least(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    if min(height, width) >= _SMALLEST:
        return np.ascontiguousarray(rgb)
    size = (max(width, _SMALLEST), max(height, _SMALLEST))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _finite(value: Any) -> float:
    number = float(value)
    return 0.0 if number != number else min(max(number, -1e9), 1e9)


def _halved(plane: Plane) -> Plane:
    height, width = plane.shape
    half = cv2.resize(plane, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.float32)


@cache
def _shapes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shapes of the generalised Gaussian and the moment ratio each one has."""
    shape = np.exp(np.linspace(np.log(0.1), np.log(10.0), 2000))
    ratio = np.exp(2 * gammaln(2 / shape) - gammaln(1 / shape) - gammaln(3 / shape))
    return shape, ratio


def _shape_of(ratio: float) -> float:
    shapes, ratios = _shapes()
    return float(np.interp(ratio, ratios, shapes))


def _symmetric(x: Plane) -> tuple[float, float]:
    """Fit a generalised Gaussian by moments: shape and standard deviation."""
    flat = x.ravel()
    square = float(np.dot(flat, flat)) / flat.size
    absolute = cv2.norm(x, cv2.NORM_L1) / flat.size
    return _shape_of(absolute**2 / (square + _TINY)), square**0.5


def _asymmetric(x: Plane) -> tuple[float, float, float, float]:
    """Fit an asymmetric generalised Gaussian: shape, mean, left and right deviation."""
    flat = x.ravel()
    positive = np.maximum(flat, 0)
    square, right = float(np.dot(flat, flat)), float(np.dot(positive, positive))
    count = max(cv2.countNonZero(positive), 1)
    left_sd = (max(square - right, 0.0) / max(flat.size - count, 1)) ** 0.5
    right_sd = (right / count) ** 0.5
    absolute = cv2.norm(flat, cv2.NORM_L1) / flat.size
    skewed = (left_sd + _TINY) / (right_sd + _TINY)
    ratio = absolute**2 / (square / flat.size + _TINY)
    ratio *= (skewed**3 + 1) * (skewed + 1) / (skewed**2 + 1) ** 2
    shape = _shape_of(ratio)
    spread = np.exp(gammaln(2 / shape) - 0.5 * (gammaln(1 / shape) + gammaln(3 / shape)))
    return shape, float((right_sd - left_sd) * spread), left_sd, right_sd


def _products(x: Plane, step: tuple[int, int]) -> Plane:
    """Multiply coefficients by their neighbours, in every other row: enough to fit four numbers."""
    down, right = step
    upper, lower = x[: x.shape[0] - down : 2], x[down::2]
    lower = lower[: len(upper)]
    upper = upper[: len(lower)]
    if right < 0:
        return upper[:, 1:] * lower[:, :-1]
    width = x.shape[1] - right
    return upper[:, :width] * lower[:, right:]


def _brisque(scales: Scales) -> Iterator[tuple[str, float]]:
    """Yield the 36 cues of BRISQUE: 18 at full and 18 at half scale."""
    for scale, (coefficients, _) in enumerate(scales, start=1):
        shape, deviation = _symmetric(coefficients)
        yield f"nss{scale}_shape", shape
        yield f"nss{scale}_spread", deviation
        for name, step in _PAIRS.items():
            fitted = _asymmetric(_products(coefficients, step))
            for part, value in zip(("shape", "mean", "left", "right"), fitted, strict=True):
                yield f"nss{scale}_{name}_{part}", value


def _moments(x: Plane) -> tuple[float, float]:
    """Return skewness and kurtosis, squashed so that outliers stay in range."""
    centred = x.ravel() - x.mean()
    square = centred * centred
    variance = float(square.mean()) + _TINY
    third = float(np.dot(square, centred)) / x.size
    fourth = float(np.dot(square, square)) / x.size
    return float(np.arcsinh(third / variance**1.5)), float(np.log1p(fourth / variance**2))


def _contrast_map(scales: Scales) -> Iterator[tuple[str, float]]:
    """Yield how local contrast is spread over the picture, at two scales."""
    for scale, (_, contrast) in enumerate(scales, start=1):
        levels = np.percentile(contrast[::4, ::4], (10, 50, 90, 99))
        for percent, level in zip((10, 50, 90, 99), levels, strict=True):
            yield f"contrast{scale}_p{percent}", np.log1p(level)
        skewness, kurtosis = _moments(contrast[::2])
        yield f"contrast{scale}_skew", skewness
        yield f"contrast{scale}_kurtosis", kurtosis
        coefficients, _ = normalised_contrast(contrast)
        shape, deviation = _symmetric(coefficients)
        yield f"contrast{scale}_shape", shape
        yield f"contrast{scale}_spread", deviation


def _bands(gray: Plane) -> Iterator[tuple[str, float]]:
    """Yield energy and peakedness of octave bands, and how energy falls with frequency."""
    plane, energies = gray, []
    for octave in range(1, 5):
        band = plane - cv2.GaussianBlur(plane, (0, 0), 1.0)
        shape, deviation = _symmetric(band)
        energies.append(np.log(deviation + 1e-2))
        yield f"band{octave}_energy", energies[-1]
        yield f"band{octave}_shape", shape
        plane = _halved(plane)
    for octave, step in enumerate(np.diff(energies), start=1):
        yield f"band{octave}_slope", step


def _gradients(gray: Plane) -> Iterator[tuple[str, float]]:
    """Yield the law of edge strength, reblur, noise in flat parts and 8-pixel blocking."""
    dx, dy = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    magnitude = _length(dx, dy)
    levels = np.percentile(magnitude[::4, ::4], (25, 50, 75, 95, 99.5))
    for percent, level in zip((25, 50, 75, 95, 99), levels, strict=True):
        yield f"edge_p{percent}", np.log1p(level)
    yield "edge_peak_ratio", np.log((levels[4] + 1) / (levels[1] + 1))
    upright, level = (cv2.norm(step, cv2.NORM_L1) / step.size for step in (dx, dy))
    yield "edge_upright", np.log((upright + 1) / (level + 1))
    yield "reblur", _reblur(gray)
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    noise = np.abs(cv2.filter2D(gray, cv2.CV_32F, mask))
    flat = (magnitude <= np.float32(levels[0])).astype(np.uint8)
    yield "noise_all", np.log1p(cv2.mean(noise)[0])
    yield "noise_flat", np.log1p(cv2.mean(noise, mask=flat)[0])
    yield "blocking", 0.5 * (_blocking(gray) + _blocking(gray.T))


def _length(x: Plane, y: Plane) -> Plane:
    # The last bit of cv2.magnitude depends on where in memory its arguments lie.
    return np.sqrt(x * x + y * y)


def _reblur(gray: Plane) -> float:
    """Return how little a second blur changes the picture (1: already blurred)."""
    worst = 0.0
    for plane in (np.ascontiguousarray(gray[:, ::2]), np.ascontiguousarray(gray.T[:, ::2])):
        smooth = cv2.blur(plane, (1, 9))
        before = cv2.absdiff(plane[1:], plane[:-1])
        after = cv2.absdiff(smooth[1:], smooth[:-1])
        lost = float(np.maximum(before - after, 0).sum())
        worst = max(worst, 1 - lost / (float(before.sum()) + _TINY))
    return worst


def _blocking(gray: Plane) -> float:
    """Return the excess of steps at every eighth column, as JPEG coding leaves them."""
    steps = np.abs(np.diff(gray, axis=1)).mean(axis=0)
    at_edge = np.arange(steps.size) % 8 == 7
    return float(np.log((steps[at_edge].mean() + 0.1) / (steps[~at_edge].mean() + 0.1)))


def _blocks(gray: Plane) -> Iterator[tuple[str, float]]:
    """Yield sharpness region by region: the sharpest part, the median, centre against border."""
    detail = np.abs(cv2.Laplacian(gray, cv2.CV_32F))
    grid = np.log1p(cv2.resize(detail, (8, 8), interpolation=cv2.INTER_AREA))
    light = cv2.resize(gray, (8, 8), interpolation=cv2.INTER_AREA)
    low, middle, high = np.percentile(grid, (10, 50, 95))
    centre = np.zeros((8, 8), bool)
    centre[2:6, 2:6] = True
    yield "detail_low", low
    yield "detail_middle", middle
    yield "detail_high", high
    yield "detail_range", high - low
    yield "detail_centre", grid[centre].mean() - grid[~centre].mean()
    yield "light_spread", light.std()
    yield "light_centre", light[centre].mean() - light[~centre].mean()


def _colour(rgb: NDArray[np.uint8]) -> Iterator[tuple[str, float]]:
    """Yield the law of the colour planes: opponent colours at two scales, chroma, saturation."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    red_green, blue_yellow = (
        _halved(cv2.extractChannel(lab, i).astype(np.float32)) - 128 for i in (1, 2)
    )
    chroma = _length(red_green, blue_yellow)
    planes = {"rg": red_green, "by": blue_yellow, "chroma": chroma}
    for name, plane in planes.items():
        yield f"{name}_mean", plane.mean()
        yield f"{name}_deviation", np.log1p(plane.std())
        coefficients, contrast = normalised_contrast(plane)
        coarse, _ = normalised_contrast(_halved(plane))
        for scale, scaled in ((1, coefficients), (2, coarse)):
            shape, deviation = _symmetric(scaled)
            yield f"{name}{scale}_shape", shape
            yield f"{name}{scale}_spread", deviation
        yield f"{name}_noise", np.log1p(np.percentile(contrast[::2, ::2], 25))
    levels = np.percentile(chroma[::2, ::2], (10, 50, 90))
    for percent, level in zip((10, 50, 90), levels, strict=True):
        yield f"chroma_p{percent}", level


def _light(rgb: NDArray[np.uint8], gray: Plane) -> Iterator[tuple[str, float]]:
    """Yield where the light lies: percentiles, entropy, skew, haze by the dark channel."""
    levels = np.percentile(gray[::4, ::4], (1, 10, 25, 50, 75, 90, 99))
    for percent, level in zip((1, 10, 25, 50, 75, 90, 99), levels, strict=True):
        yield f"light_p{percent}", level
    yield "light_range", levels[5] - levels[1]
    histogram = cv2.calcHist([gray], [0], None, [64], [0, 256]).ravel() / gray.size
    yield "light_entropy", -float(np.sum(histogram * np.log(histogram + _TINY)))
    skewness, kurtosis = _moments(gray[::2])
    yield "light_skew", skewness
    yield "light_kurtosis", kurtosis
    darkest = cv2.min(cv2.min(*cv2.split(rgb)[:2]), cv2.extractChannel(rgb, 2))
    dark = cv2.erode(darkest, np.ones((15, 15), np.uint8))
    yield "haze", dark.mean()
    yield "haze_top", np.percentile(dark[::4, ::4], 90)


def _names() -> tuple[str, ...]:
    blank = np.zeros((_SMALLEST, _SMALLEST, 3), np.uint8)
    return tuple(name for name, _ in _all(blank, rgb_to_gray(blank)))


NAMES: tuple[str, ...] = _names()
