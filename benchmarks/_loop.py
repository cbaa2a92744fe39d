"""Play the loop of suggesting, approving in bulk and learning, with a planted taste."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prefml.intervals import clopper_pearson_lower, clopper_pearson_upper
from prefml.ranking import SetRanker
from prefml.ranking.held_out import cross_calibrate
from prefml.ranking.risk import coverage_at
from prefml.review.audits import draw

SIZE, COLUMNS, BUDGET = 3, 12, 0.10
# Sets that the truth of a round is read from; the planted probabilities are known for each.
FRESH = 2000
# Score differences of a planted taste that is clear in most sets and a coin's toss in some.
SHARPNESS = 5.0
KINDS = ("audits", "audits, not weighted", "no audits", "passed as labels")


@dataclass
class Taste:
    """A person with a planted taste: pictures of random features, choices of a noisy maximum."""

    rng: np.random.Generator
    weight: np.ndarray = field(init=False)

    def __post_init__(self):
        direction = self.rng.normal(size=COLUMNS)
        self.weight = direction / np.linalg.norm(direction)

    def sets(self, count):
        """Return features (count, SIZE, COLUMNS) and the probability of each picture."""
        X = self.rng.normal(size=(count, SIZE, COLUMNS))
        # What the person sees and no column tells.
        utility = SHARPNESS * (X @ self.weight + 0.6 * np.tanh(X[..., 0] * X[..., 1]))
        chance = np.exp(utility - utility.max(1, keepdims=True))
        return X, chance / chance.sum(1, keepdims=True)

    def choose(self, chance):
        """Return the position of the chosen picture of each set."""
        return (self.rng.random(len(chance))[:, None] > chance.cumsum(1)).sum(1)


@dataclass
class Labels:
    """What the ranker learns from: sets, choices, and the probability of having been asked."""

    X: np.ndarray
    chosen: np.ndarray
    inclusion: np.ndarray

    def plus(self, X, chosen, inclusion):
        return Labels(
            np.concatenate([self.X, X]), np.concatenate([self.chosen, chosen]),
            np.concatenate([self.inclusion, inclusion]),
        )  # fmt: skip


def rows(X):
    return X.reshape(-1, COLUMNS), np.repeat(np.arange(len(X)), SIZE)


def fit(labels, kept, weighted, seed):
    """Fit the ranker, its calibration weighted by inverse inclusion where it can be."""
    X, set_id = rows(labels.X[kept])
    y = (np.arange(SIZE) == labels.chosen[kept, None]).ravel().astype(int)
    ranker = SetRanker(
        n_estimators=8, num_leaves=4, linear=[[""]], n_folds=3, calibration="auto",
        random_state=seed,
    )  # fmt: skip
    weight = np.repeat(1 / labels.inclusion[kept], SIZE) if weighted else None
    return ranker.fit(X, y, set_id=set_id, calibration_weight=weight)


def predict(ranker, X):
    """Return the suggested picture of each set, and its stated probability."""
    flat, set_id = rows(X)
    chance = ranker.win_probability(flat, set_id).reshape(-1, SIZE)
    return chance.argmax(1), chance.max(1)


def cross_validate(labels, weighted, seed, folds):
    """Return held-out confidence and correctness of every label, as `evaluate` does."""
    fold = np.random.default_rng(seed).permutation(len(labels.X)) % folds
    stated, right = np.empty(len(fold)), np.empty(len(fold))
    for number in range(folds):
        ranker = fit(labels, fold != number, weighted, seed)
        suggested, stated[fold == number] = predict(ranker, labels.X[fold == number])
        right[fold == number] = suggested == labels.chosen[fold == number]
    return stated, right


def approval(ranker, labels, weight):
    """Return the promise for new sets of this project, as `train` makes it."""
    _, set_id = rows(labels.X)
    y = (np.arange(SIZE) == labels.chosen[:, None]).ravel().astype(int)
    one, all_rows = np.zeros(len(y), int), np.ones(len(y), bool)
    chance = cross_calibrate(
        ranker, ranker.out_of_fold_, y, set_id, one, all_rows, np.repeat(weight, SIZE)
    ).reshape(-1, SIZE)
    right = chance.argmax(1) == labels.chosen
    return coverage_at(chance.max(1), right, BUDGET, sample_weight=weight, promise="seen")


def weighted_share(hits, weight):
    """Return a weighted share with a 95 % interval by Kish's effective number of cases."""
    share = np.average(hits, weights=weight)
    n = weight.sum() ** 2 / (weight**2).sum()
    bounds = clopper_pearson_lower(share * n, n, 0.025), clopper_pearson_upper(share * n, n, 0.025)
    return float(share), float(bounds[0]), float(bounds[1])


