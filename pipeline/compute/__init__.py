"""Parallel work: one map over this machine's processes or a Dask cluster's."""

from pipeline.compute.chunk import Result
from pipeline.compute.spread import parallel_map

__all__ = ["Result", "parallel_map"]
