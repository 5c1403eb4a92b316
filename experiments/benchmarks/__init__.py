"""Timings, by name. A new one is a file with a `BENCHMARK` and one line here."""

from experiments.benchmarks import (
    accuracy,
    compiled,
    engine,
    manifolds,
    maps,
    norms,
    progress,
    scaling,
    ties,
)
from experiments.benchmarks.benchmark import Benchmark, Setup

BENCHMARKS: dict[str, Benchmark] = {
    "maps": maps.BENCHMARK,
    "progress": progress.BENCHMARK,
    "scaling": scaling.BENCHMARK,
    "compiled": compiled.BENCHMARK,
    "manifolds": manifolds.BENCHMARK,
    "engine": engine.BENCHMARK,
    "ties": ties.BENCHMARK,
    "norms": norms.BENCHMARK,
    "accuracy": accuracy.BENCHMARK,
}

__all__ = ["BENCHMARKS", "Benchmark", "Setup"]
