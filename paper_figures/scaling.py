"""Time of one training step against size, in matrix products: squares, and frames of 64 columns.

Each library has one colour here, and the map its dash and marker: what is compared are libraries.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper_figures.curves import family_legend, ordered
from paper_figures.data import Sources
from paper_figures.style import GREY, ORANGE, PAGE_WIDTH, VERMILLION, Look, look

UNITS = ("product", "addition")  # what is timed beside the steps, to measure them in
LIBRARIES = {"torch": ORANGE, "geotorch": VERMILLION}  # of two maps and more
COLUMNS = ("step", "size", "products", "floor")
LOWEST = "cayley"  # whose floor is drawn


def scaling(sources: Sources) -> Figure:
    """Draw both families of sizes side by side, with a product and the floor of one map."""
    rows = sources.benchmark("scaling", COLUMNS).rename(columns={"step": "method"})
    rows = rows[~rows.method.isin(UNITS)].copy()
    rows["family"] = rows.method.map(family_of)
    rows[["n", "k"]] = rows["size"].str.split("x", expand=True).astype(int)
    figure = Figure(figsize=(PAGE_WIDTH, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw(left, rows[rows.n == rows.k], r"$n$, weights $n \times n$")
    _draw(right, rows[rows.n > rows.k], r"$n$, weights $n \times 64$")
    left.set_ylabel("time of one step (matrix products)")
    family_legend(figure, rows, ordered(rows), library_look, handlelength=4)
    return figure


def library_look(method: str) -> Look:
    """How a method looks here: the colour of its library, the dash and marker of its map."""
    own = look(method)
    return replace(own, colour=LIBRARIES.get(method.partition("-")[0], own.colour))


def _draw(axes: Axes, rows: pandas.DataFrame, label: str) -> None:
    for method in ordered(rows):
        own = rows[rows.method == method].sort_values("n")
        axes.plot(own.n, own.products, **library_look(method).line())
        if method == LOWEST:
            axes.plot(own.n, own.floor, color=GREY, linestyle=":", linewidth=0.8, zorder=1)
            _write_below(axes, own.n.min(), own.floor.iloc[0], f"floor of {LOWEST}")
    ticks = sorted(rows.n.unique())
    axes.set(xscale="log", yscale="log", xlabel=label)
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.axhline(1, color="black", linewidth=0.6)
    _write_below(axes, rows.n.min(), 1, "product")


def _write_below(axes: Axes, n: float, height: float, text: str) -> None:
    where: dict[str, Any] = {"textcoords": "offset points", "ha": "left", "va": "top"}
    axes.annotate(text, (n, height), (0, -2), fontsize=5.5, color=GREY, **where)


def family_of(method: str) -> str:
    """Who answers for a method, by its name."""
    library = method.partition("-")[0]
    if library in {"torch", "geotorch", "geoopt", "pymanopt"}:
        return "peer"
    return "infeasible" if method == "landing" else "ours"
