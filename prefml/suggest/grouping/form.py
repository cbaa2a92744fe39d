"""Form sets of pictures by the rule of a workspace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from prefml.decisions.set_rule import SetRule
from prefml.sidecars.find import ImageFile
from prefml.sidecars.store import Sidecars, read_sidecars_if_any
from prefml.suggest.grouping.auto import choose_rules
from prefml.suggest.grouping.by_folder import group_by_folder
from prefml.suggest.grouping.by_likeness import group_by_likeness
from prefml.suggest.grouping.by_metadata import group_by_metadata
from prefml.suggest.grouping.by_name import group_by_name
from prefml.suggest.grouping.by_stage import group_by_stage
from prefml.suggest.grouping.by_table import group_by_table, read_table
from prefml.suggest.grouping.by_time import group_by_time
from prefml.suggest.grouping.extras import Looks, read_looks
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.grouping.kept_facts import kept_facts
from prefml.suggest.grouping.outcome import Grouping, Lone, joined
from prefml.suggest.grouping.paths import folder_of, stem_of
from prefml.suggest.grouping.suffixes import by_product
from prefml.workspace import Workspace

__all__ = ["BY_PRODUCT", "Sources", "form_groups", "open_sources"]

# Begins the reason of every by-product.
BY_PRODUCT = "a by-product: "
# What a picture in a folder that no rule is sure of is told.
UNSURE = "no rule is sure for its folder; run: prefml sets --rule folder"


@dataclass(frozen=True)
class Sources:
    """Sources that rules may ask beside the names of pictures.

    Attributes
    ----------
    facts : callable
        Pictures -> facts by path.
    sidecars : callable
        Projects -> vectors and hashes of their pictures, or None where there are no sidecars.
    table : callable
        Name of a CSV file -> its rows.
    looks : callable
        Pictures -> small copies by path.
    """

    facts: Callable[[Sequence[ImageFile]], Mapping[str, PictureFacts]]
    sidecars: Callable[[Collection[str]], Sidecars | None]
    table: Callable[[str], list[tuple[str, str]]]
    looks: Looks = lambda images: {}


@contextmanager
def open_sources(workspace: Workspace) -> Iterator[Sources]:
    """Open what rules may ask for in a workspace, and keep the facts that were read when done.

    Parameters
    ----------
    workspace : Workspace
        The workspace.

    Yields
    ------
    Sources
    """
    with kept_facts(workspace) as facts:
        yield Sources(
            facts,
            lambda projects: read_sidecars_if_any(workspace.sidecars, projects, cues=()),
            partial(read_table, workspace),
            partial(read_looks, workspace.root),
        )


def form_groups(images: Sequence[ImageFile], rule: SetRule, sources: Sources) -> Grouping:
    """Form sets of pictures.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects, each once.
    rule : SetRule
        What makes a set.
    sources : Sources
        What the rule may ask for.

    Returns
    -------
    Grouping
        Every picture is in one set, or alone with a reason; the same whatever the order of the
        pictures; no set joins two projects or is larger than the rule's most.

    Raises
    ------
    ConfigError
        If the rule's expression, preset or table cannot be used.
    SidecarError
        If the rule needs sidecars and these are damaged.
    """
    ordered = sorted(images, key=lambda image: image.path)
    if rule.name != "auto":
        return _by_rule(ordered, rule, sources).sorted()
    parts, chosen = [], defaultdict[SetRule, list[ImageFile]](list)
    for choice in choose_rules(ordered, rule, sources.facts):
        parts.append(Grouping(folders=[choice.told]))
        if choice.rule is None:
            parts.append(_without_by_products(choice.images)[1])
            parts[-1].alone.extend(
                Lone(image, UNSURE) for image in _without_by_products(choice.images)[0]
            )
        else:
            chosen[choice.rule].extend(choice.images)
    parts += [_by_rule(members, found, sources) for found, members in chosen.items()]
    return joined(parts).sorted()


def _by_rule(images: Sequence[ImageFile], rule: SetRule, sources: Sources) -> Grouping:
    if rule.name == "stages":
        return group_by_stage(images, rule)
    if rule.name == "table":
        return group_by_table(images, rule, sources.table(rule.table))
    variants, rest = _without_by_products(images)
    if rule.name == "folder":
        made = group_by_folder(variants, rule)
    elif rule.name == "name":
        made = group_by_name(variants, rule)
    elif rule.name == "metadata":
        made = group_by_metadata(variants, rule, sources.facts(variants), sources.looks)
    elif rule.name == "burst":
        made = group_by_time(variants, rule, sources.facts(variants))
    else:
        projects = {image.project for image in variants}
        stored = sources.sidecars(projects)
        made = group_by_likeness(variants, rule, stored, sources.facts)
    return joined([made, rest])


def _without_by_products(images: Sequence[ImageFile]) -> tuple[list[ImageFile], Grouping]:
    variants, rest = [], Grouping()
    for image in images:
        words = by_product(stem_of(image.path), folder_of(image.path))
        if words:
            rest.alone.append(Lone(image, BY_PRODUCT + words))
        else:
            variants.append(image)
    return variants, rest
