"""Beyond one machine: the pass and the trees on the workers of a Dask scheduler."""

from prefml.scale.cluster import connected
from prefml.scale.embed import spread_over
from prefml.scale.trees import growing_on

__all__ = ["connected", "growing_on", "spread_over"]
