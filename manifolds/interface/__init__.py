"""What a manifold is, what a wrong point is, how close is close."""

from manifolds.interface.errors import OffManifoldError, OffManifoldWarning
from manifolds.interface.manifold import Manifold
from manifolds.interface.normal import Normal
from manifolds.interface.tolerance import tolerance

__all__ = ["Manifold", "Normal", "OffManifoldError", "OffManifoldWarning", "tolerance"]
