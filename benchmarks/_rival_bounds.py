"""Other bounds of the error among confident sets, which prefml's promises are measured beside.

Each takes confidence, wrong (bool), project (from 0), budget and delta, and returns a threshold or
None. All but the last two test 40 shares of the sets one after the other, the most confident
first, and stop at the first failure (Learn then Test, fixed sequence).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import betaln
from scipy.stats import t as student

from prefml.intervals import clopper_pearson_upper

STEPS, BOOTSTRAPS = 40, 200
Rival = Callable[[np.ndarray, np.ndarray, np.ndarray, float, float], float | None]


def levels(confidence: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Yield thresholds from high to low and the sets that reach them; at least 46 sets."""
    ordered = np.sort(confidence)[::-1]
    for count in np.unique(np.ceil(np.arange(1, STEPS + 1) / STEPS * len(ordered)).astype(int)):
        if count >= 46:
            yield float(ordered[count - 1]), confidence >= ordered[count - 1]


def by_project(wrong: np.ndarray, project: np.ndarray, chosen: np.ndarray, projects: int):
    """Return errors and sets of each project among the chosen."""
    return (
        np.bincount(project[chosen], wrong[chosen], projects),
        np.bincount(project[chosen], minlength=projects).astype(float),
    )


def last_passed(confidence, wrong, project, passes) -> float | None:
    """Return the last threshold before the first at which `passes` says no."""
    found, projects = None, int(project.max()) + 1
    for threshold, chosen in levels(confidence):
        if not passes(*by_project(wrong, project, chosen, projects)):
            break
        found = threshold
    return found


def clopper_pearson(confidence, wrong, project, budget, delta):
    """Take all sets for independent: exact for the projects seen."""

    def passes(errors, sets):
        return clopper_pearson_upper(errors.sum(), sets.sum(), delta) <= budget

    return last_passed(confidence, wrong, project, passes)


def _design_effect(errors: np.ndarray, sets: np.ndarray) -> float:
    """Return how many times more the variance is than of independent sets (Kish, 1965)."""
    share, total, projects = errors.sum() / sets.sum(), sets.sum(), len(sets)
    plain = share * (1 - share) * total
    between = ((errors - share * sets) ** 2).sum() * projects / max(projects - 1, 1)
    return max(1.0, between / plain) if plain and projects > 1 else 1.0


def design_effect(confidence, wrong, project, budget, delta):
    """Divide the number of sets by the design effect, as if that were known."""

    def passes(errors, sets):
        effect = _design_effect(errors, sets)
        return clopper_pearson_upper(errors.sum() / effect, sets.sum() / effect, delta) <= budget

    return last_passed(confidence, wrong, project, passes)


def korn_graubard(confidence, wrong, project, budget, delta):
    """Correct the design effect by the degrees of freedom of the projects.

    E. L. Korn, B. I. Graubard, "Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data", Survey Methodology 24, 1998.
    """

    def passes(errors, sets):
        total, projects = sets.sum(), (sets > 0).sum()
        if projects < 2:
            return False
        ratio = (student.ppf(1 - delta, total - 1) / student.ppf(1 - delta, projects - 1)) ** 2
        size = min(total, total / _design_effect(errors, sets) * ratio)
        return clopper_pearson_upper(errors.sum() / total * size, size, delta) <= budget

    return last_passed(confidence, wrong, project, passes)


def cluster_bootstrap(confidence, wrong, project, budget, delta):
    """Draw projects with replacement, and take the quantile of the error."""
    rng, projects = np.random.default_rng(0), int(project.max()) + 1
    drawn = rng.multinomial(projects, np.full(projects, 1 / projects), BOOTSTRAPS)

    def passes(errors, sets):
        total = np.maximum(drawn @ sets, 1)
        return np.quantile(drawn @ errors / total, 1 - delta) <= budget

    return last_passed(confidence, wrong, project, passes)


def beta_binomial(confidence, wrong, project, budget, delta):
    """Take each project's error for beta distributed; flat priors of mean and log correlation."""
    mean, rho = np.linspace(0.005, 0.395, 79), np.geomspace(0.003, 0.6, 10)
    first = np.outer(mean, (1 - rho) / rho)[..., None]
    second = np.outer(1 - mean, (1 - rho) / rho)[..., None]

    def passes(errors, sets):
        both = betaln(first + errors, second + sets - errors) - betaln(first, second)
        density = np.exp(both.sum(axis=2) - both.sum(axis=2).max())
        return density[mean <= budget].sum() >= (1 - delta) * density.sum()

    return last_passed(confidence, wrong, project, passes)


def _worst_so_far(confidence, wrong, project) -> tuple[list[float], np.ndarray]:
    """Return thresholds and each project's largest error down to them."""
    projects = int(project.max()) + 1
    steps = [(t, by_project(wrong, project, chosen, projects)) for t, chosen in levels(confidence)]
    errors = [errors / np.maximum(sets, 1) for _, (errors, sets) in steps]
    return [t for t, _ in steps], np.maximum.accumulate(errors, axis=0)


def risk_control(confidence, wrong, project, budget, delta):
    """Hold the expected error of the next project, projects exchangeable; delta plays no part.

    A. N. Angelopoulos, S. Bates, A. Fisch, L. Lei, T. Schuster, "Conformal risk control",
    arXiv:2208.02814, 2022; its loss, here the worst error down to a level, lies within [0, 1].
    """
    thresholds, worst = _worst_so_far(confidence, wrong, project)
    kept = (worst.sum(axis=1) + 1) / (worst.shape[1] + 1) <= budget
    return thresholds[int(kept.sum()) - 1] if kept.any() else None


def order_statistic(confidence, wrong, project, budget, delta):
    """Let at most so many projects have exceeded the budget as leave the next a chance of delta.

    R. Dunn, L. Wasserman, A. Ramdas, "Distribution-free prediction sets for two-layer hierarchical
    models", JASA 118, 2022; free of assumptions, and of any use from 19 projects on at 95 %.
    """
    thresholds, worst = _worst_so_far(confidence, wrong, project)
    kept = ((worst > budget).sum(axis=1) + 1) / (worst.shape[1] + 1) <= delta
    return thresholds[int(kept.sum()) - 1] if kept.any() else None


RIVALS: dict[str, tuple[str, Rival]] = {
    "Clopper and Pearson": ("seen", clopper_pearson),
    "design effect": ("mixture", design_effect),
    "Korn and Graubard": ("mixture", korn_graubard),
    "cluster bootstrap": ("mixture", cluster_bootstrap),
    "beta-binomial posterior": ("mixture", beta_binomial),
    "conformal risk control": ("mixture", risk_control),
    "order statistic of projects": ("next", order_statistic),
}
