"""Probability vectors and matrices."""

from manifolds.catalogue.choices import (
    ROWS,
    SQUARE,
    VECTORS,
    logarithmic_scale,
)
from manifolds.catalogue.doubly_stochastic import DoublyStochastic
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.points import (
    Distributions,
    DoublyStochasticMatrices,
)
from manifolds.catalogue.simplex import Simplex
from manifolds.catalogue.stochastic_rows import StochasticRows

ENTRIES: tuple[Entry, ...] = (
    Entry(
        Simplex,
        "x_i > 0, Σ x_i = 1",
        "Bridle 1990",
        VECTORS,
        Distributions(),
        huge=logarithmic_scale,
    ),
    Entry(
        StochasticRows,
        "x_ij > 0, Σ_j x_ij = 1",
        "Douik & Hassibi 2019",
        ROWS,
        Distributions(),
        huge=logarithmic_scale,
    ),
    Entry(
        DoublyStochastic,
        "x_ij > 0, all row and column sums 1",
        "Sinkhorn 1967",
        SQUARE,
        DoublyStochasticMatrices(),
        huge=logarithmic_scale,
    ),
)
