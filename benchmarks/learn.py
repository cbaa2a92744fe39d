"""Does it learn? A made-up person of known taste reviews 300 sets in five rounds.

    python benchmarks/learn.py [--seeds 3] [--out FILE] [--picture FILE]

The person has logged a few choices and crops. Each round goes the way of a real one: suggestions
are written, answered through the review's API, submitted, and both models are trained again; the
replay gate decides whether the new ones are used. Agreement is measured twice: as it was lived,
on the sets of each round before they were answered, and on sets that are never reviewed. In the
end models that were spoilt in known ways are held against the gate.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from _machine import machine
from _person import FULL, Desk, Person, agrees, overlap, run, wanted, write_logs

from prefml.cropping import CropRegressor
from prefml.decisions.stages import form_sets
from prefml.features import ChoiceTable, CropTable
from prefml.features.training_data import read_training_data
from prefml.files import file_sha256
from prefml.models.kinds import CROP, RANKER, AnyKind, Table
from prefml.models.promotion import promote
from prefml.models.store import save_model
from prefml.proposals import read_suggestions
from prefml.ranking.defaults import default_ranker
from prefml.sample import write_sample
from prefml.sample.crop_rule import ideal_box
from prefml.sample.plan import SetPlan, plan_sample, scaled_projects
from prefml.workspace import Workspace

RUNS = {
    "learn": {
        "quick": [
            "--seeds", "1", "--rounds", "2", "--sets", "20", "--share", "0.3",
            "--picture", "{scratch}/learn.png",
        ],
        "full": [],
    }
}  # fmt: skip
FOLDERS = ("images", "training data", "new")
Row = dict[str, Any]


def names_of(scene: SetPlan) -> frozenset[str]:
    return frozenset(shot.name for shot in scene.images)


def formed(scenes: Sequence[SetPlan]) -> list[SetPlan]:
    """Leave out sets that the stage rule joins with a neighbour."""
    projects: dict[str, list[str]] = {}
    for scene in scenes:
        projects.setdefault(scene.project, []).extend(shot.name for shot in scene.images)
    found = {frozenset(names) for every in projects.values() for names in form_sets(every).sets}
    return [scene for scene in scenes if names_of(scene) in found]


def lines_by_set(root: Path) -> dict[frozenset[str], Row]:
    lines = read_suggestions(Workspace.open(root)).values()
    return {frozenset(Path(path).name for path in line["images"]): line for line in lines}


def suggested_box(line: Row) -> Sequence[float]:
    return line["step2_crop"]["crop_coords"] or FULL


def never_reviewed(root: Path, scenes: Iterable[SetPlan]) -> Row:
    """Hold suggestions against the taste, on sets that teach nothing."""
    lines, hits, highest, overlaps, agreed = lines_by_set(root), [], [], [], []
    for scene in scenes:
        line, ideal = lines[names_of(scene)], ideal_box(scene.subject_box)
        hits.append(
            Path(line["step1_selection"]["chosen"]).name == scene.images[wanted(scene)].name
        )
        highest.append(wanted(scene) == len(scene.images) - 1)
        overlaps.append(overlap(suggested_box(line), ideal))
        agreed.append(agrees(suggested_box(line), ideal))
    return {
        "sets": len(hits),
        "agreement": round(float(np.mean(hits)), 4),
        "highest_stage": round(float(np.mean(highest)), 4),
        "crop_iou": round(float(np.mean(overlaps)), 4),
        "crop_taken_over": round(float(np.mean(agreed)), 4),
    }


def review(root: Path, person: Person, scenes: Sequence[SetPlan]) -> Row:
    """Let the person answer some sets on the page, and submit."""
    lines, desk = lines_by_set(root), Desk(root)
    agreed, taken = [], []
    for scene in scenes:
        group = desk.group(lines[names_of(scene)]["group_id"])
        body = person.answer(scene, group)
        desk.decide(body)
        agreed.append(body["final_choice"] == group["suggested"])
        taken.append((body["crop_coords"] or FULL) == (group["crop"]["box"] or FULL))
    submitted = desk.submit()
    return {
        "reviewed": len(scenes),
        "submitted": submitted,
        "agreement": round(float(np.mean(agreed)), 4),
        "crop_taken_over": round(float(np.mean(taken)), 4),
    }


def train(root: Path) -> Row:
    began = time.perf_counter()
    told = json.loads(run(root, "train", "--json"))
    kept = ("counts", "in_use", "verdict", "why_not")
    models = {kind: {name: told[kind][name] for name in kept} for kind in told}
    return {**models, "seconds": round(time.perf_counter() - began, 1)}


def fresh(root: Path, person: Person, logged: Sequence[SetPlan]) -> None:
    for name in ("sandbox", "artifacts"):
        shutil.rmtree(root / name, ignore_errors=True)
    write_logs(root, person, logged)
    # Every set is asked once here; that old ones are asked again is another matter.
    config = root / "prefml.toml"
    if "[suggest]" not in config.read_text():
        config.write_text(config.read_text() + "\n[suggest]\nreask = 0\n")


def one_life(root: Path, scenes: Sequence[SetPlan], seed: int, options: argparse.Namespace) -> Row:
    rng = np.random.default_rng(seed)
    mixed = [scenes[n] for n in rng.permutation(len(scenes))]
    many, first = options.rounds * options.sets, options.logged
    logged, pool, held_out = mixed[:first], mixed[first:][:many], mixed[first + many :]
    person = Person(rng)
    fresh(root, person, logged)
    rounds: list[Row] = []
    for number in range(options.rounds + 1):
        trained = train(root)
        run(root, "suggest", *FOLDERS, "--json")
        found = {"trained": trained, "never_reviewed": never_reviewed(root, held_out)}
        if number < options.rounds:
            asked = pool[number * options.sets :][: options.sets]
            found["review"] = review(root, person, asked)
        rounds.append({"reviewed_before": number * options.sets, **found})
        print(seed, json.dumps(rounds[-1]), flush=True)
    return {"seed": seed, "rounds": rounds, "status": json.loads(run(root, "status", "--json"))}


def spoilt_rankers(table: ChoiceTable) -> dict[str, Any]:
    """Fit rankers on data that are wrong in ways that happen."""
    rows = np.random.default_rng(0).permutation(len(table))
    vectors = [name for name in table.X.columns if name.startswith("emb")]
    wrong = {
        "winners and losers swapped": replace(table, y=1 - table.y),
        "features of other pictures": replace(table, X=table.X.iloc[rows].set_axis(table.X.index)),
        "vectors of other pictures": replace(
            table, X=table.X.assign(**{name: table.X[name].to_numpy()[rows] for name in vectors})
        ),
    }
    return {name: _ranker(bad) for name, bad in wrong.items()}


def _ranker(table: ChoiceTable) -> Any:
    return default_ranker().fit(
        table.X, table.y, set_id=table.set_id, groups=table.project, sample_weight=table.weight
    )


def spoilt_croppers(table: CropTable) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    wrong = {
        "crops of other pictures": table.boxes[rng.permutation(len(table))],
        "crops turned upside down": 1 - table.boxes[:, [2, 3, 0, 1]],
    }
    return {
        name: CropRegressor().fit(table.X, boxes, size=table.size, groups=table.project)
        for name, boxes in wrong.items()
    }


def gate(root: Path) -> list[Row]:
    """Offer spoilt models to the gate; whatever it says, the one in use is not lost."""
    workspace = Workspace.open(root)
    data = read_training_data(workspace)
    choices, crops = data.choices(), data.crops()
    return [
        *(offer(workspace, RANKER, n, m, choices) for n, m in spoilt_rankers(choices).items()),
        *(offer(workspace, CROP, n, m, crops) for n, m in spoilt_croppers(crops).items()),
    ]


def offer(workspace: Workspace, kind: AnyKind, name: str, model: Any, table: Table) -> Row:
    in_use = workspace.artifacts / kind.file
    before = file_sha256(in_use)
    path = workspace.artifacts / "candidate" / kind.file
    save_model(model, path, kind.name, {"encoder": None})
    verdict = promote(workspace, kind, path, table)
    kept = file_sha256(in_use) == before
    return {
        "model": kind.name,
        "spoilt": name,
        "refused": not verdict.accepted,
        "in_use_unchanged": kept,
        "reason": verdict.reason,
    }


def curve(lives: Sequence[Row], part: str, name: str) -> np.ndarray:
    """Return a figure of each life (rows) after each round (columns)."""
    return np.array(
        [[r[part][name] for r in life["rounds"] if part in r] for life in lives], dtype=float
    )


def summary(lives: Sequence[Row]) -> Row:
    found: Row = {"reviewed_before": [r["reviewed_before"] for r in lives[0]["rounds"]]}
    for part, names in (
        ("never_reviewed", ("agreement", "highest_stage", "crop_iou", "crop_taken_over")),
        ("review", ("agreement", "crop_taken_over")),
    ):
        for name in names:
            values = curve(lives, part, name)
            found[f"{part}_{name}"] = {
                "median": np.median(values, axis=0).round(4).tolist(),
                "least": values.min(axis=0).tolist(),
                "most": values.max(axis=0).tolist(),
            }
    return found


def draw(document: Mapping[str, Any], path: Path) -> None:
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    found, settings = document["summary"], document["settings"]
    reviewed = found["reviewed_before"]
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharex=True)
    _line(axes[0], reviewed, found["never_reviewed_agreement"], "#0a52bd", "sets never reviewed")
    _line(axes[0], reviewed[:-1], found["review_agreement"], "#b85c00", "sets of the next round")
    baseline = found["never_reviewed_highest_stage"]["median"][0]
    axes[0].axhline(baseline, color="#555", ls=":", label="highest stage")
    axes[0].axhline(1 - settings["slips"], color="#999", lw=0.8, label="the person's own slips")
    axes[0].set(title="Choice as suggested", ylabel="share of sets", ylim=(None, 1.02))
    _line(axes[1], reviewed, found["never_reviewed_crop_iou"], "#0a52bd", "overlap (IoU)")
    _line(
        axes[1], reviewed, found["never_reviewed_crop_taken_over"], "#b85c00",
        "all edges within 5 %",
    )  # fmt: skip
    axes[1].set(title="Crop, sets never reviewed", ylim=(0, 1.02))
    for ax in axes:
        ax.set_xlabel("sets reviewed")
        ax.legend(frameon=False, loc="lower right")
        ax.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _line(ax: Any, x: Sequence[int], values: Row, colour: str, label: str) -> None:
    ax.fill_between(x, values["least"], values["most"], color=colour, alpha=0.15, lw=0)
    ax.plot(x, values["median"], color=colour, marker="o", label=label)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sample", type=Path, help="an embedded sample of the same share, copied and not made anew"
    )
    parser.add_argument("--seeds", type=int, default=3, help="lives, each with its own sets")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sets", type=int, default=60, help="sets reviewed in a round")
    parser.add_argument("--logged", type=int, default=12, help="choices logged before")
    parser.add_argument("--share", type=float, default=0.8, help="share of the sample to write")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/learn.json"))
    parser.add_argument("--picture", type=Path, default=Path("docs/images/learn.png"))
    return parser.parse_args()


def main() -> None:
    options = arguments()
    began = time.perf_counter()
    decided, new = plan_sample(scaled_projects(options.share))
    scenes = formed([*decided, *new])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "sample"
        prepare(root, options)
        lives, refused = [], []
        for seed in range(options.seeds):
            lives.append(one_life(root, scenes, seed, options))
            refused = refused or gate(root)
            # After every life, so that an interruption loses one of them only.
            keep(options, lives, refused, round(time.perf_counter() - began))


def prepare(root: Path, options: argparse.Namespace) -> None:
    if options.sample is None:
        write_sample(root, share=options.share)
        run(root, "embed")
    else:
        shutil.copytree(options.sample, root)


def keep(options: argparse.Namespace, lives: list[Row], refused: list[Row], seconds: int) -> None:
    settings = {name: getattr(options, name) for name in ("rounds", "sets", "logged", "share")}
    document = {
        "settings": {"seeds": len(lives), **settings, "slips": Person.slips},
        "summary": summary(lives),
        "gate": refused,
        "lives": lives,
        "seconds": seconds,
        "machine": machine(),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(document, indent=1) + "\n")
    draw(document, options.picture)
    print(json.dumps({"summary": document["summary"], "gate": refused}, indent=1))


if __name__ == "__main__":
    main()
