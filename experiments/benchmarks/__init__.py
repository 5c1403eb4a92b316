"""Timings, by name. A new one is a function and one line in `BENCHMARKS`."""

from experiments.benchmarks.maps import bench_maps

BENCHMARKS = {"maps": bench_maps}

__all__ = ["BENCHMARKS"]