def play(kind, rounds, new, first, seed, folds=5):
    """Return what is true and what is reported in each round of one repeat."""
    rng = np.random.default_rng(seed)
    taste = Taste(rng)
    X, chance = taste.sets(first)
    labels = Labels(X, taste.choose(chance), np.ones(first))
    found = []
    for number in range(rounds):
        weighted = kind == "audits"
        weight = 1 / labels.inclusion if weighted else np.ones(len(labels.X))
        stated, right = cross_validate(labels, weighted, seed, folds)
        ranker = fit(labels, np.ones(len(labels.X), bool), weighted, seed)
        promise = approval(ranker, labels, weight)
        threshold = np.inf if promise.threshold is None else promise.threshold
        found.append(compare(taste, ranker, threshold, stated, right, weight) | {"round": number})
        X, chance = taste.sets(new)
        labels = next_labels(kind, labels, taste, X, chance, *predict(ranker, X), threshold)
    return found


def on_fresh_sets(taste, ranker):
    """Return the chance that each suggestion is wrong, and its stated probability."""
    X, chance = taste.sets(FRESH)
    suggested, sure = predict(ranker, X)
    return 1 - chance[np.arange(FRESH), suggested], sure


def first_round(n_sets, seed):
    """Return the true error within the promised threshold, None if nothing is, and its coverage."""
    taste = Taste(np.random.default_rng(seed))
    X, chance = taste.sets(n_sets)
    labels = Labels(X, taste.choose(chance), np.ones(n_sets))
    ranker = fit(labels, np.ones(n_sets, bool), False, seed)
    promise = approval(ranker, labels, np.ones(n_sets))
    if promise.threshold is None:
        return None, 0.0
    wrong, sure = on_fresh_sets(taste, ranker)
    inside = sure >= promise.threshold
    return (float(wrong[inside].mean()) if inside.any() else None), float(inside.mean())


def compare(taste, ranker, threshold, stated, right, weight):
    """Hold what the labels say of the model against the truth on fresh sets."""
    wrong, sure = on_fresh_sets(taste, ranker)
    inside, within = sure >= threshold, stated >= threshold
    told, low, high = weighted_share(1 - right, weight)
    empty = not within.any()
    return {
        "covered": float(inside.mean()),
        "true_within": float(wrong[inside].mean()) if inside.any() else None,
        "told_within": None if empty else weighted_share(1 - right[within], weight[within]),
        "true": float(wrong.mean()),
        "told": (told, low, high),
    }


def next_labels(kind, labels, taste, X, chance, suggested, sure, threshold):
    """Add what the person's answers to a round of new sets teach."""
    inside = sure >= threshold
    chosen = taste.choose(chance)
    labels = labels.plus(X[~inside], chosen[~inside], np.ones((~inside).sum()))
    passed = np.flatnonzero(inside)
    if kind == "passed as labels":
        return labels.plus(X[passed], suggested[passed], np.ones(len(passed)))
    if kind == "no audits" or not len(passed):
        return labels
    secret = str(taste.rng.integers(2**60))
    drawn = np.array([int(name) for name in draw([str(n) for n in passed], 0.05, secret)])
    return labels.plus(X[drawn], chosen[drawn], np.full(len(drawn), len(drawn) / len(passed)))
