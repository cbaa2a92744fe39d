"""Say which settings of a generator lose or win sets."""

from __future__ import annotations

from prefml.evaluation.schema import SettingMetrics
from prefml.exceptions import counted
from prefml.features import ChoiceTable
from prefml.ranking.setting_effects import SettingEffect, setting_effects
from prefml.sidecars.generator import NUMBERS, WORDS
from prefml.sidecars.store import Sidecars

__all__ = ["describe_effect", "setting_metrics"]


def setting_metrics(sidecars: Sidecars, table: ChoiceTable) -> list[SettingMetrics] | None:
    """Return the effects of the generators' settings on choices.

    Parameters
    ----------
    sidecars : Sidecars
        Rows of the pictures, with their settings.
    table : ChoiceTable
        The choices.

    Returns
    -------
    list of SettingMetrics or None
        The most certain first; None where no picture says how it was made.
    """
    if sidecars.settings is None:
        return None
    frame = sidecars.settings.iloc[sidecars.positions(table.project, table.filename)]
    found = setting_effects(
        frame[[*WORDS, *NUMBERS]], 1 - table.y, table.stage, table.project, table.set_id
    )
    return [_metrics(one) for one in found]


def _metrics(effect: SettingEffect) -> SettingMetrics:
    return SettingMetrics(
        stage=effect.stage, setting=effect.setting, above=effect.above, word=effect.word or None,
        sets=effect.sets, lost=effect.lost, lost_ci=[effect.low, effect.high],
        otherwise=effect.otherwise, p=effect.p,
    )  # fmt: skip


def describe_effect(effect: SettingMetrics) -> str:
    """Say an effect in a sentence.

    Parameters
    ----------
    effect : SettingMetrics
        The effect.

    Returns
    -------
    str
        Such as: stage 3 at denoise above 0.45 lost 71 % of 120 sets, 62 to 79 (otherwise 40 %).
    """
    what = "pictures" if effect["stage"] is None else f"stage {effect['stage']:g}"
    named = effect["word"] or f"above {effect['above']:g}"
    low, high = (100 * float(end or 0) for end in effect["lost_ci"])
    lost, otherwise = 100 * effect["lost"], 100 * effect["otherwise"]
    sets = counted(int(effect["sets"]), "set")
    return (
        f"{what} at {effect['setting']} {named} lost {lost:.0f} % of {sets}, "
        f"{low:.0f} to {high:.0f} (otherwise {otherwise:.0f} %)"
    )
