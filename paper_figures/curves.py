"""What several figures share: curves with their spread over seeds, and a legend by family."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from paper_figures.style import FAMILIES, LOOKS, MARKERS_PER_CURVE, Look, look


def ordered(frame: pandas.DataFrame) -> list[str]:
    """Return the methods of a log in the order of the styles; unknown ones last."""
    names = list(LOOKS)
    present = frame.method.unique()
    return sorted(present, key=lambda name: names.index(name) if name in names else len(names))


def curve(axes: Axes, rows: pandas.DataFrame, x: str, y: str, method: str) -> None:
    """Draw the median over the seeds at every step, with the range between smallest and largest."""
    by_step = rows.groupby("step")
    across, values = by_step[x].median(), by_step[y]
    stagger = len(axes.lines) * 0.037 % (1 / MARKERS_PER_CURVE)  # markers of two curves part
    options = {**look(method).line(), "markevery": (stagger, 1 / MARKERS_PER_CURVE)}
    axes.fill_between(
        across, values.min(), values.max(), color=look(method).colour, alpha=0.12, linewidth=0
    )
    axes.plot(across, values.median(), label=method, **options)


def family_legend(
    figure: Figure,
    frame: pandas.DataFrame,
    methods: Sequence[str],
    looks: Callable[[str], Look] = look,
    /,
    **options: Any,
) -> None:
    """Put one legend column per family below the axes, off every curve; options of the legend."""
    families = frame.drop_duplicates("method").set_index("method").family.to_dict()
    columns = [[name for name in methods if families[name] == family] for family in FAMILIES]
    titles = [title for title, names in zip(FAMILIES.values(), columns, strict=True) if names]
    columns = [names for names in columns if names]
    height = max(map(len, columns))
    handles = [
        handle
        for title, names in zip(titles, columns, strict=True)
        for handle in (
            _blank(title),
            *(Line2D([], [], label=name, **looks(name).line()) for name in names),
            *[_blank("")] * (height - len(names)),
        )
    ]
    options = {"loc": "outside lower center", "ncols": len(columns), **options}
    legend = figure.legend(handles=handles, **options)
    for text in legend.get_texts():
        text.set_fontweight("bold" if text.get_text() in titles else "normal")


def _blank(text: str) -> Line2D:
    return Line2D([], [], linestyle="none", label=text)


def dots(axes: Axes, ends: pandas.Series, spread: pandas.Series, methods: Sequence[str]) -> None:
    """Draw one row per method: the median of `ends`, and the range of `spread` behind it.

    Both are indexed by the method; several values of one method are its seeds or its steps. A
    median beyond the axis is written as a number at its edge, so set the limits before.
    """
    for height, method in enumerate(reversed(methods)):
        low, high = spread.loc[[method]].min(), spread.loc[[method]].max()
        axes.hlines(height, low, high, color=look(method).colour, linewidth=2.2, alpha=0.35)
        axes.plot(ends.loc[[method]].median(), height, **look(method).point())
    axes.set_yticks(range(len(methods)), list(reversed(methods)))
    axes.set_ylim(-0.7, len(methods) - 0.3)
    axes.grid(visible=False, axis="y")
    lowest, highest = axes.get_xlim()
    for height, method in enumerate(reversed(methods)):
        value = ends.loc[[method]].median()
        if not lowest <= value <= highest:
            _write_at_edge(axes, value, height, method, right=not value < lowest)


def _write_at_edge(axes: Axes, value: float, height: int, method: str, *, right: bool) -> None:
    number = r"$\infty$" if math.isinf(value) else f"{value:.3g}"
    axes.annotate(
        f"{number} \N{BLACK RIGHT-POINTING TRIANGLE}"
        if right
        else f"\N{BLACK LEFT-POINTING TRIANGLE} {number}",
        (0.99 if right else 0.01, height),
        xycoords=("axes fraction", "data"),
        ha="right" if right else "left",
        va="center",
        color=look(method).colour,
    )


def rounding(columns: int, eps: float) -> float:
    """10 sqrt(k) eps, what rounding alone may leave of ‖X^T X - I‖ (LAPACK's QR leaves half)."""
    return 10 * math.sqrt(columns) * eps
