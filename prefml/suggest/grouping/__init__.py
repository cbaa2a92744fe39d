"""Form sets of pictures: one rule, many sources, a reason for every picture that is alone."""

from prefml.suggest.grouping.form import BY_PRODUCT, Sources, form_groups, open_sources
from prefml.suggest.grouping.outcome import FolderRule, FormedSet, Grouping, Lone

__all__ = [
    "BY_PRODUCT",
    "FolderRule",
    "FormedSet",
    "Grouping",
    "Lone",
    "Sources",
    "form_groups",
    "open_sources",
]
