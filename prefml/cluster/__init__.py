"""Distribute the embedding pass and the fitting of trees over the workers of a Dask scheduler."""

from prefml.cluster.connection import connected
from prefml.cluster.embed import distributed_compute
from prefml.cluster.trees import tree_backend_on

__all__ = ["connected", "distributed_compute", "tree_backend_on"]
