"""Propose stage words from the names of pictures, and their order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

__all__ = ["WordNames", "propose_order", "read_words"]

# A time and a word, the form of the rule `stages`; else what follows a number, or the last word.
_FORMS = (
    (True, re.compile(r"(?P<set>\d{8}_\d{6})_(?P<word>[A-Za-z][\w.\-]*)")),
    (False, re.compile(r"(?P<set>.*?\d)[_\-. ](?P<word>[A-Za-z].*)")),
    (False, re.compile(r"(?P<set>.*[^\W_])[_\-. ](?P<word>[A-Za-z][A-Za-z0-9.]*)")),
)
# So many words are tried in every order.
_MOST_WORDS = 7
_LEAST_SHARE = 0.04


@dataclass(frozen=True)
class WordNames:
    """Names that are a stem and one of a few words.

    Attributes
    ----------
    pairs : list of (stem, word)
        Names that fit, sorted; the word is empty for a name that is the stem of others.
    timed : bool
        Whether the stem is a time.
    """

    pairs: list[tuple[str, str]]
    timed: bool

    @property
    def words(self) -> list[str]:
        """The words, by the numbers in them, then by letters."""
        words = {word for _, word in self.pairs if word}
        return sorted(words, key=lambda word: ([int(n) for n in re.findall(r"\d+", word)], word))

    @property
    def shared(self) -> int:
        """Number of names whose stem another name has, too."""
        stems = Counter(stem for stem, _ in self.pairs)
        return sum(n for n in stems.values() if n > 1)


def read_words(stems: Sequence[str]) -> WordNames | None:
    """Read names as stems and words, where few words occur often.

    Parameters
    ----------
    stems : sequence of str
        Names without endings.

    Returns
    -------
    WordNames or None
        None where the ends of the names are not a few words.
    """
    found = [_read(stems, form, timed) for timed, form in _FORMS]
    usable = [
        names
        for names in found
        if 1 <= len(names.words) <= _MOST_WORDS and len(names.pairs) >= len(stems) / 2
    ]
    return max(usable, key=lambda names: names.shared, default=None)


def _read(stems: Sequence[str], form: re.Pattern[str], timed: bool) -> WordNames:
    found = [match for stem in stems if (match := form.fullmatch(stem))]
    counts = Counter(match["word"] for match in found)
    least = max(2, _LEAST_SHARE * len(stems))
    pairs = [(m["set"], m["word"]) for m in found if counts[m["word"]] >= least]
    bare = {stem for stem, _ in pairs} & set(stems)
    return WordNames(sorted([*pairs, *((stem, "") for stem in bare)]), timed)


def propose_order(names: WordNames) -> tuple[str, ...]:
    """Order stage words so that the fewest sets are formed of them.

    Parameters
    ----------
    names : WordNames
        Names whose stems are times.

    Returns
    -------
    tuple of str
        The lowest first. Of equally good orders, the one by numbers in the words, then by letters.
    """
    steps = Counter(pairwise(word for _, word in names.pairs if word))

    def rises(order: tuple[str, ...]) -> int:
        place = {word: i for i, word in enumerate(order)}
        return sum(n for (one, other), n in steps.items() if place[one] < place[other])

    return max(permutations(names.words), key=rises)
