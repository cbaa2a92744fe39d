"""Record the cross-validation of a workspace: `benchmarks/results/evaluate_NAME.json`.

python benchmarks/evaluate.py NAME WORKSPACE [--encoder NAME] [--seeds N] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from _machine import machine

from prefml.cli import main as prefml

RUNS = {
    "evaluate_sample": {
        "quick": ["sample", "{workspace}", "--seeds", "1"],
        "full": ["sample", "{workspace}", "--seeds", "1"],
    },
    "evaluate_live_challenge_mobilenet": {
        "full": [
            "live_challenge_mobilenet", "{live}", "--encoder", "{mobilenet}", "--seeds", "1",
        ],
    },
}  # fmt: skip
RESULTS = Path(__file__).parent / "results"
# What the per-set and per-project breakdowns hold is for report.html; the record keeps the totals.
KEPT = (
    "sets", "rows", "projects", "folds", "folds_by", "seeds", "models", "auto_approve", "left_out",
)  # fmt: skip


def main() -> None:
    arguments = parse()
    folder = Path(arguments.workspace)
    run("--workspace", folder, "embed", *encoder_words(arguments.encoder))
    with tempfile.TemporaryDirectory() as artifacts:
        words = ("evaluate", "--seeds", str(arguments.seeds))
        run("--workspace", folder, "--artifacts", artifacts, *words)
        metrics = json.loads((Path(artifacts) / "metrics.json").read_text())
    record = {
        "benchmark": "evaluate",
        "command": spelled(arguments),
        "machine": machine(),
        "workspace": arguments.name,
        "encoder": metrics["encoder"]["id"] if metrics["encoder"] else None,
        "left_out": metrics["left_out"],
        "ranker": trimmed(metrics["ranker"]),
        "crop": trimmed(metrics["crop"]),
    }
    target = arguments.out or RESULTS / f"evaluate_{arguments.name}.json"
    target.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
    print(target)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("workspace")
    parser.add_argument("--encoder")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def encoder_words(encoder: str | None) -> tuple[str, ...]:
    return ("--encoder", encoder) if encoder else ()


def spelled(arguments: argparse.Namespace) -> str:
    """Return the command without the place where the workspace happens to lie."""
    encoder = f" --encoder .../{Path(arguments.encoder).name}" if arguments.encoder else ""
    name = arguments.name
    return f"python benchmarks/evaluate.py {name} WORKSPACE{encoder} --seeds {arguments.seeds}"


def run(*words: object) -> None:
    status = prefml([str(word) for word in words])
    if status:
        raise SystemExit(status)


def trimmed(part: dict[str, object] | None) -> dict[str, object] | None:
    return part and {key: value for key, value in part.items() if key in KEPT}


if __name__ == "__main__":
    main()
