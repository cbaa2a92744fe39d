"""Beyond one machine: the pass and the trees on the workers of a Dask scheduler."""

from prefml.scale.cluster import connected
from prefml.scale.embed import spread_over

__all__ = ["connected", "spread_over"]
