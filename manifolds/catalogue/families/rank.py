"""Matrices of bounded and of fixed rank."""

from manifolds.catalogue.choices import (
    RECTANGULAR,
    logarithmic_scale,
    product_scale,
    ranks,
)
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.points import (
    FixedRankMatrices,
    LowRankMatrices,
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        LowRank,
        "rank X ≤ r",
        "Vandereycken 2013",
        RECTANGULAR,
        LowRankMatrices(),
        options=ranks,
        huge=product_scale,
    ),
    Entry(
        FixedRank,
        "rank X = r",
        "Vandereycken 2013",
        RECTANGULAR,
        FixedRankMatrices(),
        options=ranks,
        huge=logarithmic_scale,
    ),
)
