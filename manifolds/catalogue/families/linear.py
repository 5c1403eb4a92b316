"""Linear subspaces."""

from manifolds.catalogue.centered import Centered
from manifolds.catalogue.choices import (
    RECTANGULAR,
    SQUARE,
    VECTORS,
    linear_scale,
)
from manifolds.catalogue.circulant import Circulant
from manifolds.catalogue.entry import Entry
from manifolds.catalogue.hermitian import Hermitian
from manifolds.catalogue.points import (
    CENTERED,
    CIRCULANT,
    HERMITIAN,
    SKEW_HERMITIAN,
    TOEPLITZ,
    TRACELESS,
    UPPER,
    SkewMatrices,
    SymmetricMatrices,
)
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.skew_hermitian import SkewHermitian
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
)
