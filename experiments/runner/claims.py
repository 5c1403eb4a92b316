"""The claims that most problems make: limits that each of our methods keeps on every seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas

from experiments.methods import Family, Method
from experiments.runner.experiment import Claim, Limit, PerSeed, last, limits
from experiments.runner.extremes import highest, lowest

Limited = Callable[[pandas.DataFrame], Limit]


def at_most(title: str, per_seed: PerSeed, bound: float) -> Limited:
    """Return the limit that the worst seed of a method must keep; NaN is the worst."""
    return lambda rows: Limit(title, highest(per_seed(rows).values()), bound)


def size_of(per_seed: PerSeed) -> PerSeed:
    """Return the absolute values: a gap below zero is an error too."""
    return lambda rows: {seed: abs(value) for seed, value in per_seed(rows).items()}


def of_ours(frame: pandas.DataFrame, text: str, *limited: Limited) -> list[Claim]:
    """Return one claim for each of our methods in the logs."""
    ours = frame[frame.family == Family.OURS]
    return [
        Claim(f"{name}: {text}", *limits(*(limit(rows) for limit in limited)))
        for name, rows in ours.groupby("method")
    ]


def claimed(
    frame: pandas.DataFrame, methods: Mapping[str, Method]
) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Return the rows of methods that must reach the optimum, and those of the others."""
    must = frame.method.map(lambda name: methods[name].optimum_claimed).astype(bool)
    return frame[must], frame[~must]


def ends_unclaimed(
    frame: pandas.DataFrame, methods: Mapping[str, Method]
) -> dict[str, tuple[float, float]]:
    """Return the least and largest gap at which each of ours ends of which no optimum is claimed.

    A loss without a known optimum has no gap, and is judged otherwise.
    """
    _, others = claimed(frame[(frame.family == Family.OURS) & frame.method.isin(methods)], methods)
    ends = {
        str(name): last("gap")(rows).values()
        for name, rows in others.groupby("method")
        if rows.gap.notna().any()
    }
    return {name: (lowest(gaps), highest(gaps)) for name, gaps in ends.items()}
