"""Error of the right inverse in units of eps, manifold by manifold and dtype by dtype."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from paper_figures.data import Sources
from paper_figures.style import BLUE, COLUMN_WIDTH, GREEN, GREY, ORANGE, SKY, VERMILLION

LAW = "round_trip"
SMALLEST = 0.1  # exact round trips are drawn here: a log axis has no zero
DTYPES = {  # dtype -> (colour, marker)
    "float64": (BLUE, "o"),
    "float32": (ORANGE, "s"),
    "complex128": (SKY, "D"),
    "complex64": (VERMILLION, "v"),
    "bfloat16": (GREEN, "^"),
    "float16": (GREY, "p"),
}


def round_trip(sources: Sources) -> Figure:
    """Draw the worst error of every manifold over its options and shapes."""
    rows = sources.verified()
    rows = rows[rows.law == LAW]
    worst = rows.groupby(["manifold", "dtype"]).error_eps.max().clip(lower=SMALLEST)
    names = sorted(rows.manifold.unique(), reverse=True)
    figure = Figure(figsize=(COLUMN_WIDTH, 0.9 + 0.16 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    present = [dtype for dtype in DTYPES if dtype in set(rows["dtype"])]
    for shift, dtype in zip(np.linspace(0.24, -0.24, len(present)), present, strict=True):
        colour, marker = DTYPES[dtype]
        found = [(worst[n, dtype], y + shift) for y, n in enumerate(names) if (n, dtype) in worst]
        axes.plot(*zip(*found, strict=True), marker, color=colour, label=dtype)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-1, len(names))  # half a row more than the rows need
    axes.set(xscale="log", xlabel=r"worst $\max |f(r(X)) - X|$ in units of $\varepsilon \max |X|$")
    largest = int(np.ceil(np.log10(max(worst.max(), 1))))
    powers = [10.0**n for n in range(largest + 1)]
    axes.set_xticks([SMALLEST, *powers], ["exact", *(f"{power:g}" for power in powers)])
    axes.minorticks_off()  # between "exact" and 1 there is no scale
    figure.legend(loc="outside upper center", ncols=4, handlelength=1)
    return figure
