"""Form sets of rising stages, the rule `stages`."""

from __future__ import annotations

from collections.abc import Sequence

from prefml.decisions.set_rule import SetRule
from prefml.decisions.stages import form_sets, stage_of, timestamp_of
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.chains import Placed, group_placed
from prefml.suggest.grouping.clock import microseconds
from prefml.suggest.grouping.outcome import FormedSet, Grouping, Lone

__all__ = ["group_by_stage"]

_UNSTAGED = "no time and stage in its name, as in YYYYMMDD_HHMMSS_STAGE.png"
_LONELY = "no higher or lower stage beside it"


def group_by_stage(images: Sequence[ImageFile], rule: SetRule) -> Grouping:
    """Form sets of the pictures of each project by the stages in their names.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects.
    rule : SetRule
        Stage words, the longest gap, and the most.

    Returns
    -------
    Grouping
    """
    projects: dict[str, dict[str, ImageFile]] = {}
    for image in images:
        projects.setdefault(image.project, {})[image.filename] = image
    made, numbers = Grouping(), rule.stage_numbers
    for project, files in projects.items():
        formed = form_sets(files, rule.max_gap, numbers)
        for number, names in enumerate(formed.sets):
            members = tuple(files[name] for name in names)
            if len(members) <= rule.most:
                made.sets.append(FormedSet(project, members, "stages"))
                continue
            chain = [Placed(one, (str(number),), _when(one, rule)) for one in members]
            parts = group_placed(chain, "stages", rule.most)
            made.sets.extend(parts.sets)
            made.alone.extend(parts.alone)
        for name in formed.lone:
            reason = _UNSTAGED if stage_of(name, numbers) is None else _LONELY
            made.alone.append(Lone(files[name], reason))
    return made


def _when(image: ImageFile, rule: SetRule) -> int:
    when = timestamp_of(image.filename, rule.stage_numbers)
    return microseconds(when) if when else 0
