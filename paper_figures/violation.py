"""Constraint violation against step: who stays on the manifold, and who leaves it for the loss."""

from __future__ import annotations

import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.logs import frame
from paper_figures.curves import curve, family_legend, ordered, rounding
from paper_figures.data import Sources, columns_and_eps
from paper_figures.style import COLUMN_WIDTH, FAMILIES, PAGE_WIDTH

EXPERIMENT = "stiefel_procrustes"
VARIANTS = ("-fixed", "-rebased")  # drawn in `violation_all` only
TWINS = ("geotorch-cayley", "geotorch-exponential", "geoopt-adam")  # as torch's, as geoopt-sgd


def violation(sources: Sources) -> Figure:
    """Draw the chosen methods at column width."""
    runs = sources.runs(EXPERIMENT)
    rows = frame(runs)
    shown = [n for n in ordered(rows) if not n.endswith(VARIANTS) and n not in TWINS]
    figure = Figure(figsize=(COLUMN_WIDTH, 3.5), layout="constrained")
    axes = figure.add_subplot()
    _draw(axes, rows, shown)
    _mark_rounding(axes, *columns_and_eps(runs))
    axes.set_ylabel(r"violation $\Vert X^{\top} X - I \Vert_F$")
    family_legend(figure, rows, shown)
    return figure


def violation_all(sources: Sources) -> Figure:
    """Draw every method, one panel per family, at page width."""
    runs = sources.runs(EXPERIMENT)
    rows = frame(runs)
    figure = Figure(figsize=(PAGE_WIDTH, 3.9), layout="constrained")
    panels = figure.subplots(1, len(FAMILIES), sharey=True)
    for axes, (family, title) in zip(panels, FAMILIES.items(), strict=True):
        _draw(axes, rows, ordered(rows[rows.family == family]))
        _mark_rounding(axes, *columns_and_eps(runs))
        axes.set_title(title)
    panels[0].set_ylabel(r"violation $\Vert X^{\top} X - I \Vert_F$")
    family_legend(figure, rows, ordered(rows))
    return figure


def _draw(axes: Axes, rows: pandas.DataFrame, methods: list[str]) -> None:
    for method in methods:
        curve(axes, rows[rows.method == method], "step", "violation", method)
    axes.set(yscale="log", xlabel="step")
    axes.margins(x=0.02)


def _mark_rounding(axes: Axes, columns: int, eps: float) -> None:
    limit = rounding(columns, eps)
    axes.axhline(limit, color="black", linewidth=0.6, linestyle=(0, (4, 3)), zorder=0)
    axes.annotate(
        r"$10\sqrt{k}\,\varepsilon$",
        (1, limit),
        xycoords=("axes fraction", "data"),
        xytext=(0, 1.5),
        textcoords="offset points",
        ha="right",
        va="bottom",
    )
