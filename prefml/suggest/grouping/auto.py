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
from prefml.exceptions import counted
from prefml.sidecars.find import ImageFile
from prefml.suggest.grouping.by_name import group_by_name
from prefml.suggest.grouping.by_time import TIMELESS, group_by_time
from prefml.suggest.grouping.facts import PictureFacts
from prefml.suggest.grouping.outcome import FolderRule
from prefml.suggest.grouping.paths import folder_of, stem_of
from prefml.suggest.grouping.presets import place_name
from prefml.suggest.grouping.proposals import propose_order, read_words
from prefml.suggest.grouping.suffixes import by_product, families

__all__ = ["Choice", "choose_rules", "is_no_set"]

Facts: TypeAlias = Callable[[Sequence[ImageFile]], Mapping[str, PictureFacts]]

# Shares of the pictures of a folder.
_SOME, _HALF, _MOST = 0.2, 0.5, 0.8
# So many folders side by side are sets, if they are small.
_FOLDERS = 2
# Folders that a tool or a calendar names, not a person a set.
_NO_SET = re.compile(
    r"(?:.*/)?(?:(?:19|20)\d\d(?:[-_./]?[01]\d(?:[-_./]?[0-3]\d)?)?|\d{3}[A-Z_]{5}|dcim|camera|output"
    r"|outputs|(?:txt2img|img2img|extras)-images|.*-grids|images|pictures|edited|edits|exports?"
    r"|upscaled|finals?)",
    re.IGNORECASE,
)


def is_no_set(folder: str) -> bool:
    """Tell whether a folder is named after a day or a tool, as no person names a set.

    Parameters
    ----------
    folder : str
        Its path or name.

    Returns
    -------
    bool
    """
    return _NO_SET.fullmatch(folder) is not None


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
    def staged(self) -> int:
        """Number of names with a time and a stage word."""
        numbers = self.rule.stage_numbers
        return sum(stage_of(image.filename, numbers) is not None for image in self.images)

    @property
    def may_be_a_set(self) -> bool:
        """True if it is small, not named after a day or a tool, and its names speak of no sets."""
        if not 1 < len(self.stems) <= self.rule.most or is_no_set(self.path):
            return False
        return not self.staged and len(group_by_name(self.variants, SetRule("name")).sets) < 2

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
        Each picture in one of them. Folders in which stage words occur take `stages`, and so does
        all of a project of which they name half.
    """
    projects: dict[str, dict[str, list[ImageFile]]] = defaultdict(lambda: defaultdict(list))
    for image in images:
        projects[image.project][folder_of(image.path)].append(image)
    choices: list[Choice] = []
    for found in projects.values():
        folders = [Folder(path, members, rule, facts) for path, members in found.items()]
        layout = _folders_of_sets(folders)
        staged = sum(folder.staged for folder in folders)
        is_staged = staged >= _HALF * sum(len(folder.images) for folder in folders)
        for folder in folders:
            if folder.staged or (staged and is_staged):
                why = f"{counted(staged, 'name')} in the project with a time and a stage word"
                choices.append(_told(folder, (replace(rule, name="stages"), why)))
            elif folder.path in layout:
                choices.append(_told(folder, (replace(rule, name="folder"), layout[folder.path])))
            else:
                choices.append(_told(folder, next(_rules(folder), None)))
    return choices


def _folders_of_sets(folders: Sequence[Folder]) -> dict[str, str]:
    """Return the folders that hold a set each, beside others that do, with the evidence."""
    above: dict[str, list[Folder]] = defaultdict(list)
    for folder in folders:
        above[folder_of(folder.path)].append(folder)
    found = {}
    for beside in above.values():
        several = [folder for folder in beside if folder.may_be_a_set]
        inside = sum(len(folder.stems) for folder in several)
        everything = sum(len(folder.stems) for folder in beside)
        if len(several) >= _FOLDERS and inside >= _MOST * everything:
            why = f"{len(several)} small folders side by side"
            found.update(dict.fromkeys((folder.path for folder in beside), why))
    return found


def _rules(folder: Folder) -> Iterator[Found]:
    """Yield the rules that the pictures of a folder speak for, the most telling first."""
    rule = folder.rule
    for name, count in folder.presets.most_common(1):
        if folder.share(count) >= _HALF and name not in ("a1111", "fooocus"):
            kind = "burst" if name in ("huawei", "xperia", "nexus", "samsung", "pixel") else "name"
            yield replace(rule, name=kind), _written_by(name, count)
    if folder.with_relatives >= _MOST:
        yield replace(rule, name="name"), "names that differ in suffixes of editors or upscalers"
    told = (one.tool or "a1111" * one.is_extra for one in folder.facts.values())
    tools = Counter(tool for tool in told if tool)
    for tool, count in tools.most_common(1):
        if folder.share(count) >= _HALF:
            pictures = counted(count, "picture")
            yield replace(rule, name="metadata"), f"{pictures} with metadata of {tool}"
    for name in ("a1111", "fooocus"):
        if folder.share(folder.presets[name]) >= _HALF:
            yield replace(rule, name="name"), _written_by(name, folder.presets[name])
    if folder.with_relatives >= _SOME:
        yield replace(rule, name="name"), "names that differ in suffixes of editors or upscalers"
    yield from _by_words(folder)
    yield from _by_times(folder)


def _written_by(name: str, count: int) -> str:
    return counted(count, f"name as {name} writes it", f"names as {name} writes them")


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


def _by_times(folder: Folder) -> Iterator[Found]:
    rule = replace(folder.rule, name="burst")
    made = group_by_time(folder.variants, rule, folder.facts)
    timeless = sum(lone.reason == TIMELESS for lone in made.alone)
    grouped = sum(len(one.images) for one in made.sets)
    if folder.share(timeless) <= 1 - _MOST and folder.share(grouped) >= _SOME:
        yield rule, f"{counted(grouped, 'picture')} within a second of another, by EXIF or name"


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
