"""The manifolds, each one file, and the list of all that tests, tables and figures iterate over."""

from manifolds.catalogue.almost_orthogonal import AlmostOrthogonal
from manifolds.catalogue.choices import (
    COLUMNS,
    EVEN,
    EVEN_TALL,
    KERNELS,
    RECTANGULAR,
    SQUARE,
    TALL,
    VECTORS,
    aligned_maps,
    condition_scale,
    flattened,
    interior_scale,
    linear_scale,
    logarithmic_scale,
    maps_and_bases,
    maps_and_metrics,
    product_scale,
    radii,
    ranks,
    spectra,
    unsaturated_scale,
    with_metric,
    with_spectrum,
)
from manifolds.catalogue.entry import Case, Entry
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.general_linear import GeneralLinear
from manifolds.catalogue.generalized_stiefel import GeneralizedStiefel
from manifolds.catalogue.grassmann import Grassmann
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.catalogue.points import (
    AlmostOrthogonalMatrices,
    Contractions,
    DefiniteMatrices,
    FixedRankMatrices,
    FlattenedPoints,
    Frames,
    InvertibleMatrices,
    LowRankMatrices,
    MetricFrames,
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
)
from manifolds.catalogue.points.geodesics import claim_of_map
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.prescribed_spectrum import PrescribedSpectrum
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.special_linear import SpecialLinear
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.special_unitary import SpecialUnitary
from manifolds.catalogue.spectral_ball import SpectralBall
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.symplectic import Symplectic
from manifolds.catalogue.symplectic_stiefel import SymplecticStiefel
from manifolds.catalogue.unitary import Unitary

ENTRIES: tuple[Entry, ...] = (
    Entry(Symmetric, "X = Xᵀ", "linear", SQUARE, SymmetricMatrices(), huge=linear_scale),
    Entry(Skew, "X = -Xᵀ", "linear", SQUARE, SkewMatrices(), huge=linear_scale),
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
