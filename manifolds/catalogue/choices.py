"""Sizes and options that several lines of the catalogue share."""

import math

import torch

from manifolds.catalogue.entry import Options, Size
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.interface import Manifold
from manifolds.maps import MAPS

VECTORS: tuple[Size, ...] = ((4,), (1,), (2,), (3,), (7,))
SQUARE: tuple[Size, ...] = ((4,), (1,), (2,), (3,), (5,), (0,))
NONEMPTY_SQUARE = SQUARE[:-1]
RECTANGULAR: tuple[Size, ...] = (
    *((5, 3), (3, 5), (4, 4), (5, 4), (5, 5), (7, 2), (2, 2), (4, 1), (1, 4), (1, 1)),
    *((0, 0), (3, 0)),
)
COLUMNS: tuple[Size, ...] = ((4, 3), (3, 4), (3, 3), (2, 2), (4, 1), (1, 3), (3, 0))
KERNELS: tuple[Size, ...] = ((6, 2, 2), (2, 3, 1, 2), (4, 4))


def maps_and_bases(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """Every map at an assigned base, and at a fixed one where it has a closed inverse."""
    bases = {name: ("assigned", "fixed") if m.fixed else ("assigned",) for name, m in MAPS.items()}
    return tuple({"map": name, "base": base} for name, both in bases.items() for base in both)


def ranks(size: Size) -> tuple[Options, ...]:
    """Rank 2, 1 and full, as far as the sizes have them."""
    most = min(size)
    chosen = (min(2, most), min(1, most), most)
    return tuple({"rank": r} for r in dict.fromkeys(chosen))


def flattened(*size: int) -> Manifold:
    """The view of an orthogonal matrix as a convolution kernel."""
    return Flattened(Orthogonal(size[0], math.prod(size[1:])), *size)


def linear_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """max / 1000: normal draws stay below 100, and P + Pᵀ is twice an entry."""
    return torch.finfo(dtype).max / 1000


def product_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """√(max / 4n) / 100: normal draws stay below 100, and W Wᴴ sums n products of two."""
    return (torch.finfo(dtype).max / (4 * max(*manifold.size, 1))) ** 0.5 / 100


def logarithmic_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """log(max) / 32: a normal draw, at most 4 in small matrices, is exponentiated and squared."""
    return float(torch.log(torch.tensor(torch.finfo(dtype).max, dtype=torch.float64))) / 32


def chained_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """eps^(-1/2n): ‖L⁻¹‖ grows as the (n - 1)-th power of the entries of a unit triangle.

    The smallest eigenvalue of L Lᵀ is ‖L⁻¹‖⁻²: beyond this scale it is rounding, and the image
    lies on the boundary of an open set.
    """
    return torch.finfo(dtype).eps ** (-1 / (2 * max(manifold.size[0], 1)))


def graded_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """log(1/eps) / 2n: `chained_scale` for a triangle with an exponential on its diagonal.

    L = D (I + D⁻¹Z) with D⁻¹ up to exp(t): ‖L⁻¹‖ grows as exp(n t), which stays below eps^(-1/2).
    """
    return -math.log(torch.finfo(dtype).eps) / (2 * max(manifold.size[0], 1))


def regraded_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """Half of `graded_scale`: the triangle multiplies an assigned block, conditions multiply."""
    return graded_scale(manifold, dtype) / 2
