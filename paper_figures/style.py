"""How every method looks in every figure: one place, one colour per method.

The hue is the family (blue and green: ours; orange to brown: other methods; grey: infeasible),
the dash and the marker the map, so that a figure reads without colour too. The first hues of each
family are those of Okabe & Ito 2008, chosen to differ for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl

COLUMN_WIDTH = 3.4  # inches: one column of a two-column paper
PAGE_WIDTH = 7.0  # inches: both columns
MARKERS_PER_CURVE = 6

FAMILIES = {"ours": "ours", "peer": "other methods", "infeasible": "infeasible"}


@dataclass(frozen=True)
class Look:
    """Colour, dash and marker of one method; the filling tells the variants of a map apart."""

    colour: str
    dash: Any = "-"
    marker: str = "o"
    filling: Literal["full", "left", "none"] = "full"

    def point(self) -> dict[str, Any]:
        """Return the options of a matplotlib marker."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "fillstyle": self.filling,
            "markeredgewidth": 0.8,
            "markerfacecoloralt": "white",
        }

    def line(self) -> dict[str, Any]:
        """Return the options of a matplotlib line."""
        return {**self.point(), "linestyle": self.dash}


SHORT, LONG, DOTS, MIXED = (0, (3, 1.5)), (0, (6, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5))

BLUE, SKY, GREEN, NAVY = "#0072B2", "#56B4E9", "#009E73", "#003C6C"
ORANGE, VERMILLION, BROWN, PINK, RUST = "#E69F00", "#D55E00", "#8C4A00", "#CC79A7", "#A63C3C"
BLACK, GREY, SILVER = "#000000", "#6E6E6E", "#A8A8A8"
BAND, BAND_TEXT = "#EEF3F7", "#5B7083"  # where only rounding is left

LOOKS = {
    "cayley": Look(BLUE, "-", "o"),
    "exponential": Look(SKY, SHORT, "s"),
    "householder": Look(GREEN, LONG, "^"),
    "polar": Look(NAVY, MIXED, "D"),
    "qr": Look(GREEN, DOTS, "X"),
    "cayley-fixed": Look(BLUE, "-", "o", "left"),
    "exponential-fixed": Look(SKY, SHORT, "s", "left"),
    "householder-fixed": Look(GREEN, LONG, "^", "left"),
    "cayley-rebased": Look(BLUE, "-", "o", "none"),
    "exponential-rebased": Look(SKY, SHORT, "s", "none"),
    "householder-rebased": Look(GREEN, LONG, "^", "none"),
    "polar-rebased": Look(NAVY, MIXED, "D", "none"),
    "parametrized": Look(BLUE, "-", "8"),
    "spectral-ball": Look(NAVY, SHORT, "H"),
    "lbfgs": Look(BLUE, "-", "s"),
    "lbfgs-rebased": Look(SKY, LONG, "s", "none"),
    "momentum": Look(GREEN, SHORT, "D"),
    "adam": Look(NAVY, DOTS, "o"),
    "torch-cayley": Look(ORANGE, "-", "v"),
    "torch-exponential": Look(VERMILLION, SHORT, "v"),
    "torch-householder": Look(BROWN, LONG, "v"),
    "geotorch-cayley": Look(ORANGE, DOTS, "<"),
    "geotorch-exponential": Look(VERMILLION, DOTS, ">"),
    "geoopt-sgd": Look(PINK, "-", "P"),
    "geoopt-adam": Look(PINK, MIXED, "X"),
    "geoopt-euclidean": Look(PINK, LONG, "X"),
    "pymanopt": Look(BROWN, MIXED, ">"),
    "pymanopt-cg": Look(ORANGE, "-", ">"),
    "pymanopt-tr": Look(VERMILLION, LONG, ">"),
    "sinkhorn-20": Look(ORANGE, MIXED, "v"),
    "projection": Look(RUST, MIXED, "h"),
    "projected-fit": Look(ORANGE, LONG, "<"),
    "scaled-fit": Look(PINK, SHORT, "P"),
    "landing": Look(BLACK, "-", "*"),
    "penalty": Look(GREY, LONG, "p"),
    "unconstrained": Look(SILVER, SHORT, "d"),
    "unconstrained-orthogonal": Look(GREY, DOTS, "d"),
}
UNKNOWN = Look(BLACK, DOTS, "x")  # a method of the user's own, until it gets a line above


def look(method: str) -> Look:
    """Return how a method looks everywhere."""
    return LOOKS.get(method, UNKNOWN)


RULES: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "legend.fontsize": 6.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.2,
    "legend.labelspacing": 0.35,
    "pdf.fonttype": 42,  # TrueType: journals reject the default Type 3
}


@contextmanager
def styled() -> Iterator[None]:
    """Use the rules of these figures within, and leave matplotlib as it was."""
    with mpl.rc_context(RULES):
        yield
