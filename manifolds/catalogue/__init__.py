"""The manifolds, each one file, and the list of all that tests, tables and figures iterate over."""

from manifolds.catalogue.almost_orthogonal import AlmostOrthogonal
from manifolds.catalogue.ball import Ball
from manifolds.catalogue.centered import Centered
from manifolds.catalogue.choices import (
    BALLS,
    COLUMNS,
    EVEN,
    EVEN_TALL,
    KERNELS,
    NONEMPTY_SQUARE,
    NUMBERS,
    RECTANGULAR,
    ROWS,
    SQUARE,
    TALL,
    VECTORS,
    aligned_maps,
    chained_scale,
    condition_scale,
    conformal_scale,
    flattened,
    graded_scale,
    interior_scale,
    intervals,
    linear_scale,
    logarithmic_scale,
    maps_and_bases,
    maps_and_metrics,
    product_scale,
    projective_scale,
    radii,
    ranks,
    regraded_scale,
    spectra,
    unsaturated_scale,
    with_metric,
    with_spectrum,
)
from manifolds.catalogue.circulant import Circulant
from manifolds.catalogue.correlation import Correlation
from manifolds.catalogue.doubly_stochastic import DoublyStochastic
from manifolds.catalogue.entry import Case, Entry
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.fixed_rank_psd import FixedRankPSD
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.general_linear import GeneralLinear
from manifolds.catalogue.generalized_stiefel import GeneralizedStiefel
from manifolds.catalogue.grassmann import Grassmann
from manifolds.catalogue.hermitian import Hermitian
from manifolds.catalogue.hyperboloid import Hyperboloid
from manifolds.catalogue.interval import Interval
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.low_rank_correlation import LowRankCorrelation
from manifolds.catalogue.low_rank_psd import LowRankPSD
from manifolds.catalogue.nonnegative import Nonnegative
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.catalogue.poincare_ball import PoincareBall
from manifolds.catalogue.points import (
    CENTERED,
    CIRCULANT,
    HERMITIAN,
    SKEW_HERMITIAN,
    TOEPLITZ,
    TRACELESS,
    UPPER,
    AlmostOrthogonalMatrices,
    BallPoints,
    Contractions,
    CorrelationMatrices,
    DefiniteMatrices,
    Distributions,
    DoublyStochasticMatrices,
    FixedRankMatrices,
    FixedRankPSDMatrices,
    FlattenedPoints,
    Frames,
    HyperboloidPoints,
    IntervalNumbers,
    InvertibleMatrices,
    LowRankCorrelationMatrices,
    LowRankMatrices,
    LowRankPSDMatrices,
    MetricFrames,
    NonnegativeNumbers,
    PositiveNumbers,
    Rotations,
    SemidefiniteMatrices,
    SkewMatrices,
    Spans,
    SpecialUnitaries,
    SpectrumMatrices,
    SymmetricMatrices,
    SymplecticMatrices,
    UnimodularMatrices,
    UnitaryFrames,
    UnitDeterminantMatrices,
    UnitTraceMatrices,
)
from manifolds.catalogue.points.geodesics import claim_of_map
from manifolds.catalogue.positive import Positive
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.prescribed_spectrum import PrescribedSpectrum
from manifolds.catalogue.simplex import Simplex
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.skew_hermitian import SkewHermitian
from manifolds.catalogue.special_linear import SpecialLinear
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.special_unitary import SpecialUnitary
from manifolds.catalogue.spectrahedron import Spectrahedron
from manifolds.catalogue.spectral_ball import SpectralBall
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.stochastic_rows import StochasticRows
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.symplectic import Symplectic
from manifolds.catalogue.symplectic_stiefel import SymplecticStiefel
from manifolds.catalogue.toeplitz import Toeplitz
from manifolds.catalogue.traceless import Traceless
from manifolds.catalogue.unit_determinant_pd import UnitDeterminantPD
from manifolds.catalogue.unitary import Unitary
from manifolds.catalogue.upper_triangular import UpperTriangular

