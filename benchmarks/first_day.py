"""How much do the first answers teach? Learning curves over random starts, by order and by ranker.

    python benchmarks/first_day.py WORKSPACE [--encoder NAME] [--starts 50] [--jobs 2]
        [--out FILE] [--go-on]

Each start holds out whole projects at random, a quarter of them, and asks about sets of the others
in turn, as their log answers. Agreement with the held-out choices is measured after some answers.
**Orders**: at random, and by each acquisition function of `prefml.ranking.acquisition`;
`prefml start` is variance reduction with a third at random. Until the first model, at ten answers,
the others cover; then they follow a model that is refitted as answers come (prefml's for few
choices without its rival, trees alone). **Rankers**, in random order: prefml's, a linear
Bradley-Terry model on the embedding, a ridge Bradley-Terry model on cues, the seed's net, the
highest stage and chance. The workspace is embedded already, or with --encoder first.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _machine import machine
from joblib import Parallel, delayed
from scipy.stats import binom

from prefml.features import ChoiceTable
from prefml.features.training_data import read_training_data
from prefml.ranking import HighestStage, LinearPairwise, PairwiseLogistic, default_ranker
from prefml.ranking.acquisition import (
    ACQUISITIONS,
    Acquisition,
    coverage,
    random_order,
)
from prefml.ranking.defaults import ALTERNATIVES
from prefml.ranking.metrics import top1
from prefml.ranking.pool import Pool, describe_sets, scale_pictures
from prefml.ranking.variance_reduction import variance_reduction
from prefml.suggest.first_day.order import interleave
from prefml.workspace import Workspace

RUNS = {
    "first_day_live_challenge_mobilenet": {
        "quick": ["{workspace}", "--starts", "1", "--answers", "10", "20"],
        "full": ["{live}", "--encoder", "{mobilenet}"],
    },
    "first_day_mef_mobilenet": {"full": ["{mef}", "--encoder", "{mobilenet}"]},
}  # fmt: skip
ANSWERS = (10, 20, 25, 50, 100, 200)
# Answers at which the model that chooses is fitted anew.
REFITS = (10, 15, 20, 30, 45, 70, 100, 140)
FIRST = 10
MOST_HELD_OUT = 300
Row = dict[str, Any]


@dataclass(frozen=True)
class Start:
    """A split into sets that can be asked about, and held-out rows."""

    table: ChoiceTable
    ids: np.ndarray
    pool: Pool
    test: np.ndarray
    rng: np.random.Generator

    def rows(self, chosen: Sequence[int]) -> np.ndarray:
        """Return which rows are of some sets."""
        return np.isin(self.table.set_id.astype(str), self.ids[list(chosen)])

    def agreement(self, model: Any) -> float:
        """Return the agreement of a model on the held-out sets."""
        table, test = self.table, self.test
        return float(top1(table.y[test], model.predict(table.X[test]), table.set_id[test]))


def make_start(table: ChoiceTable, seed: int) -> Start:
    rng = np.random.default_rng(seed)
    project, set_id = table.project.astype(str), table.set_id.astype(str)
    names = np.unique(project)
    held = np.isin(project, rng.permutation(names)[: max(1, len(names) // 4)])
    measured = rng.permutation(np.unique(set_id[held]))[:MOST_HELD_OUT]
    ids, first = np.unique(np.where(held, "", set_id), return_index=True)
    ids, first = ids[ids != ""], first[ids != ""]
    inside = np.isin(set_id, ids)
    cues = table.X[[name for name in table.X.columns if name.startswith("cue__")]]
    vectors = describe_sets(cues.to_numpy(float)[inside], set_id[inside])
    pictures = scale_pictures(cues.to_numpy(float)[inside], set_id[inside])
    unasked = np.zeros(len(ids), bool)
    pool = Pool(vectors, project[first].astype(object), unasked, pictures=pictures)
    return Start(table, ids, pool, np.isin(set_id, measured), rng)


def fit_prefml(start: Start, chosen: Sequence[int], **changes: Any) -> Any:
    table, rows = start.table, start.rows(chosen)
    return (
        default_ranker()
        .set_params(**changes)
        .fit(table.X[rows], table.y[rows], set_id=table.set_id[rows], groups=table.project[rows])
    )


def fit_columns(prefix: str, make: Callable[[], Any], start: Start, chosen: Sequence[int]) -> Any:
    """Fit a ranker on some columns; it is told all of them."""
    table, rows = start.table, start.rows(chosen)
    names = [name for name in table.X.columns if name.startswith(prefix)]
    model = make().fit(table.X[names][rows], table.y[rows], set_id=table.set_id[rows])
    return _OnColumns(model, names)


@dataclass(frozen=True)
class _OnColumns:
    model: Any
    names: list[str]

    def predict(self, X: Any) -> np.ndarray:
        return np.asarray(self.model.predict(X[self.names]))


def fit_net(start: Start, chosen: Sequence[int]) -> Any:
    from prefml.evaluation.neural import NeuralRanker

    return fit_columns("emb__", NeuralRanker, start, chosen)


RANKERS: Mapping[str, Callable[[Start, Sequence[int]], Any]] = {
    "prefml": fit_prefml,
    "linear": partial(fit_columns, "emb__", LinearPairwise),
    "ridge_cues": partial(fit_columns, "cue__", PairwiseLogistic),
    "neural": fit_net,
}


def members(start: Start, chosen: Sequence[int], n: int = 4) -> tuple[np.ndarray, ...]:
    """Return what a model, and for disagreement its bootstrap copies, say of every set."""
    table, stated = start.table, []
    set_id = table.set_id.astype(str)
    inside = np.isin(set_id, start.ids)
    for copy in range(n):
        again = start.rng.choice(len(chosen), len(chosen)) if copy else np.arange(len(chosen))
        drawn = [chosen[at] for at in sorted(set(again))]
        model = fit_prefml(start, drawn, alternatives=ALTERNATIVES[:1], calibration=None)
        stated.append(model.win_probability(table.X[inside], set_id=set_id[inside]))
    found = np.array(stated)
    return tuple(found[:, set_id[inside] == one] for one in start.ids)


def ask(start: Start, method: str, most: int) -> list[int]:
    """Return the sets that a method asks about, in its order."""
    if method == "random":
        return [int(at) for at in random_order(start.pool, start.rng)][:most]
    mixed = method == "prefml start"
    acquire = ACQUISITIONS["variance_reduction" if mixed else method]
    lots = start.rng.permutation(len(start.ids))[: len(start.ids) // 3 if mixed else 0]
    begin = acquire if acquire in (coverage, variance_reduction) else coverage
    asked = next_sets(start, begin, [], lots)[:FIRST]
    for at, until in zip(REFITS, (*REFITS[1:], most), strict=True):
        if len(asked) >= most:
            break
        more = next_sets(start, acquire, asked, lots)
        asked += more[: min(until, most) - at]
    return asked[:most]


def next_sets(start: Start, acquire: Acquisition, asked: list[int], lots: np.ndarray) -> list[int]:
    answered = np.isin(np.arange(len(start.ids)), asked)
    needs_model = acquire is not coverage and len(asked) >= FIRST
    copies = 4 if acquire is ACQUISITIONS["bald"] else 1
    said = members(start, asked, copies) if needs_model else ()
    pool = replace(start.pool, answered=answered, probabilities=said)
    if acquire is variance_reduction:
        waiting = ~answered
        waiting[lots] = False
        acquire = partial(variance_reduction, wanted=waiting)
    order = [str(at) for at in acquire(pool, start.rng)]
    drawn = [str(at) for at in lots if not answered[at]]
    chosen = [at for at in order if at not in set(drawn)]
    done = int(answered[lots].sum()) if len(lots) else 0
    if not len(lots):
        return [int(at) for at in chosen]
    return [int(at) for at in interleave(chosen, drawn, len(asked), done, FIRST)]


def curve(start: Start, asked: Sequence[int], ranker: str, answers: Sequence[int]) -> Row:
    fit = RANKERS[ranker]
    return {
        str(n): round(start.agreement(fit(start, asked[:n])), 4) for n in answers if n <= len(asked)
    }


def one_start(table: ChoiceTable, seed: int, options: argparse.Namespace) -> Row:
    warnings.simplefilter("ignore")
    start, most = make_start(table, seed), max(options.answers)
    test, found = start.test, {}
    orders: Row = {}
    for method in ("random", *options.orders):
        asked = ask(start, method, most)
        orders[method] = curve(start, asked, "prefml", options.answers)
        if method == "random":
            found = {name: curve(start, asked, name, options.answers) for name in options.rankers}
    simple = {"chance": top1(table.y[test], np.zeros(test.sum()), table.set_id[test])}
    if np.isfinite(table.stage[test]).any():
        highest = HighestStage().fit(table.X, table.y, set_id=table.set_id)
        simple["highest_stage"] = start.agreement(highest)
    return {
        "seed": seed,
        "held_out": len(np.unique(table.set_id[test].astype(str))),
        "orders": orders,
        "rankers": found,
        "simple": {name: round(float(value), 4) for name, value in simple.items()},
    }


def summary(starts: Sequence[Row], answers: Sequence[int]) -> Row:
    """Return means over the starts with 95 % intervals of the mean, and paired differences."""
    found: Row = {}
    for part in ("orders", "rankers"):
        for name in starts[0][part]:
            found.setdefault(part, {})[name] = {
                str(n): _mean([one[part][name][str(n)] for one in starts])
                for n in answers
                if str(n) in starts[0][part][name]
            }
    found["orders_less_random"] = {
        name: {n: _mean([one["orders"][name][n] - one["orders"]["random"][n] for one in starts])
               for n in row}
        for name, row in found["orders"].items()
        if name != "random"
    }  # fmt: skip
    found["chance"] = _mean([one["simple"]["chance"] for one in starts])
    found["better_than_chance"] = {
        str(n): round(float(np.mean([_is_better(one, n) for one in starts])), 4)
        for n in answers
        if str(n) in starts[0]["orders"]["random"]
    }
    return found


def _mean(values: Sequence[float]) -> Row:
    spread = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    mean = float(np.mean(values))
    return {"mean": round(mean, 4), "ci": [round(mean - 1.96 * spread, 4),
                                           round(mean + 1.96 * spread, 4)]}  # fmt: skip


def _is_better(one: Row, n: int) -> bool:
    """Tell whether a start's agreement is above chance with 95 % certainty."""
    order = one["orders"].get("prefml start", one["orders"]["random"])
    hits, sets = round(order[str(n)] * one["held_out"]), one["held_out"]
    return bool(binom.sf(hits - 1, sets, one["simple"]["chance"]) < 0.05)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--encoder", help="embed with it first")
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2, help="starts at a time")
    parser.add_argument("--answers", type=int, nargs="+", default=ANSWERS)
    chosen = [name for name in ACQUISITIONS if name != "random"]
    parser.add_argument("--orders", nargs="*", default=[*chosen, "prefml start"])
    parser.add_argument("--rankers", nargs="*", default=[name for name in RANKERS])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/first_day.json"))
    parser.add_argument("--go-on", action="store_true", help="keep the starts in that file")
    return parser.parse_args()


def embed(workspace: Path, encoder: str) -> None:
    from prefml.cli import main as prefml

    if status := prefml(["--workspace", str(workspace), "embed", "--encoder", encoder, "--json"]):
        raise SystemExit(status)


def main() -> None:
    options = arguments()
    if options.encoder:
        embed(options.workspace, options.encoder)
    table = read_training_data(Workspace.open(options.workspace)).choices()
    starts: list[Row] = json.loads(options.out.read_text())["starts"] if options.go_on else []
    left = sorted(set(range(options.starts)) - {one["seed"] for one in starts})
    work = (delayed(one_start)(table, seed, options) for seed in left)
    for found in Parallel(options.jobs, return_as="generator")(work):
        starts.append(found)
        print(json.dumps(found), flush=True)
        # After every start, so that an interruption loses a few of them only.
        document = {
            "machine": machine(),
            "workspace": options.workspace.name,
            "sets": table.n_sets,
            "projects": len(np.unique(table.project)),
            "answers": list(options.answers),
            "summary": summary(starts, options.answers),
            "starts": starts,
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
