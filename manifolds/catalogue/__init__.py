"""The manifolds, each one file, and the list of all that tests, tables and figures iterate over."""

from manifolds.catalogue.ball import Ball
from manifolds.catalogue.centered import Centered
from manifolds.catalogue.choices import (
    BALLS,
    COLUMNS,
    KERNELS,
    NUMBERS,
    RECTANGULAR,
    ROWS,
    SQUARE,
    VECTORS,
    conformal_scale,
    flattened,
    intervals,
    linear_scale,
    logarithmic_scale,
    maps_and_bases,
    product_scale,
    projective_scale,
    ranks,
)
from manifolds.catalogue.circulant import Circulant
from manifolds.catalogue.doubly_stochastic import DoublyStochastic
from manifolds.catalogue.entry import Case, Entry
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.hermitian import Hermitian
from manifolds.catalogue.hyperboloid import Hyperboloid
from manifolds.catalogue.interval import Interval
from manifolds.catalogue.low_rank import LowRank
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
    BallPoints,
    DefiniteMatrices,
    Distributions,
    DoublyStochasticMatrices,
    FixedRankMatrices,
    FlattenedPoints,
    Frames,
    HyperboloidPoints,
    IntervalNumbers,
    LowRankMatrices,
    NonnegativeNumbers,
    PositiveNumbers,
    Rotations,
    SemidefiniteMatrices,
    SkewMatrices,
    SymmetricMatrices,
)
from manifolds.catalogue.points.geodesics import claim_of_map
from manifolds.catalogue.positive import Positive
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.simplex import Simplex
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.skew_hermitian import SkewHermitian
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.stochastic_rows import StochasticRows
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.toeplitz import Toeplitz
from manifolds.catalogue.traceless import Traceless
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
)

__all__ = ["ENTRIES", "Case", "Entry"]
