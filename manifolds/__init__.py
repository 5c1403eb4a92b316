"""Manifold parametrizations with exact right inverses, for optimizing under constraints in torch.

    manifolds.constrain(layer, "weight", manifolds.Orthogonal)

puts a constraint on a tensor; any torch optimizer then trains it. `layer.weight = Q` assigns a
point and gives back exactly that point.
"""

from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.hurwitz import Hurwitz
from manifolds.catalogue.joined import Joined
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal, Stiefel
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.positive_semidefinite import PositiveSemidefinite
from manifolds.catalogue.power import Power
from manifolds.catalogue.product import Product
from manifolds.catalogue.scaled import Scaled
from manifolds.catalogue.schur_stable import SchurStable
from manifolds.catalogue.skew import Skew
from manifolds.catalogue.special_orthogonal import SpecialOrthogonal
from manifolds.catalogue.sphere import Sphere
from manifolds.catalogue.symmetric import Symmetric
from manifolds.catalogue.transposed import Transposed
from manifolds.constrain import constrain
from manifolds.interface import Manifold, OffManifoldError, OffManifoldWarning, tolerance
from manifolds.maps import Cayley, Exponential, Householder, Map, Polar, Retraction
from manifolds.rebase import Rebase, rebase

__all__ = [
    "Cayley",
    "Exponential",
    "FixedRank",
    "Flattened",
    "Householder",
    "Hurwitz",
    "Joined",
    "LowRank",
    "Manifold",
    "Map",
    "Oblique",
    "OffManifoldError",
    "OffManifoldWarning",
    "Orthogonal",
    "Polar",
    "PositiveDefinite",
    "PositiveSemidefinite",
    "Power",
    "Product",
    "Rebase",
    "Retraction",
    "Scaled",
    "SchurStable",
    "Skew",
    "SpecialOrthogonal",
    "Sphere",
    "Stiefel",
    "Symmetric",
    "Transposed",
    "constrain",
    "rebase",
    "tolerance",
]
