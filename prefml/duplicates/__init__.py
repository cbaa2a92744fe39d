"""Find near duplicates inside a project and name the best of each group."""

from prefml.duplicates.find import DuplicateGroup, find_duplicates, table_path, write_table
from prefml.duplicates.groups import MAX_DISTANCE, MIN_COSINE, find_groups
from prefml.duplicates.hamming import near_pairs, read_hashes

__all__ = [
    "MAX_DISTANCE",
    "MIN_COSINE",
    "DuplicateGroup",
    "find_duplicates",
    "find_groups",
    "near_pairs",
    "read_hashes",
    "table_path",
    "write_table",
]
