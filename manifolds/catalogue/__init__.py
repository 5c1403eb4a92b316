"""The manifolds, each one file, and the list of all that tests, tables and figures iterate over."""

from manifolds.catalogue.choices import (
    COLUMNS,
    KERNELS,
    NONEMPTY_SQUARE,
    RECTANGULAR,
    SQUARE,
    VECTORS,
    chained_scale,
    flattened,
    graded_scale,
    linear_scale,
    logarithmic_scale,
    maps_and_bases,
    product_scale,
    ranks,
    regraded_scale,
)
from manifolds.catalogue.correlation import Correlation
from manifolds.catalogue.entry import Case, Entry
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.fixed_rank_psd import FixedRankPSD
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.low_rank_correlation import LowRankCorrelation
from manifolds.catalogue.low_rank_psd import LowRankPSD
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.catalogue.points import (
    CorrelationMatrices,
    DefiniteMatrices,
    FixedRankMatrices,
    FixedRankPSDMatrices,
    FlattenedPoints,
    Frames,
    LowRankCorrelationMatrices,
    LowRankMatrices,
    LowRankPSDMatrices,
    Rotations,
    SemidefiniteMatrices,
    SkewMatrices,
    SymmetricMatrices,
    UnitDeterminantMatrices,
    UnitTraceMatrices,
)
from manifolds.catalogue.points.geodesics import claim_of_map
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.spectrahedron import Spectrahedron
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.unit_determinant_pd import UnitDeterminantPD

ENTRIES: tuple[Entry, ...] = (
    Entry(
        Symmetric,
        "X = Xᵀ",
        "linear",
        SQUARE,
        SymmetricMatrices(),
        huge=linear_scale,
    ),
    Entry(
        Skew,
        "X = -Xᵀ",
        "linear",
        SQUARE,
        SkewMatrices(),
        huge=linear_scale,
    ),
    Entry(
        Sphere,
        "‖x‖ = 1",
        "Absil, Mahony & Sepulchre 2008",
        VECTORS,
        Frames(),
        options=maps_and_bases,
        claim=claim_of_map,
    ),
    Entry(
        Oblique,
        "diag XᵀX = 1",
        "Absil & Gallivan 2006",
        COLUMNS,
        Frames(),
        options=maps_and_bases,
        claim=claim_of_map,
    ),
    Entry(
        Orthogonal,
        "XᵀX = I",
        "Edelman, Arias & Smith 1998",
        RECTANGULAR,
        Frames(),
        options=maps_and_bases,
        claim=claim_of_map,
    ),
    Entry(
        SpecialOrthogonal,
        "XᵀX = I, det X = 1",
        "Lezcano-Casado 2019",
        SQUARE,
        Rotations(),
        options=maps_and_bases,
        claim=claim_of_map,
    ),
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
        LowRankPSD,
        "X = Xᴴ ⪰ 0, rank X ≤ r",
        "Burer & Monteiro 2003",
        SQUARE,
        LowRankPSDMatrices(),
        options=ranks,
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
    Entry(
        Flattened,
        "a kernel whose matrix lies on a manifold",
        "a view",
        KERNELS,
        FlattenedPoints(Frames()),
        build=flattened,
    ),
)

__all__ = ["ENTRIES", "Case", "Entry"]
