"""Bounds on single numbers."""

from manifolds.catalogue.choices import (
    NUMBERS,
    intervals,
    linear_scale,
    product_scale,
)
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.interval import Interval
from manifolds.catalogue.nonnegative import Nonnegative
from manifolds.catalogue.points import (
    IntervalNumbers,
    NonnegativeNumbers,
    PositiveNumbers,
)
from manifolds.catalogue.positive import Positive

ENTRIES: tuple[Entry, ...] = (
    Entry(Positive, "x > 0", "Barron 2021", NUMBERS, PositiveNumbers(), huge=linear_scale),
    Entry(Interval, "low < x < high", "Barron 2021", NUMBERS, IntervalNumbers(), intervals),
    Entry(
        Nonnegative,
        "x ≥ 0",
        "Burer & Monteiro 2003",
        NUMBERS,
        NonnegativeNumbers(),
        huge=product_scale,
    ),
)
