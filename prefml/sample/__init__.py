"""A small runnable workspace with known truth, made from two photographs."""

from prefml.sample.write import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
