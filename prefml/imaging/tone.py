"""Measure light and colour: exposure, contrast, clipping, colourfulness, saturation, hue.

References
----------
D. Hasler, S. Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007, 2003.
K. He, J. Sun, X. Tang, "Single image haze removal using dark channel prior", CVPR 2009.
E. Peli, "Contrast in complex images", JOSA A 7(10), 1990 (RMS contrast).
R. Datta et al., "Studying aesthetics in photographic images using a computational approach", ECCV
2006 (the use of exposure, saturation, hue count and centre against border).
"""

from __future__ import annotations

import cv2
import numpy as np

from prefml._typing import Floats, Pixels
from prefml.imaging.picture import Picture

__all__ = ["NAMES", "measure"]

NAMES = (
    "exposure",
    "exposure_median",
    "luma_low",
    "luma_high",
    "contrast",
    "contrast_local",
    "entropy",
    "clipped_shadows",
    "clipped_highlights",
    "center_exposure",
    "colourfulness",
    "saturation",
    "saturation_spread",
    "warmth",
    "tint",
    "hue_variety",
    "dark_channel",
)

# Up to the first, and above the second, values are clipped: they hold no detail.
_SHADOW, _HIGHLIGHT = 5, 249
# Light and clipping are measured where pixels still differ, means of colour on fewer.
_LIGHT_SIDE, _COLOUR_SIDE = 256, 128
_HUE_BINS = 18


def measure(picture: Picture) -> dict[str, float]:
    """Measure light and colour on copies of at least 256 and 128 pixels.

    Parameters
    ----------
    picture : Picture
        A decoded picture.

    Returns
    -------
    dict of str to float
        Luma (`exposure`, `luma_*`, `contrast*`, `center_exposure`) and saturation in 0..1, clipped
        pixels as shares of the picture, `entropy` of the luma in bits, `colourfulness` as Hasler
        and Suesstrunk scale it, `warmth` and `tint` as mean b* and a* of CIELAB, `hue_variety`
        as the entropy of the hues, weighted by saturation, in 0..1.
    """
    light, colour = picture.downsampled(_LIGHT_SIDE), picture.downsampled(_COLOUR_SIDE)
    gray = cv2.cvtColor(light, cv2.COLOR_RGB2GRAY)
    values = _luma_cues(gray) | _clipping_cues(light) | _colour_cues(colour, picture.lab)
    values["dark_channel"] = cv2.mean(picture.dark_channel)[0] / 255
    return values | _saturation_cues(colour)


def _luma_cues(gray: Pixels) -> dict[str, float]:
    counts = cv2.calcHist([gray], [0], None, [256], [0, 256])[:, 0].astype(np.float64)
    shares = counts / counts.sum()
    levels = np.arange(256) / 255
    mean = float(shares @ levels)
    low, median, high = np.searchsorted(np.cumsum(shares), (0.05, 0.5, 0.95)) / 255
    seen = shares[shares > 0]
    small = cv2.resize(gray, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    return {
        "exposure": mean,
        "exposure_median": float(median),
        "luma_low": float(low),
        "luma_high": float(high),
        "contrast": float(np.sqrt(shares @ (levels - mean) ** 2)),
        "contrast_local": float(small.std()),
        "entropy": float(-(seen * np.log2(seen)).sum()),
        "center_exposure": float(small[4:12, 4:12].mean() - small.mean()),
    }


def _clipping_cues(rgb: Pixels) -> dict[str, float]:
    red, green, blue = cv2.split(rgb)
    brightest = cv2.max(cv2.max(red, green), blue)
    darkest = cv2.min(cv2.min(red, green), blue)
    return {
        "clipped_shadows": 1 - _share_above(brightest, _SHADOW),
        "clipped_highlights": _share_above(darkest, _HIGHLIGHT),
    }


def _share_above(plane: cv2.typing.MatLike, level: int) -> float:
    _, above = cv2.threshold(plane, level, 1, cv2.THRESH_BINARY)
    return float(cv2.countNonZero(above) / plane.size)


def _colour_cues(rgb: Pixels, lab: Pixels) -> dict[str, float]:
    red, green, blue = cv2.split(rgb.astype(np.float32))
    center, spread = cv2.meanStdDev(cv2.merge([red - green, (red + green) / 2 - blue]))
    _, green_red, blue_yellow, _ = cv2.mean(lab)
    return {
        "colourfulness": float(np.hypot(*spread[:, 0]) + 0.3 * np.hypot(*center[:, 0])),
        "warmth": blue_yellow - 128,
        "tint": green_red - 128,
    }


def _saturation_cues(rgb: Pixels) -> dict[str, float]:
    hue, saturation, value = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV))
    # Saturation of a nearly black pixel is noise, so brightness weighs it.
    vivid = saturation.astype(np.float32) * value.astype(np.float32) / 255**2
    mean, spread = cv2.meanStdDev(vivid)
    bins = (hue.ravel().astype(np.intp) * _HUE_BINS) // 180
    weights = np.asarray(np.bincount(bins, vivid.ravel(), _HUE_BINS), np.float64)
    return {
        "saturation": float(mean[0, 0]),
        "saturation_spread": float(spread[0, 0]),
        "hue_variety": _normalized_entropy(weights),
    }


def _normalized_entropy(weights: Floats) -> float:
    total = weights.sum()
    if total <= 0:
        return 0.0
    shares = weights[weights > 0] / total
    return abs(float(-(shares * np.log(shares)).sum() / np.log(len(weights))))
