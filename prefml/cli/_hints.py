"""Make hints that can be followed: with the options of this call, and from the first step on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

from prefml.exceptions import PrefmlError
from prefml.workspace import Workspace

__all__ = ["first_step", "with_options"]

_LOGS = "put your logs (.csv) into data/training/ (one to try is made by prefml sample)"
_PICTURES = (
    "put pictures into images/PROJECT/, or name their folders under [images] roots in prefml.toml"
)
_NEW = "put new pictures into new/PROJECT/"
_VARIANTS = "put ten pictures or more into new/PROJECT/, each in two variants or more"
_COMMANDS = (
    "doctor|ingest|embed|export-encoder|export-model|duplicates|train|evaluate|rank|crop|suggest|"
    "review|apply|status|models|start|sets|import|export-picks"
)
# A command that is at work already is not to be run.
_COMMAND = re.compile(
    rf"(?<!another )\bprefml (?:{_COMMANDS})\b(?! --workspace)(?: (?:ranker|crop|rollback)\b)?"
    r"(?: --(?:encoder|port|precision|device|report) [^\s;,]+| --(?:undo|execute|force)\b)*"
)


def with_options(text: str, options: Mapping[str, object]) -> str:
    """Return a text in which every command of prefml carries the folders of this call.

    Parameters
    ----------
    text : str
        What is printed.
    options : mapping
        `workspace` and `artifacts` as they were given, if they were.

    Returns
    -------
    str
    """
    given = [
        f" --{name} {shlex.quote(str(options[name]))}"
        for name in ("workspace", "artifacts")
        if name in options
    ]
    return _COMMAND.sub(lambda found: found[0] + "".join(given), text)


def first_step(workspace: Workspace, hint: str, found: str = "") -> str:
    """Return the steps that lead to where a hint leads, of which the first can be taken now.

    Parameters
    ----------
    workspace : Workspace
        The workspace as it is.
    hint : str
        A command, such as `prefml train`, or a sentence, which stays as it is.
    found : str
        What went wrong; it tells which model is missing.

    Returns
    -------
    str
        The hint itself, or what comes before it, a command or what the person has to bring, and
        then the hint.
    """
    command = re.match(r"prefml ([a-z-]+)", hint)
    before = _BEFORE.get(command[1]) if command else None
    if before is None:
        return hint
    try:
        step = before(workspace, found)
    except PrefmlError:
        # What is damaged says so itself, once the hint is followed.
        return hint
    return f"{step}, then {hint}" if step else hint


def _before_ingest(workspace: Workspace, found: str) -> str:
    from prefml.decisions.log_files import find_logs

    reviewed = (workspace.sandbox / "approved_decisions.jsonl").exists()
    return "" if reviewed or find_logs(workspace).paths else _instead_of_logs(workspace)


def _instead_of_logs(workspace: Workspace) -> str:
    """Return the way without logs where there are sets to ask about, else both ways."""
    if _can_start(workspace):
        return "prefml start"
    if next(workspace.root.iterdir(), None) is None:
        return f"{_LOGS}, or have no logs and answer on a page: prefml start PICTURES"
    return f"{_LOGS}, or have no logs: {_VARIANTS}, then prefml start"


def _can_start(workspace: Workspace) -> bool:
    from prefml.decisions.set_rule import set_rule
    from prefml.suggest.first_day import read_beginning, refuse_trained
    from prefml.suggest.first_day.questions import LEAST_SETS, form_sets

    if read_beginning(workspace.root) is not None:
        return True
    try:
        refuse_trained(workspace)
        return len(form_sets(workspace, set_rule(workspace.config)).sets) >= LEAST_SETS
    except PrefmlError:
        return False


def _before_embed(workspace: Workspace, found: str) -> str:
    from prefml.decisions import ProjectResolver
    from prefml.sidecars.find import scan_images

    scan = scan_images(workspace, ProjectResolver.open(workspace))
    return "" if scan.images or scan.failures else _PICTURES


def _before_train(workspace: Workspace, found: str) -> str:
    """Require decisions enough of a kind that is wanted, and pictures for the choices."""
    from prefml.decisions import read_decisions
    from prefml.models.kinds import MIN_DECISIONS

    decisions = read_decisions(workspace)
    counts = {"crop": len(decisions.crops), "ranker": decisions.items["set_id"].nunique()}
    wanted = [k for k in counts if re.search(rf"\b{k}\.(joblib|manifest)|no {k} model", found)]
    enough = [kind for kind in wanted or counts if counts[kind] >= MIN_DECISIONS]
    if "crop" in enough:
        return ""
    if not enough:
        number = counts[wanted[0]] if wanted else counts["ranker"]
        units = "crops" if wanted == ["crop"] else "choices"
        if not decisions.files or (
            units == "choices" and (workspace.sandbox / "first_day.json").exists()
        ):
            return _instead_of_logs(workspace)
        return f"log {MIN_DECISIONS} {units} ({number} so far) in data/training/ or in a review"
    if any(workspace.sidecars.glob("*.parquet")):
        return ""
    return first_step(workspace, "prefml embed")


def _before_suggest(workspace: Workspace, found: str) -> str:
    from prefml.models.store import model_file

    kinds = ("ranker", "crop")
    if not any((workspace.artifacts / model_file(kind)).exists() for kind in kinds):
        return first_step(workspace, "prefml train")
    return "" if (workspace.root / "new").is_dir() else _NEW


def _before_review(workspace: Workspace, found: str) -> str:
    if (workspace.sandbox / "automation_decisions.jsonl").exists():
        return ""
    return first_step(workspace, "prefml suggest")


_BEFORE: Mapping[str, Callable[[Workspace, str], str]] = {
    "ingest": _before_ingest,
    "embed": _before_embed,
    "train": _before_train,
    "suggest": _before_suggest,
    "review": _before_review,
}
