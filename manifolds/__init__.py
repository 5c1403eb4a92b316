"""Manifold parametrizations with exact right inverses, for optimizing under constraints in torch.

    manifolds.constrain(layer, "weight", manifolds.Orthogonal)

puts a constraint on a tensor; any torch optimizer then trains it. `layer.weight = Q` assigns a
point and gives back exactly that point.
"""

from manifolds.catalogue.correlation import Correlation
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.fixed_rank_psd import FixedRankPSD
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.low_rank_correlation import LowRankCorrelation
from manifolds.catalogue.low_rank_psd import LowRankPSD
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal, Stiefel
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.spectrahedron import Spectrahedron
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.unit_determinant_pd import UnitDeterminantPD
from manifolds.constrain import constrain
from manifolds.interface import Manifold, OffManifoldError, OffManifoldWarning, tolerance
from manifolds.maps import Cayley, Exponential, Householder, Map, Polar, Retraction
from manifolds.rebase import Rebase, rebase

__all__ = [
    "Cayley",
    "Correlation",
    "Exponential",
    "FixedRank",
    "FixedRankPSD",
    "Flattened",
    "Householder",
    "LowRank",
    "LowRankCorrelation",
    "LowRankPSD",
    "Manifold",
    "Map",
    "Oblique",
    "OffManifoldError",
    "OffManifoldWarning",
    "Orthogonal",
    "Polar",
    "PositiveDefinite",
    "PositiveSemidefinite",
    "Rebase",
    "Retraction",
    "Skew",
    "SpecialOrthogonal",
    "Spectrahedron",
    "Sphere",
    "Stiefel",
    "Symmetric",
    "UnitDeterminantPD",
    "constrain",
    "rebase",
    "tolerance",
]
