"""Test accuracy beside constraint violation and condition number, method by method."""

from __future__ import annotations

import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.logs import frame
from paper_figures.curves import ordered
from paper_figures.data import Sources
from paper_figures.style import PAGE_WIDTH, look

EXPERIMENT = "stiefel_mlp"


def stiefel_mlp(sources: Sources) -> Figure:
    """Draw one row per method: the median over seeds, with the range between them."""
    rows = frame(sources.runs(EXPERIMENT))
    methods = ordered(rows)[::-1]
    figure = Figure(figsize=(PAGE_WIDTH, 2.4), layout="constrained")
    accuracy, violation, condition = figure.subplots(1, 3, sharey=True)
    ends, worst = rows.groupby(["method", "seed"]).last(), rows.groupby(["method", "seed"]).max()
    _ranges(accuracy, 100 * ends.accuracy, methods)
    _ranges(violation, worst.violation, methods)
    _ranges(condition, worst.condition - 1, methods)
    accuracy.set_xlabel("test accuracy (%)")
    violation.set(xscale="log", xlabel=r"worst violation $\Vert W^{\top} W - I \Vert_F$")
    condition.set(xscale="log", xlabel=r"worst condition number $- 1$")
    accuracy.set_yticks(range(len(methods)), methods)
    return figure


def _ranges(axes: Axes, values: pandas.Series, methods: list[str]) -> None:
    for height, method in enumerate(methods):
        of_method = values.loc[method]
        axes.hlines(height, of_method.min(), of_method.max(), color=look(method).colour)
        axes.plot(of_method.median(), height, marker=look(method).marker, color=look(method).colour)
    axes.grid(visible=False, axis="y")
