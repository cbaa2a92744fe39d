"""Describe what makes a set of pictures: a named rule and its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import PurePosixPath

from prefml.decisions.stages import STAGES, split_path, stage_of
from prefml.exceptions import ConfigError
from prefml.workspace import MOST, RULES, Config

__all__ = ["MOST", "RULES", "SetRule", "compile_expression", "set_rule"]

_GROUPS = frozenset({"set", "stage", "time"})
# Rules whose names carry stages; `auto` takes `stages` where its names occur.
_STAGED = ("auto", "stages")


@dataclass(frozen=True)
class SetRule:
    """Description of what makes a set.

    Build one with `set_rule`, which checks it.

    Attributes
    ----------
    name : str
        One of `RULES`.
    stages : tuple of str
        Stage words, the lowest first; empty: those that prefml knows.
    expression : str
        Regular expression of the rule `name`, with the group `set` and perhaps `stage` and `time`.
    preset : str
        Source whose names the rule `name` reads; empty: all of them.
    max_gap : float or None
        Seconds between neighbours that end a set; None: as the rule says.
    most : int
        Pictures of a set at most; a longer chain is broken at its weakest link.
    table : str
        CSV file of the rule `table`, relative to the workspace.
    cosine : float or None
        Least cosine of two vectors of the rule `similar`; None: its default.
    window : float or None
        Seconds within which the rule `similar` compares; None: its default.
    """

    name: str = "auto"
    stages: tuple[str, ...] = ()
    expression: str = ""
    preset: str = ""
    max_gap: float | None = None
    most: int = MOST
    table: str = ""
    cosine: float | None = None
    window: float | None = None

    @cached_property
    def stage_numbers(self) -> Mapping[str, float]:
        """Number of each stage word, rising from the lowest stage.

        Words that prefml knows keep the numbers that models were trained with.
        """
        if not self.stages:
            return STAGES
        known = [word for word in STAGES if word in self.stages]
        if known == [*self.stages]:
            return {word: STAGES[word] for word in known}
        return {word: float(place) for place, word in enumerate(self.stages, 1)}

    def stage(self, name: str) -> float | None:
        """Return the stage of a picture, as the rule reads it from its name.

        Parameters
        ----------
        name : str
            A file name or a path.

        Returns
        -------
        float or None
            None where the rule knows no stages, or the name carries none.
        """
        if self.name in _STAGED:
            return stage_of(name, self.stage_numbers)
        found = self.match(name)
        if found is None or "stage" not in found.re.groupindex or found["stage"] is None:
            return None
        if self.stages:
            return self.stage_numbers.get(found["stage"])
        return float(found["stage"]) if re.fullmatch(r"\d+(\.\d+)?", found["stage"]) else None

    def match(self, name: str) -> re.Match[str] | None:
        """Match a file name, with or without its ending, against the expression.

        Parameters
        ----------
        name : str
            A file name or a path.

        Returns
        -------
        re.Match or None
            None where the name does not fit as a whole, or the rule has no expression.
        """
        if self.name != "name" or not self.expression:
            return None
        pattern, whole = compile_expression(self.expression), split_path(name)[1]
        return pattern.fullmatch(PurePosixPath(whole).stem) or pattern.fullmatch(whole)


def set_rule(config: Config, **changes: object) -> SetRule:
    """Return the rule of a workspace, checked.

    Parameters
    ----------
    config : Config
        Its settings.
    **changes
        Fields of `SetRule` that options of a command state; None changes nothing.

    Returns
    -------
    SetRule

    Raises
    ------
    ConfigError
        If there is no such rule, or its settings cannot be used.
    """
    stated = {
        "name": config.rule, "stages": config.stages, "expression": config.expression,
        "preset": config.preset, "max_gap": config.max_gap, "most": config.most,
        "table": config.table, "cosine": config.cosine, "window": config.window,
    }  # fmt: skip
    given = {name: value for name, value in changes.items() if value not in (None, ())}
    settings = {name: value for name, value in stated.items() if value is not None} | given
    if "name" not in settings:
        settings["name"] = _implied(settings)
    rule = replace(SetRule(), **settings)  # type: ignore[arg-type]
    _check(rule)
    return rule


def _implied(settings: Mapping[str, object]) -> str:
    """Return the one rule that has a setting which was stated."""
    if "expression" in settings or "preset" in settings:
        return "name"
    return "table" if "table" in settings else "auto"


def _check(rule: SetRule) -> None:
    if rule.name not in RULES:
        raise ConfigError(
            f"[sets] rule = {rule.name!r}", f"one of {', '.join(RULES)}", "prefml sets --rule auto"
        )
    if rule.most < 2:
        raise ConfigError(f"[sets] most = {rule.most}", "at least 2, for a set has two pictures")
    if len(set(rule.stages)) < len(rule.stages) or "" in rule.stages:
        raise ConfigError(f"[sets] stages = {list(rule.stages)}", "different words, lowest first")
    if rule.cosine is not None and not 0 < rule.cosine <= 1:
        raise ConfigError(f"[sets] cosine = {rule.cosine}", "a number above 0 and at most 1")
    if rule.name == "table" and not rule.table:
        raise ConfigError(
            "the rule table without a table", 'table = "FILE.csv" under [sets] in prefml.toml',
            "prefml sets --rule table --table FILE.csv",
        )  # fmt: skip
    if rule.expression:
        compile_expression(rule.expression)


@lru_cache(maxsize=64)
def compile_expression(text: str) -> re.Pattern[str]:
    """Compile the expression of the rule `name`.

    Parameters
    ----------
    text : str
        A regular expression of Python.

    Returns
    -------
    re.Pattern

    Raises
    ------
    ConfigError
        If it cannot be read, or lacks the group `set`.
    """
    wanted = r"a regular expression with a group (?P<set>...), such as (?P<set>.+)_(?P<stage>\w+)"
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(f"[sets] expression = {text!r}: {error}", wanted) from error
    groups = set(pattern.groupindex)
    if "set" not in groups:
        raise ConfigError(f"[sets] expression = {text!r} has no group set", wanted)
    if groups - _GROUPS:
        others = ", ".join(sorted(groups - _GROUPS))
        raise ConfigError(f"[sets] expression = {text!r}: group {others}", "set, stage and time")
    return pattern
