"""Import decisions that were made in other programs: sets by the set rule, logs out."""

from prefml.suggest.imports.plan import ImportPlan, plan_import
from prefml.suggest.imports.sources import KINDS, kind_of

__all__ = ["KINDS", "ImportPlan", "kind_of", "plan_import"]
