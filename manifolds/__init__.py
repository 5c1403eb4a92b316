"""Manifold parametrizations with exact right inverses, for optimizing under constraints in torch.

    manifolds.constrain(layer, "weight", manifolds.Orthogonal)

puts a constraint on a tensor; any torch optimizer then trains it. `layer.weight = Q` assigns a
point and gives back exactly that point.
"""

from manifolds.catalogue.almost_orthogonal import AlmostOrthogonal
from manifolds.catalogue.fixed_rank import FixedRank
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.general_linear import GeneralLinear
from manifolds.catalogue.generalized_stiefel import GeneralizedStiefel
from manifolds.catalogue.grassmann import Grassmann
from manifolds.catalogue.low_rank import LowRank
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal, Stiefel
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
from manifolds.constrain import constrain, rebase
from manifolds.interface import Manifold, OffManifoldError, OffManifoldWarning, tolerance
from manifolds.maps import QR, Cayley, Exponential, Householder, Map, Polar, Retraction

__all__ = [
    "QR",
    "AlmostOrthogonal",
    "Cayley",
    "Exponential",
    "FixedRank",
    "Flattened",
    "GeneralLinear",
    "GeneralizedStiefel",
    "Grassmann",
    "Householder",
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
    "PrescribedSpectrum",
    "Retraction",
    "Skew",
    "SpecialLinear",
    "SpecialOrthogonal",
    "SpecialUnitary",
    "SpectralBall",
    "Sphere",
    "Stiefel",
    "Symmetric",
    "Symplectic",
    "SymplecticStiefel",
    "Unitary",
    "constrain",
    "rebase",
    "tolerance",
]
