"""Distance to the known optimum against wall time."""

from __future__ import annotations

import pandas
from matplotlib.figure import Figure

from experiments.logs import frame
from paper_figures.curves import curve, family_legend, ordered
from paper_figures.data import Sources
from paper_figures.style import COLUMN_WIDTH
from paper_figures.violation import EXPERIMENT, TWINS, VARIANTS

BELOW = ("penalty", "unconstrained")  # end below the optimum: a log axis cannot show them


def gap(sources: Sources) -> Figure:
    """Draw the methods that converge to the optimum from above."""
    rows = frame(sources.runs(EXPERIMENT))
    rows = rows[rows.wall_s > 0]  # a log axis starts after the first step
    shown = [n for n in ordered(rows) if n not in (*TWINS, *BELOW) and not _variant(n)]
    figure = Figure(figsize=(COLUMN_WIDTH, 3.5), layout="constrained")
    axes = figure.add_subplot()
    for method in shown:
        curve(axes, _positive(rows[rows.method == method]), "wall_s", "gap", method)
    axes.set(xscale="log", yscale="log", xlabel="wall time (s), one thread")
    axes.set_ylabel(r"gap $(f - f^\star) / f^\star$")
    family_legend(figure, rows, shown)
    return figure


def _variant(name: str) -> bool:
    return name.endswith(VARIANTS) and name != "polar-rebased"


def _positive(rows: pandas.DataFrame) -> pandas.DataFrame:
    return rows[rows.gap > 0]
