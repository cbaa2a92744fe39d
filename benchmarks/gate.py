"""Does the loop learn from itself? The gate, and what is learned, when suggestions were seen.

    python benchmarks/gate.py [--repeats 100] [--out FILE]

Four simulations of planted truth. **Gate, crops**: 60 crops were logged, then 300 suggestions
of the model in use were seen; the person takes a box over when it overlaps the wanted one by 0.85
and redraws it otherwise. Offered are a model that learned from all of it, and ones whose new crops
are partly those of other pictures; three rules judge: all decisions, those that the person drew,
and those made without sight of a suggestion, which is what `prefml train` does. **Gate,
choices**: the same with a share of choices that follow the suggestion against the person's taste.
**Loop**: six rounds of 100 pictures, learning from what was taken over or not. **Exposure**:
inverse-propensity weights against none, with the real ranker.

Gate and loop of crops use a forest on the subject's box, a thirtieth of the cost of the crop
model; some lives of the loop are repeated with the crop model itself.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine
from sklearn.ensemble import ExtraTreesRegressor

from prefml.cropping import CropRegressor
from prefml.cropping.metrics import iou
from prefml.features.tables import ChoiceTable, CropTable
from prefml.models.kinds import CROP, RANKER
from prefml.models.promotion import Verdict, judge
from prefml.ranking import SetRanker

RUNS = {
    "gate_loop": {
        "quick": ["--repeats", "4", "--lives", "1"],
        "full": [],
    }
}  # fmt: skip
Row = dict[str, Any]
START = np.datetime64("2025-01-01", "ns")
COLUMNS = [f"cue__object_{edge}" for edge in ("x1", "y1", "x2", "y2")] + ["tilt", "ease"]
LOGGED, SEEN = 60, 300
ROUNDS = 6


# Pictures and the person


@dataclass(frozen=True)
class Pictures:
    """Pictures with a subject, and the crop that the person wants of each.

    Attributes
    ----------
    X : DataFrame of shape (n, 6)
        The subject's box, measured with an error, and two cues that the wanted crop depends on.
    ideal, wanted : ndarray of shape (n, 4)
        The crop by the person's rule, and as the hand draws it.
    """

    X: pd.DataFrame
    ideal: np.ndarray
    wanted: np.ndarray

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> Pictures:
        """Draw pictures, and what the person wants of them."""
        side = rng.uniform(0.2, 0.5, n)
        x, y = rng.uniform(side / 2, 1 - side / 2), rng.uniform(side / 2, 1 - side / 2)
        tilt, ease = rng.uniform(-1, 1, (2, n))
        wide = np.minimum(side * (1.4 + 0.35 * np.sign(ease)), 0.95)
        left, top = x + 0.12 * np.sign(tilt), y - 0.03
        subject = square(x, y, side) + rng.normal(0, 0.015, (n, 4))
        hand, growth = rng.normal(0, 0.015, (2, n)), np.exp(rng.normal(0, 0.035, n))
        return cls(
            pd.DataFrame(np.column_stack([subject.clip(0, 1), tilt, ease]), columns=COLUMNS),
            square(left, top, wide),
            square(left + hand[0], top + hand[1], np.minimum(wide * growth, 0.99)),
        )


def square(x: np.ndarray, y: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Return boxes round points, moved into the picture."""
    x, y = (np.clip(centre, side / 2, 1 - side / 2) for centre in (x, y))
    return np.stack([x - side / 2, y - side / 2, x + side / 2, y + side / 2], axis=1)


class Forest:
    """Crop by where the wanted crop lay relative to the subject: cheap, and it learns."""

    def fit(self, X: pd.DataFrame, boxes: np.ndarray, sample_weight: np.ndarray) -> Forest:
        """Fit on crops; rows of weight 0 are left out."""
        used = sample_weight > 0
        target = np.column_stack(relative(X.to_numpy(), boxes))[used]
        self.trees_ = ExtraTreesRegressor(12, min_samples_leaf=2, max_features=1.0, random_state=0)
        self.trees_.fit(X.to_numpy()[used], target, sample_weight=sample_weight[used])
        return self

    def predict(self, X: pd.DataFrame, size: object = None) -> np.ndarray:
        """Return one box for each picture."""
        x, y, side = middle(X.to_numpy())
        right, down, log = self.trees_.predict(X.to_numpy()).T
        return square(x + right, y + down, np.clip(side * np.exp(log), 0.05, 0.99))