ENTRIES: tuple[Entry, ...] = (
    Entry(Symmetric, "X = Xᵀ", "linear", SQUARE, SymmetricMatrices(), huge=linear_scale),
    Entry(Skew, "X = -Xᵀ", "linear", SQUARE, SkewMatrices(), huge=linear_scale),
    Entry(Hermitian, "X = Xᴴ", "linear", SQUARE, HERMITIAN, huge=linear_scale),
    Entry(SkewHermitian, "X = -Xᴴ", "linear", SQUARE, SKEW_HERMITIAN, huge=linear_scale),
    Entry(Traceless, "tr X = 0", "linear", SQUARE, TRACELESS, huge=linear_scale),
    Entry(UpperTriangular, "x_ij = 0, i > j", "linear", RECTANGULAR, UPPER, huge=linear_scale),
    Entry(Toeplitz, "x_ij = z_(i-j)", "linear", SQUARE, TOEPLITZ, huge=linear_scale),
    Entry(Circulant, "x_ij = z_(i-j mod n)", "Davis 1979", SQUARE, CIRCULANT, huge=linear_scale),
    Entry(Centered, "Σ x_i = 0", "linear", VECTORS, CENTERED, huge=linear_scale),
    Entry(Positive, "x > 0", "Barron 2021", NUMBERS, PositiveNumbers(), huge=linear_scale),
    Entry(Interval, "low < x < high", "Barron 2021", NUMBERS, IntervalNumbers(), intervals),
    Entry(Nonnegative, "x ≥ 0", "by squares", NUMBERS, NonnegativeNumbers(), huge=product_scale),
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
    Entry(Ball, "‖x‖ < 1", "Beltrami-Klein", BALLS, BallPoints(), huge=projective_scale),
    Entry(
        PoincareBall, "‖x‖ < 1", "Nickel & Kiela 2017", BALLS, BallPoints(), huge=conformal_scale
    ),
    Entry(
        Hyperboloid,
        "x₀² - x₁² - ... = 1, x₀ > 0",
        "Nickel & Kiela 2018",
        VECTORS,
        HyperboloidPoints(),
        huge=linear_scale,
    ),
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
    Entry(
        Unitary,
        "XᴴX = I",
        "Edelman, Arias & Smith 1998",
        RECTANGULAR,
        UnitaryFrames(),
        options=maps_and_bases,
        claim=claim_of_map,
    ),
    Entry(
        SpecialUnitary,
        "XᴴX = I, det X = 1",
        "Lezcano-Casado & Martínez-Rubio 2019",
        SQUARE,
        SpecialUnitaries(),
        options=maps_and_bases,
        claim=claim_of_map,
    ),
    Entry(
        Grassmann,
        "span X, XᴴX = I",
        "Edelman, Arias & Smith 1998",
        TALL,
        Spans(),
        options=aligned_maps,
        claim=claim_of_map,
    ),
    Entry(
        GeneralizedStiefel,
        "XᵀGX = I",
        "Absil, Mahony & Sepulchre 2008",
        TALL,
        MetricFrames(),
        options=maps_and_metrics,
        build=with_metric,
    ),
    Entry(
        Symplectic,
        "XᵀJX = J",
        "Gao, Son, Absil & Stykel 2021",
        EVEN,
        SymplecticMatrices(),
        huge=condition_scale,
    ),
    Entry(
        SymplecticStiefel,
        "XᵀJX = J, tall",
        "Gao, Son, Absil & Stykel 2021",
        EVEN_TALL,
        SymplecticMatrices(),
        huge=condition_scale,
    ),
    Entry(
        SpectralBall,
        "‖X‖₂ < 1",
        "a chart by Cholesky factors",
        RECTANGULAR,
        Contractions(),
        huge=interior_scale,
    ),
    Entry(
        AlmostOrthogonal,
        "|σ(X) - 1| < r",
        "polar coordinates",
        RECTANGULAR,
        AlmostOrthogonalMatrices(),
        options=radii,
        huge=unsaturated_scale,
    ),
    Entry(
        PrescribedSpectrum,
        "σ(X) = s",
        "Helmke & Moore 1994",
        RECTANGULAR,
        SpectrumMatrices(),
        options=spectra,
        build=with_spectrum,
    ),
    Entry(
        GeneralLinear,
        "det X ≠ 0",
        "Lezcano-Casado 2019",
        SQUARE,
        InvertibleMatrices(),
        huge=condition_scale,
    ),
    Entry(
        SpecialLinear, "det X = 1", "Hall 2015", SQUARE, UnimodularMatrices(), huge=condition_scale
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
)

__all__ = ["ENTRIES", "Case", "Entry"]
