"""Manifold parametrizations with exact right inverses, for optimizing under constraints in torch.

    manifolds.constrain(layer, "weight", manifolds.Orthogonal)

puts a constraint on a tensor; any torch optimizer then trains it. `layer.weight = Q` assigns a
point, and reading gives back that point to rounding.
"""

import parametrize
from manifolds.catalogue.almost_orthogonal import AlmostOrthogonal
from manifolds.catalogue.ball import Ball
from manifolds.catalogue.centered import Centered
from manifolds.catalogue.circulant import Circulant
from manifolds.catalogue.correlation import Correlation
from manifolds.catalogue.doubly_stochastic import DoublyStochastic
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.fixed_rank_psd import FixedRankPSD
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.general_linear import GeneralLinear
from manifolds.catalogue.generalized_stiefel import GeneralizedStiefel
from manifolds.catalogue.grassmann import Grassmann
from manifolds.catalogue.hermitian import Hermitian
from manifolds.catalogue.hurwitz import Hurwitz
from manifolds.catalogue.hyperboloid import Hyperboloid
from manifolds.catalogue.interval import Interval
from manifolds.catalogue.joined import Joined
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.low_rank_correlation import LowRankCorrelation
from manifolds.catalogue.low_rank_psd import LowRankPSD
from manifolds.catalogue.nonnegative import Nonnegative
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal, Stiefel
from manifolds.catalogue.poincare_ball import PoincareBall
from manifolds.catalogue.positive import Positive
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.power import Power
from manifolds.catalogue.prescribed_spectrum import PrescribedSpectrum
from manifolds.catalogue.product import Product
from manifolds.catalogue.scaled import Scaled
from manifolds.catalogue.schur_stable import SchurStable
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
from manifolds.catalogue.transposed import Transposed
from manifolds.catalogue.unit_determinant_pd import UnitDeterminantPD
from manifolds.catalogue.unitary import Unitary
from manifolds.catalogue.upper_triangular import UpperTriangular
from manifolds.constrain import constrain
from manifolds.interface import Manifold, OffManifoldError, OffManifoldWarning, tolerance
from manifolds.maps import (
    QR,
    BFloat16Polar,
    Cayley,
    Chart,
    Exponential,
    Householder,
    Map,
    Polar,
    Retraction,
)
from manifolds.rebase import Rebase, rebase

__all__ = [
    "QR",
    "AlmostOrthogonal",
    "BFloat16Polar",
    "Ball",
    "Cayley",
    "Centered",
    "Circulant",
    "Correlation",
    "DoublyStochastic",
    "Exponential",
    "FixedRank",
    "FixedRankPSD",
    "Flattened",
    "GeneralLinear",
    "GeneralizedStiefel",
    "Grassmann",
    "Hermitian",
    "Householder",
    "Hurwitz",
    "Hyperboloid",
    "Interval",
    "Joined",
    "LowRank",
    "LowRankCorrelation",
    "LowRankPSD",
    "Manifold",
    "Map",
    "Nonnegative",
    "Oblique",
    "OffManifoldError",
    "OffManifoldWarning",
    "Orthogonal",
    "PoincareBall",
    "Polar",
    "Positive",
    "PositiveDefinite",
    "PositiveSemidefinite",
    "Power",
    "PrescribedSpectrum",
    "Product",
    "Rebase",
    "Retraction",
    "Scaled",
    "SchurStable",
    "Simplex",
    "Skew",
    "SkewHermitian",
    "SpecialLinear",
    "SpecialOrthogonal",
    "SpecialUnitary",
    "Spectrahedron",
    "SpectralBall",
    "Sphere",
    "Stiefel",
    "StochasticRows",
    "Symmetric",
    "Symplectic",
    "SymplecticStiefel",
    "Toeplitz",
    "Traceless",
    "Transposed",
    "UnitDeterminantPD",
    "Unitary",
    "UpperTriangular",
    "constrain",
    "rebase",
    "tolerance",
]


def _subclasses(cls: type) -> set[type]:
    return {cls}.union(*map(_subclasses, cls.__subclasses__()))


# What a saved module holds of ours: `parametrize.load_module` makes these without being told.
parametrize.trust(Product, *_subclasses(Manifold), *_subclasses(Chart))
