"""The manifolds, each one file, and the list of all that tests, tables and figures iterate over."""

from manifolds.catalogue.choices import (
    COLUMNS,
    KERNELS,
    PAIRS,
    RECTANGULAR,
    WIDE_COLUMNS,
    SQUARE,
    STACKS,
    VECTORS,
    chain_scale,
    factors,
    flattened,
    joined,
    linear_scale,
    logarithmic_scale,
    maps_and_bases,
    power,
    product_scale,
    spectral_radii,
    ranks,
    scaled,
    shifts,
    similarity_scale,
    transposed,
)
from manifolds.catalogue.entry import Case, Entry
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.hurwitz import Hurwitz
from manifolds.catalogue.joined import Joined
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.catalogue.points import (
    DefiniteMatrices,
    FixedRankMatrices,
    FlattenedPoints,
    Frames,
    HurwitzMatrices,
    JoinedPoints,
    LowRankMatrices,
    PowerPoints,
    Rotations,
    ScaledPoints,
    SchurStableMatrices,
    SemidefiniteMatrices,
    SkewMatrices,
    SymmetricMatrices,
    TransposedPoints,
)
from manifolds.catalogue.points.geodesics import claim_of_map
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.power import Power
from manifolds.catalogue.scaled import Scaled
from manifolds.catalogue.schur_stable import SchurStable
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.transposed import Transposed

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
        SchurStable,
        "ρ(X) < r",
        "Gillis, Karow & Sharma 2019",
        SQUARE,
        SchurStableMatrices(),
        options=spectral_radii,
        huge=chain_scale,
    ),
    Entry(
        Hurwitz,
        "max Re λ(X) < -s",
        "Gillis & Sharma 2017",
        SQUARE,
        HurwitzMatrices(),
        options=shifts,
        huge=similarity_scale,
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
        Transposed,
        "Xᵀ with X on a manifold",
        "a view",
        WIDE_COLUMNS,
        TransposedPoints(Frames()),
        build=transposed,
    ),
    Entry(
        Scaled,
        "c x with x on a manifold",
        "a view",
        RECTANGULAR,
        ScaledPoints(Frames()),
        options=factors,
        build=scaled,
    ),
    Entry(
        Power,
        "copies on one manifold as one tensor",
        "a view",
        STACKS,
        PowerPoints(DefiniteMatrices()),
        huge=logarithmic_scale,
        build=power,
    ),
    Entry(
        Joined,
        "a vector of points on several manifolds",
        "a view",
        PAIRS,
        JoinedPoints(Frames(), DefiniteMatrices()),
        huge=logarithmic_scale,
        build=joined,
    ),
)

__all__ = ["ENTRIES", "Case", "Entry"]
