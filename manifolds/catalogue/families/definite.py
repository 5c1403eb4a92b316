"""Positive definite and semidefinite matrices, correlation matrices."""

from manifolds.catalogue.choices import (
    NONEMPTY_SQUARE,
    SQUARE,
    chained_scale,
    graded_scale,
    logarithmic_scale,
    product_scale,
    ranks,
    regraded_scale,
)
from manifolds.catalogue.correlation import Correlation
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.fixed_rank_psd import FixedRankPSD
from manifolds.catalogue.low_rank_correlation import LowRankCorrelation
from manifolds.catalogue.low_rank_psd import LowRankPSD
from manifolds.catalogue.points import (
    CorrelationMatrices,
    DefiniteMatrices,
    FixedRankPSDMatrices,
    LowRankCorrelationMatrices,
    LowRankPSDMatrices,
    SemidefiniteMatrices,
    UnitDeterminantMatrices,
    UnitTraceMatrices,
)
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.spectrahedron import Spectrahedron
from manifolds.catalogue.unit_determinant_pd import UnitDeterminantPD

ENTRIES: tuple[Entry, ...] = (
    Entry(
        PositiveDefinite,
        "X = Xᴴ ≻ 0",
        "Lin 2019",
        SQUARE,
        DefiniteMatrices(),
        huge=logarithmic_scale,
    ),
    Entry(
        PositiveSemidefinite,
        "X = Xᴴ ⪰ 0",
        "Burer & Monteiro 2003",
        SQUARE,
        SemidefiniteMatrices(),
        huge=product_scale,
    ),
    Entry(
        FixedRankPSD,
        "X = Xᴴ ⪰ 0, rank X = r",
        "Bonnabel & Sepulchre 2009",
        SQUARE,
        FixedRankPSDMatrices(),
        options=ranks,
        huge=regraded_scale,
    ),
    Entry(
        LowRankPSD,
        "X = Xᴴ ⪰ 0, rank X ≤ r",
        "Burer & Monteiro 2003",
        SQUARE,
        LowRankPSDMatrices(),
        options=ranks,
        huge=product_scale,
    ),
    Entry(
        UnitDeterminantPD,
        "X = Xᴴ ≻ 0, det X = 1",
        "Bridson & Haefliger 1999",
        SQUARE,
        UnitDeterminantMatrices(),
        huge=graded_scale,
    ),
    Entry(
        Spectrahedron,
        "X = Xᴴ ≻ 0, tr X = 1",
        "Journée, Bach, Absil & Sepulchre 2010",
        NONEMPTY_SQUARE,
        UnitTraceMatrices(),
        huge=graded_scale,
    ),
    Entry(
        Correlation,
        "C = Cᵀ ≻ 0, diag C = 1",
        "Pinheiro & Bates 1996",
        SQUARE,
        CorrelationMatrices(),
        huge=chained_scale,
    ),
    Entry(
        LowRankCorrelation,
        "C = Cᵀ ⪰ 0, diag C = 1, rank C ≤ r",
        "Grubišić & Pietersz 2007",
        SQUARE,
        LowRankCorrelationMatrices(),
        options=ranks,
    ),
)
