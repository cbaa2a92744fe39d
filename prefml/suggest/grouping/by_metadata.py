"""Form sets by what generators wrote, the rule `metadata`: a job, seeds, or a prompt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from prefml.decisions.set_rule import SetRule
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.by_folder import places_in_names
from prefml.suggest.grouping.chains import Placed, group_placed
from prefml.suggest.grouping.clock import SECOND
from prefml.suggest.grouping.extras import Looks, with_sources
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.grouping.outcome import Grouping, Lone

__all__ = ["group_by_metadata", "seeds_mean"]

Told: TypeAlias = tuple[ImageFile, PictureFacts]

_LONELY = "no other picture of its job, seeds or prompt"
_SILENT = "no seed, job or prompt in its file"
# Share of the pictures of a tool that must speak for a meaning of their seeds.
_SHARE = 0.2


def group_by_metadata(
    images: Sequence[ImageFile],
    rule: SetRule,
    facts: Mapping[str, PictureFacts],
    looks: Looks = lambda images: {},
) -> Grouping:
    """Form sets of pictures that a generator made together.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects, without by-products.
    rule : SetRule
        The most; `max_gap` where a prompt alone tells and names have times.
    facts : mapping of str to PictureFacts
        By path.
    looks : callable, optional
        As in `prefml.suggest.grouping.extras.with_sources`.

    Returns
    -------
    Grouping
    """
    known = with_sources(images, facts, looks)
    tools: dict[tuple[str, ...], list[Told]] = defaultdict(list)
    alone = []
    for image in images:
        found = known[image.path]
        if found.tool:
            # Who queues one graph in a batch may queue another picture by picture.
            graph = found.prompt if found.tool == "comfyui" else ""
            tools[image.project, found.tool, graph].append((image, found))
        else:
            alone.append(Lone(image, _SILENT))
    placed = [one for told in tools.values() for one in _placed(told, rule)]
    made = group_placed(placed, "metadata", rule.most)
    made.alone.extend(alone)
    return made


def seeds_mean(told: Sequence[PictureFacts], most: int) -> str:
    """Tell what the seeds of one tool's pictures mean.

    Parameters
    ----------
    told : sequence of PictureFacts
        Of one project and tool.
    most : int
        Pictures of a set at most; seeds that lie further apart are not of one batch.

    Returns
    -------
    {"same", "run", "nothing"}
        A set has one seed; a run of consecutive seeds; or seeds are drawn anew for each picture.
    """
    seeds: dict[str, Counter[int]] = defaultdict(Counter)
    near = [step for step in range(1 - most, most) if step]
    for one in told:
        if one.seed is not None:
            seeds[one.prompt][one.seed] += 1
    same = sum(n for found in seeds.values() for n in found.values() if n > 1)
    run = sum(
        n
        for found in seeds.values()
        for seed, n in found.items()
        if any(seed + step in found for step in near)
    )
    if same >= _SHARE * len(told) and (same > run or told[0].tool == "comfyui"):
        return "same"
    return "run" if run >= _SHARE * len(told) else "nothing"


def _placed(told: Sequence[Told], rule: SetRule) -> list[Placed]:
    meaning = seeds_mean([facts for _, facts in told], rule.most)
    placed: list[Placed] = []
    prompts: dict[tuple[str, ...], list[ImageFile]] = defaultdict(list)
    for image, facts in told:
        if facts.job:
            placed.append(Placed(image, (facts.tool, "job", facts.job), lonely=_LONELY))
        elif meaning == "same" and facts.seed is not None:
            same = (facts.tool, facts.prompt, str(facts.seed))
            placed.append(Placed(image, same, lonely=_LONELY))
        elif meaning == "run" and facts.seed is not None:
            batch = (facts.tool, facts.prompt)
            placed.append(Placed(image, batch, facts.seed, rule.most - 1, _LONELY))
        else:
            prompts[facts.tool, facts.prompt].append(image)
    for key, images in prompts.items():
        places, are_times = places_in_names(images)
        limit = round(rule.max_gap * SECOND) if rule.max_gap and are_times else None
        placed += [
            Placed(image, (*key, "prompt"), at, limit, _LONELY)
            for image, at in zip(images, places, strict=True)
        ]
    return placed
