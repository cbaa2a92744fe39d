"""Fit a linear Bradley-Terry model to few choices: prior variances averaged by their evidence."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from prefml._typing import Floats
from prefml.ranking.pairwise import fit_weights, log_evidence

__all__ = ["FEW_SETS", "SCORE_VARIANCES", "fit_averaged"]

# With fewer sets than this, held-out folds are too small to choose a prior variance by.
FEW_SETS = 200
# Prior variances of the difference of two scores, in logits, that are averaged over.
SCORE_VARIANCES = (0.1, 0.3, 1.0, 3.0, 10.0)


def fit_averaged(differences: Floats, weight: Floats) -> tuple[Floats, float]:
    """Average Bradley-Terry weights over prior variances.

    Each prior variance counts by its evidence, the probability that it gave to the choices
    (Laplace's approximation). No row is held out, which few choices can ill afford.

    Parameters
    ----------
    differences : ndarray of shape (n_pairs, n_columns)
        Winner minus loser.
    weight : ndarray of shape (n_pairs,)
        Weight of each pair.

    Returns
    -------
    weights : ndarray of shape (n_columns,)
        Posterior means, averaged.
    prior_variance : float
        The mean prior variance of a weight.

    References
    ----------
    D. J. C. MacKay, "The evidence framework applied to classification networks", Neural
    Computation 4, 1992. J. A. Hoeting et al., "Bayesian model averaging: a tutorial", Statistical
    Science 14, 1999.
    """
    size = float(np.sqrt((differences**2).sum(axis=1).mean())) if len(differences) else 0.0
    unit = differences / (size or 1.0)
    found, fits, evidence = np.zeros(differences.shape[1]), [], []
    for variance in SCORE_VARIANCES:
        found = fit_weights(unit, weight, variance, found)
        fits.append(found)
        evidence.append(log_evidence(unit, weight, variance, found))
    share = softmax(evidence)
    averaged = share @ np.array(fits) / (size or 1.0)
    return np.asarray(averaged), float(share @ SCORE_VARIANCES) / (size**2 or 1.0)
