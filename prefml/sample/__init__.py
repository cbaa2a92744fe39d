"""Generate a small workspace with known ground truth from two photographs."""

from prefml.sample.write import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