def middle(box: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    side = np.maximum(box[:, 2] - box[:, 0], 0.02)
    return (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2, side


def relative(subject: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, ...]:
    one, other = middle(subject), middle(box)
    return other[0] - one[0], other[1] - one[1], np.log(other[2] / one[2])


def small_cropper() -> CropRegressor:
    return CropRegressor(num_leaves=31, inner_folds=2)


def answer(suggested: np.ndarray, wanted: np.ndarray, tolerance: float) -> tuple[np.ndarray, ...]:
    """Take a box over where it is near enough; return the crops and which were taken over."""
    taken = iou(suggested, wanted) >= tolerance
    return np.where(taken[:, None], suggested, wanted), taken


# The gate


def crop_table(X: pd.DataFrame, boxes: np.ndarray, exposure: np.ndarray) -> CropTable:
    n = len(X)
    text = np.full(n, "p", object)
    return CropTable(
        X, boxes, np.full((n, 2), 100.0), text, text, text, np.full(n, np.nan),
        START + np.arange(n) * np.timedelta64(1, "h"), crop_weight(exposure), exposure=exposure,
    )  # fmt: skip


def crop_weight(exposure: np.ndarray) -> np.ndarray:
    return (exposure != "followed").astype(float)


def offered_crops(seed: int, spoilt: float) -> tuple[Row, dict[str, Verdict]]:
    """Offer a model that learned from 360 crops, some of them spoilt, to the gate."""
    rng = np.random.default_rng(seed)
    logged, new, fresh = (Pictures.draw(n, rng) for n in (LOGGED, SEEN, 1000))
    current = Forest().fit(logged.X, logged.wanted, np.ones(LOGGED))
    boxes, taken = answer(current.predict(new.X), new.wanted, 0.85)
    wrong = rng.random(SEEN) < spoilt
    boxes[wrong] = rng.permutation(boxes[wrong])
    exposure = np.array(["unseen"] * LOGGED + np.where(taken, "followed", "overruled").tolist())
    X = pd.concat([logged.X, new.X], ignore_index=True)
    table = crop_table(X, np.concatenate([logged.wanted, boxes]), exposure.astype(object))

    def refit(rows: np.ndarray) -> Forest:
        return Forest().fit(table.X[rows], table.boxes[rows], table.weight[rows])

    candidate = refit(np.ones(len(table), bool))
    overlap = [float(iou(m.predict(fresh.X), fresh.ideal).mean()) for m in (current, candidate)]
    rules = {
        "all": np.full(len(table), "unseen", object),
        "drawn": np.where(exposure == "followed", "followed", "unseen").astype(object),
        "unseen": exposure.astype(object),
    }
    seen_until = table.timestamp[LOGGED - 1]
    verdicts = {
        name: judge(CROP, current, candidate, replace(table, exposure=rule), refit, seen_until)
        for name, rule in rules.items()
    }
    return {"current": overlap[0], "candidate": overlap[1], "taken": float(taken.mean())}, verdicts


@dataclass(frozen=True)
class Column:
    """Ranker that knows a picture's worth up to an error: a column of the table."""

    name: str

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Return the column."""
        return X[self.name].to_numpy()


def offered_choices(seed: int, errors: Sequence[float], follow: float) -> tuple[Row, Row]:
    """Offer a ranker with an error of its own to the gate; a share of choices just follows."""
    rng = np.random.default_rng(seed)
    n = LOGGED + SEEN
    worth = rng.normal(size=(n, 3))
    scores = [worth + rng.normal(0, error, worth.shape) for error in errors]
    first = [score.argmax(axis=1) for score in scores]
    best = (worth + 0.2 * rng.gumbel(size=worth.shape)).argmax(axis=1)
    seen = np.arange(n) >= LOGGED
    chosen = np.where(seen & (rng.random(n) < follow), first[0], best)
    exposure = np.where(seen, np.where(chosen == first[0], "followed", "overruled"), "unseen")
    y = (chosen[:, None] == np.arange(3)).astype(int).ravel()
    text, hours = np.full(3 * n, "p", object), np.repeat(np.arange(n), 3) * np.timedelta64(1, "h")
    table = ChoiceTable(
        pd.DataFrame({"current": scores[0].ravel(), "candidate": scores[1].ravel()}), y,
        np.repeat(np.arange(n).astype(str), 3).astype(object), text, text, text,
        np.full(3 * n, np.nan), START + hours, np.ones(3 * n), text, np.ones(3 * n),
        exposure=np.repeat(exposure, 3).astype(object),
    )  # fmt: skip
    seen_until = table.timestamp[3 * LOGGED - 1]

    def refit(rows: np.ndarray) -> Column:
        return Column("candidate" if table.timestamp[rows].max() > seen_until else "current")

    models = Column("current"), Column("candidate")
    rules = {"all": None, "unseen": table.exposure}
    let_in = {
        name: judge(RANKER, *models, replace(table, exposure=rule), refit, seen_until).accepted
        for name, rule in rules.items()
    }
    right = [float((picked == worth.argmax(axis=1)).mean()) for picked in first]
    return {"current": right[0], "candidate": right[1]}, let_in


def gate_of_crops(repeats: int, seed: int) -> list[Row]:
    rows = []
    for spoilt in (0.0, 0.15, 0.3, 1.0):
        found = [offered_crops(seed + i, spoilt) for i in range(repeats)]
        truth, verdicts = zip(*found, strict=True)
        rows.append({
            "spoilt": spoilt, **means(truth),
            **{rule: share(v[rule].accepted for v in verdicts) for rule in verdicts[0]},
        })  # fmt: skip
        print(json.dumps(rows[-1]), flush=True)
    return rows


def gate_of_choices(repeats: int, seed: int) -> list[Row]:
    rows = []
    for follow in (0.0, 0.1, 0.3, 0.5):
        for error in (0.4, 0.6, 1.0, 1.5):
            found = [offered_choices(seed + i, (0.6, error), follow) for i in range(repeats)]
            truth, let_in = zip(*found, strict=True)
            rows.append({"follow": follow, "error": error, **means(truth), **means(let_in)})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def means(rows: Sequence[Mapping[str, float]]) -> Row:
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}


def standard_error(gains: np.ndarray) -> float | None:
    return round(float(gains.std(ddof=1) / np.sqrt(len(gains))), 4) if len(gains) > 1 else None


def share(flags: Any) -> float:
    return round(float(np.mean(list(flags))), 4)


# The loop

# Weight of a crop that was taken over as suggested, and of one that was drawn.
WEIGHTS: Mapping[str, tuple[float, float] | None] = {
    "kept, drawn ones twice": (1.0, 2.0),
    "kept": (1.0, 1.0),
    "a quarter": (0.25, 1.0),
    "left out": (0.0, 1.0),
    "all drawn anew": None,
}
Make = Callable[[], Any]


@dataclass
class Life:
    """A loop of suggesting, answering and learning.

    Attributes
    ----------
    make : callable
        -> a crop model that is not fitted.
    weights : tuple of float or None
        As in `WEIGHTS`; None: the person sees no suggestion and draws every crop.
    tolerance : float
        Overlap from which a suggestion is taken over.
    gated : bool
        Whether a new model has to pass the gate.
    """

    make: Make
    weights: tuple[float, float] | None
    tolerance: float
    gated: bool

    def run(self, seed: int, rounds: int, size: int = 100) -> Row:
        """Live some rounds, and return the true overlap before the first and after each."""
        rng = np.random.default_rng(seed)
        logged, fresh = Pictures.draw(LOGGED, rng), Pictures.draw(500, rng)
        X, boxes = logged.X, logged.wanted
        weight, exposure = np.ones(LOGGED), np.full(LOGGED, "unseen", object)
        model = self.make().fit(X, boxes, sample_weight=weight)
        overlap, let_in, taken = [truth(model, fresh)], [], []
        for _ in range(rounds):
            learned, new = len(X), Pictures.draw(size, rng)
            drawn, same = self._answer(model, new)
            X = pd.concat([X, new.X], ignore_index=True)
            boxes = np.concatenate([boxes, drawn])
            exposure = np.concatenate([exposure, self._exposure(same)])
            weight = np.concatenate([weight, self._weight(same)])
            table = replace(crop_table(X, boxes, exposure), weight=weight)
            candidate, accepted = self._learn(model, table, learned)
            model = candidate if accepted else model
            overlap.append(truth(model, fresh))
            let_in.append(accepted)
            taken.append(float(same.mean()))
        return {"overlap": overlap, "let_in": let_in, "taken": taken}

    def _answer(self, model: Any, new: Pictures) -> tuple[np.ndarray, ...]:
        if self.weights is None:
            return new.wanted, np.zeros(len(new.X), bool)
        return answer(model.predict(new.X), new.wanted, self.tolerance)

    def _exposure(self, same: np.ndarray) -> np.ndarray:
        if self.weights is None:
            return np.full(len(same), "unseen", object)
        return np.where(same, "followed", "overruled").astype(object)

    def _weight(self, same: np.ndarray) -> np.ndarray:
        followed, drawn = self.weights or (1.0, 1.0)
        return np.where(same, followed, drawn)

    def _learn(self, model: Any, table: CropTable, learned: int) -> tuple[Any, bool]:
        def refit(rows: np.ndarray) -> Any:
            kept = table.X[rows], table.boxes[rows]
            return self.make().fit(*kept, sample_weight=table.weight[rows])

        candidate = refit(np.ones(len(table), bool))
        if not self.gated:
            return candidate, True
        seen_until = table.timestamp[learned - 1]
        return candidate, judge(CROP, model, candidate, table, refit, seen_until).accepted


def truth(model: Any, fresh: Pictures) -> float:
    """Return the mean overlap with the person's rule on pictures that teach nothing."""
    return float(iou(model.predict(fresh.X), fresh.ideal).mean())


def loop(
    make: Make, tolerance: float, gated: bool, lives: int, seed: int, names: Iterable[str]
) -> list[Row]:
    rows, reference = [], None
    for name in names:
        life = Life(make, WEIGHTS[name], tolerance, gated)
        found = [life.run(seed + i, ROUNDS) for i in range(lives)]
        overlap = np.array([one["overlap"] for one in found])
        reference = overlap if reference is None else reference
        gain = overlap[:, -1] - reference[:, -1]
        rows.append({
            "accepted_crops": name, "tolerance": tolerance, "lives": lives,
            "overlap": overlap.mean(axis=0).round(4).tolist(),
            "gain": round(float(gain.mean()), 4),
            "gain_se": standard_error(gain),
            "largest_fall": round(float(np.diff(overlap, axis=1).min()), 4),
            "fell_below_start": share(overlap[:, -1] < overlap[:, 0]),
            "let_in": share(np.ravel([one["let_in"] for one in found])),
            "taken": round(float(np.mean([one["taken"][-1] for one in found])), 4),
        })  # fmt: skip
        print(json.dumps(rows[-1]), flush=True)
    return rows


# Exposure

DIM = 8


def inverse_propensity(followed: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Weigh choices that followed and that overruled a suggestion as if each were half of them.

    T. Joachims, A. Swaminathan, T. Schnabel, "Unbiased learning-to-rank with biased feedback",
    WSDM 2017; clipped at 4.
    """
    rate = (followed.sum() + 1) / (seen.sum() + 2)
    return np.where(seen, np.minimum(np.where(followed, 0.5 / rate, 0.5 / (1 - rate)), 4.0), 1.0)


LEARNED: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "all alike": lambda followed, seen: np.ones(len(seen)),
    "overruled twice": lambda followed, seen: np.where(seen & ~followed, 2.0, 1.0),
    "inverse propensity": inverse_propensity,
    "followed by half": lambda followed, seen: np.where(followed, 0.5, 1.0),
    "unseen alone": lambda followed, seen: (~seen).astype(float),
}


def draw_sets(n: int, rng: np.random.Generator, taste: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return sets of three pictures, the choice of each, and the picture of the most worth."""
    X = rng.normal(size=(n, 3, DIM))
    worth = X @ taste + 0.5 * np.sin(2 * X[:, :, 0])
    return X, (worth + 0.5 * rng.gumbel(size=(n, 3))).argmax(axis=1), worth.argmax(axis=1)


def fit_ranker(X: np.ndarray, chosen: np.ndarray, weight: np.ndarray) -> SetRanker:
    kept = weight > 0
    X, chosen, weight = X[kept], chosen[kept], weight[kept]
    y = (chosen[:, None] == np.arange(3)).astype(int)
    ranker = SetRanker(
        n_estimators=40, learning_rate=0.05, num_leaves=7, min_child_samples=10, reg_lambda=10.0,
        linear=[[""]], random_state=0,
    )  # fmt: skip
    set_id = np.repeat(np.arange(len(X)), 3)
    return ranker.fit(
        X.reshape(-1, DIM), y.ravel(), set_id=set_id, sample_weight=np.repeat(weight, 3)
    )


def first_of(ranker: SetRanker, X: np.ndarray) -> np.ndarray:
    return ranker.predict(X.reshape(-1, DIM)).reshape(-1, 3).argmax(axis=1)


def anchored_life(seed: int, follow: float, name: str, rounds: int = 3, size: int = 150) -> float:
    """Return true top-1 after some rounds in which a share of the choices follows."""
    rng = np.random.default_rng(seed)
    taste = 1.5 * rng.normal(size=DIM) / np.sqrt(DIM)
    X, chosen, _ = draw_sets(100, rng, taste)
    followed, seen = np.zeros(100, bool), np.zeros(100, bool)
    ranker = fit_ranker(X, chosen, np.ones(100))
    for _ in range(rounds):
        new, wish, _ = draw_sets(size, rng, taste)
        suggested = first_of(ranker, new)
        answered = np.where(rng.random(size) < follow, suggested, wish)
        X, chosen = np.concatenate([X, new]), np.concatenate([chosen, answered])
        followed = np.concatenate([followed, answered == suggested])
        seen = np.concatenate([seen, np.ones(size, bool)])
        ranker = fit_ranker(X, chosen, LEARNED[name](followed, seen))
    fresh, _, best = draw_sets(2000, rng, taste)
    return float((first_of(ranker, fresh) == best).mean())


def exposure(seeds: int, seed: int) -> list[Row]:
    rows = []
    for follow in (0.1, 0.3, 0.5):
        naive = np.array([anchored_life(seed + i, follow, "all alike") for i in range(seeds)])
        for name in LEARNED:
            top1 = np.array([anchored_life(seed + i, follow, name) for i in range(seeds)])
            gain = top1 - naive
            rows.append({
                "follow": follow, "weights": name, "top1": round(float(top1.mean()), 4),
                "gain": round(float(gain.mean()), 4),
                "gain_se": standard_error(gain),
            })  # fmt: skip
            print(json.dumps(rows[-1]), flush=True)
    return rows


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=50, help="models offered, of each kind")
    parser.add_argument("--lives", type=int, default=10, help="lives of the loop, and seeds")
    parser.add_argument("--seed", type=int, default=9000, help="first seed; none was tuned on")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/gate_loop.json"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    lives, seed = options.lives, options.seed
    document = {
        "settings": {"repeats": options.repeats, "lives": lives, "seed": seed,
                     "logged": LOGGED, "seen": SEEN},
        "choices": gate_of_choices(options.repeats, seed),
        "exposure": exposure(lives, seed),
        "loop": [row for tolerance in (0.85, 0.7)
                 for row in loop(Forest, tolerance, True, lives, seed, WEIGHTS)],
        "crops": gate_of_crops(options.repeats, seed),
        "loop_crop_model": loop(
            small_cropper, 0.7, False, max(1, lives // 4), seed,
            ("kept, drawn ones twice", "left out", "all drawn anew"),
        ),
        "machine": machine(),
    }  # fmt: skip
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
