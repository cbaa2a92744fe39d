"""Compute a saliency map of a picture, and the cues that summarise it.

The map averages three published, training-free methods, each of which fails elsewhere:

- colour that differs from the picture's mean (frequency-tuned saliency, Achanta et al., CVPR 2009);
- structure that the smooth part of the spectrum does not predict, at two scales (spectral
  residual, Hou and Zhang, CVPR 2007);
- colour that differs from all but one of the picture's four borders (the backgroundness cue of
  minimum barrier saliency, Zhang et al., ICCV 2015).
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from scipy import fft

from prefml._typing import Floats, Floats32, Pixels
from prefml.imaging.maps import (
    MAP_SIDE,
    describe_map,
    grid_names,
    grid_shares,
    map_names,
    normalize_weights,
)

__all__ = ["NAMES", "measure", "saliency_map"]

NAMES = ("saliency_mass", *map_names("saliency"), *grid_names("saliency"))

_EPSILON = 1e-6
# A difference of one unit of CIELAB is about the least that people see.
_JUST_NOTICEABLE = 1.0


class _PictureLike(Protocol):
    def downsampled(self, side: int) -> Pixels: ...


def measure(picture: _PictureLike) -> dict[str, float]:
    """Measure the spatial distribution of saliency.

    Parameters
    ----------
    picture : Picture
        A decoded picture; only `downsampled` is read.

    Returns
    -------
    dict of str to float
        `saliency_mass`, the share of the picture more than twice as salient as its mean; the places
        of `prefml.imaging.maps.describe_map`; and the 7 x 7 grid of `grid_shares`.
    """
    weights = saliency_map(picture.downsampled(MAP_SIDE))
    mass = float(np.mean(weights > 2.0 * weights.mean()))
    places = describe_map(weights, "saliency") | grid_shares(weights, "saliency")
    return {"saliency_mass": mass, **places}


def saliency_map(rgb: Pixels) -> Floats32:
    """Return the saliency map of a picture.

    Parameters
    ----------
    rgb : ndarray of shape (height, width, 3), uint8
        A small copy of the picture: less than twice as large as the map is best.

    Returns
    -------
    ndarray of shape (84, 84), float32
        Non-negative, sums to 1; uniform when the picture is. Both axes are scaled to 84 cells
        whatever the aspect, because everything downstream speaks in fractions.
    """
    small = cv2.resize(rgb, (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_LINEAR)
    # In floating point cv2 gives L in 0..100 and a, b unscaled, so distances are CIE76 distances.
    lab = cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    if max(float(np.ptp(plane)) for plane in cv2.split(lab)) < _JUST_NOTICEABLE:
        return np.full((MAP_SIDE, MAP_SIDE), 1.0 / MAP_SIDE**2, np.float32)
    maps = (_frequency_tuned(lab), _spectral_residual(lab), _boundary_contrast(lab))
    total: Floats32 = np.stack([_unit_range(one) for one in maps]).sum(axis=0)
    # Squared: a picture of even texture has a high floor that would drown its subject's mass.
    return normalize_weights(_smooth(total, 2.0) ** 2)


def _frequency_tuned(lab: Floats32) -> Floats32:
    x, y, z = cv2.split(_smooth(lab, 1.0) - np.array(cv2.mean(lab)[:3], np.float32))
    return np.asarray(np.sqrt(x * x + y * y + z * z), np.float32)


def _spectral_residual(lab: Floats32) -> Floats32:
    total = np.zeros((MAP_SIDE, MAP_SIDE), np.float32)
    for side in (64, 32):
        gray = cv2.resize(lab[..., 0], (side, side), interpolation=cv2.INTER_AREA)
        spectrum = fft.fft2(gray - gray.mean())
        size = np.abs(spectrum) + np.float32(_EPSILON)
        log_size = np.log(size)
        residual = log_size - cv2.blur(log_size, (3, 3), borderType=cv2.BORDER_REFLECT)
        back = fft.ifft2(spectrum * (np.exp(residual) / size))
        energy = _smooth(back.real**2 + back.imag**2, side / 25.0)
        total += _unit_range(
            cv2.resize(energy, (MAP_SIDE, MAP_SIDE), interpolation=cv2.INTER_LINEAR)
        )
    return total


def _boundary_contrast(lab: Floats32) -> Floats32:
    width = max(1, MAP_SIDE // 10)
    sides = (lab[:width], lab[-width:], lab[:, :width], lab[:, -width:])
    samples = np.stack([side.reshape(-1, 3) for side in sides]).astype(np.float64)
    distances = _mahalanobis(lab, samples)
    # The subject may touch one border; the border that differs most is that one.
    rest = np.asarray(distances.sum(axis=0) - distances.max(axis=0), np.float32)
    return rest.reshape(lab.shape[:2])


def _mahalanobis(lab: Floats32, samples: Floats) -> Floats32:
    """Return the Mahalanobis distance of each pixel to each sample of pixels."""
    means = np.full(samples.shape[1], 1 / samples.shape[1]) @ samples
    centred = samples - means[:, None]
    # One grey level of noise floor keeps a border of one flat colour invertible.
    covariance = centred.transpose(0, 2, 1) @ centred / (samples.shape[1] - 1) + 4.0 * np.eye(3)
    roots = np.linalg.cholesky(np.linalg.inv(covariance)).transpose(0, 2, 1)
    offsets = (roots @ means[:, :, None]).astype(np.float32).reshape(-1, 1)
    # All four at once: three numbers for each sample and pixel.
    whitened = roots.astype(np.float32).reshape(-1, 3) @ lab.reshape(-1, 3).T - offsets
    whitened *= whitened
    first, second, third = whitened.reshape(len(samples), 3, -1).transpose(1, 0, 2)
    return np.asarray(np.sqrt(first + second + third), np.float32)


def _smooth(values: Floats32, sigma: float) -> Floats32:
    blurred: Floats32 = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return blurred


def _unit_range(values: Floats32) -> Floats32:
    low, high = float(values.min()), float(values.max())
    return (values - low) / max(high - low, _EPSILON)
