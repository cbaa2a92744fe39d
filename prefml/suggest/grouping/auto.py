"""Choose a rule for each folder from the names and metadata in it, the rule `auto`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from prefml.decisions.set_rule import SetRule
from prefml.decisions.stages import stage_of
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.by_time import group_by_time
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.grouping.outcome import FolderRule
from prefml.suggest.grouping.paths import folder_of, stem_of
from prefml.suggest.grouping.presets import place_name
from prefml.suggest.grouping.proposals import propose_order, read_words
from prefml.suggest.grouping.suffixes import by_product, families

__all__ = ["Choice", "choose_rules"]

Facts: TypeAlias = Callable[[Sequence[ImageFile]], Mapping[str, PictureFacts]]

_HALF = 0.5
_MOST = 0.8
# Folders that a tool or a calendar names, not a person a set.
_NO_SET = re.compile(
    r"(?:.*/)?(?:(?:19|20)\d\d(?:[-_./]?[01]\d(?:[-_./]?[0-3]\d)?)?|\d{3}[A-Z_]{5}|dcim|camera|output"
    r"|outputs|(?:txt2img|img2img|extras)-images|.*-grids|images|pictures|edited|edits|exports?"
    r"|upscaled|finals?)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Choice:
    """Rule for the pictures of one folder.

    Attributes
    ----------
    rule : SetRule or None
        None where none is sure.
    images : list of ImageFile
        The pictures.
    told : FolderRule
        The choice in words.
    """

    rule: SetRule | None
    images: list[ImageFile]
    told: FolderRule


class Folder:
    """Evidence in a folder; nothing is read before it is asked for.

    Parameters
    ----------
    path : str
        The folder, relative to the workspace.
    images : list of ImageFile
        Its pictures.
    rule : SetRule
        Settings that every rule keeps.
    facts : callable
        Pictures -> facts by path.
    """

    def __init__(self, path: str, images: list[ImageFile], rule: SetRule, facts: Facts) -> None:
        self.path = path
        self.images = images
        self.rule = rule
        self._facts = facts
        self.variants = [image for image in images if not by_product(stem_of(image.path), path)]
        self.stems = [stem_of(image.path) for image in self.variants]

    @cached_property
    def facts(self) -> Mapping[str, PictureFacts]:
        """Facts of its variants, by path."""
        return self._facts(self.variants)

    @cached_property
    def presets(self) -> Counter[str]:
        """Number of names of each known source."""
        places = map(place_name, self.stems)
        return Counter(place.preset.name for place in places if place is not None)

    @cached_property
    def with_relatives(self) -> float:
        """Share of the names that are another's stem, or have another's stem and a suffix."""
        bases = families(self.stems)
        counts = Counter(bases[stem] for stem in self.stems)
        return self.share(sum(n for n in counts.values() if n > 1))

    def share(self, count: int) -> float:
        """Return a count as a share of its variants.

        Parameters
        ----------
        count : int
            Number of pictures.

        Returns
        -------
        float
        """
        return count / max(1, len(self.stems))


Found: TypeAlias = tuple[SetRule, str]


def choose_rules(images: Sequence[ImageFile], rule: SetRule, facts: Facts) -> list[Choice]:
    """Choose a rule for each folder.

    Parameters
    ----------
    images : sequence of ImageFile
        Pictures of any projects.
    rule : SetRule
        Settings that the chosen rules keep.
    facts : callable
        Pictures -> facts by path; called for folders whose names do not tell.

    Returns
    -------
    list of Choice
        Each picture in one of them. Where stage words occur in a project, all of it takes `stages`.
    """
    projects: dict[str, dict[str, list[ImageFile]]] = defaultdict(lambda: defaultdict(list))
    for image in images:
        projects[image.project][folder_of(image.path)].append(image)
    choices = []
    for found in projects.values():
        folders = [Folder(path, members, rule, facts) for path, members in found.items()]
        common = _common_rule(folders, rule)
        for folder in folders:
            choices.append(_told(folder, common or next(_rules(folder), None)))
    return choices


def _common_rule(folders: Sequence[Folder], rule: SetRule) -> Found | None:
    """Return the rule of a whole project: its stage words, or a folder for each set."""
    numbers = rule.stage_numbers
    staged = sum(
        stage_of(image.filename, numbers) is not None
        for folder in folders
        for image in folder.images
    )
    if staged:
        return replace(rule, name="stages"), f"{staged} names with a time and a stage word"
    small = [
        folder
        for folder in folders
        if len(folder.stems) <= rule.most and not _NO_SET.fullmatch(folder.path)
    ]
    several = [folder for folder in small if len(folder.stems) > 1]
    inside = sum(len(folder.stems) for folder in several)
    everything = sum(len(folder.stems) for folder in folders)
    if len(several) >= 2 and inside >= _MOST * everything:
        return replace(rule, name="folder"), f"{len(several)} folders of 2 to {rule.most} pictures"
    return None


def _rules(folder: Folder) -> Iterator[Found]:
    """Yield the rules that the pictures of a folder speak for, the most telling first."""
    rule = folder.rule
    for name, count in folder.presets.most_common(1):
        if folder.share(count) >= _HALF and name not in ("a1111", "fooocus"):
            kind = "burst" if name in ("huawei", "xperia", "nexus", "samsung", "pixel") else "name"
            yield replace(rule, name=kind), f"{count} names as {name} writes them"
    if folder.with_relatives >= _MOST:
        yield replace(rule, name="name"), "names that differ in suffixes of editors or upscalers"
    told = (one.tool or "a1111" * one.is_extra for one in folder.facts.values())
    tools = Counter(tool for tool in told if tool)
    for tool, count in tools.most_common(1):
        if folder.share(count) >= _HALF:
            yield replace(rule, name="metadata"), f"{count} pictures with metadata of {tool}"
    for name in ("a1111", "fooocus"):
        if folder.share(folder.presets[name]) >= _HALF:
            yield replace(rule, name="name"), f"{folder.presets[name]} names as {name} writes them"
    if folder.with_relatives >= _HALF:
        yield replace(rule, name="name"), "names that differ in suffixes of editors or upscalers"
    yield from _by_words(folder)
    yield from _by_exif(folder)


def _by_words(folder: Folder) -> Iterator[Found]:
    found = read_words(folder.stems)
    if found is None:
        return
    words = ", ".join(found.words)
    if folder.share(found.shared) >= _HALF:
        either = "|".join(sorted(map(re.escape, found.words), key=len, reverse=True))
        form = rf"(?P<set>.*?[^\W_])(?:[_\-. ](?P<stage>{either}))?"
        told = f"names of one stem and the words {words}"
        yield replace(folder.rule, name="name", expression=form, stages=tuple(found.words)), told
    elif found.timed:
        order = propose_order(found)
        told = f"names with a time and the words {', '.join(order)}"
        yield replace(folder.rule, name="stages", stages=order), told


def _by_exif(folder: Folder) -> Iterator[Found]:
    timed = [one for one in folder.facts.values() if one.taken is not None]
    if folder.share(len(timed)) < _MOST:
        return
    rule = replace(folder.rule, name="burst")
    made = group_by_time(folder.variants, rule, folder.facts)
    grouped = sum(len(one.images) for one in made.sets)
    if folder.share(grouped) >= _HALF:
        yield rule, f"{grouped} pictures within a second of another, by EXIF"


def _told(folder: Folder, found: Found | None) -> Choice:
    if found is None:
        why = "names, metadata and times tell no sets: is the folder one, or do they look alike?"
        told = FolderRule(folder.path, "", why, len(folder.images))
        return Choice(None, folder.images, told)
    rule, why = found
    told = FolderRule(folder.path, rule.name, why, len(folder.images), _settings(rule))
    return Choice(rule, folder.images, told)


def _settings(rule: SetRule) -> str:
    lines = [f'rule = "{rule.name}"']
    if rule.stages:
        lines.append("stages = [" + ", ".join(f'"{word}"' for word in rule.stages) + "]")
    if rule.expression:
        lines.append(f"expression = '{rule.expression}'")
    return "\n".join(lines)
