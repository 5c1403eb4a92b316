"""Sizes and options that several lines of the catalogue share."""

import math

import torch

from manifolds.catalogue.entry import Options, Size
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.joined import Joined
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.power import Power
from manifolds.catalogue.product import Product
from manifolds.catalogue.scaled import Scaled
from manifolds.catalogue.transposed import Transposed
from manifolds.interface import Manifold
from manifolds.maps import MAPS

VECTORS: tuple[Size, ...] = ((4,), (1,), (2,), (3,), (7,))
SQUARE: tuple[Size, ...] = ((4,), (1,), (2,), (3,), (5,), (0,))
RECTANGULAR: tuple[Size, ...] = (
    *((5, 3), (3, 5), (4, 4), (5, 4), (5, 5), (7, 2), (2, 2), (4, 1), (1, 4), (1, 1)),
    *((0, 0), (3, 0)),
)
COLUMNS: tuple[Size, ...] = ((4, 3), (3, 4), (3, 3), (2, 2), (4, 1), (1, 3), (3, 0))
WIDE_COLUMNS: tuple[Size, ...] = tuple((k, n) for n, k in COLUMNS)
KERNELS: tuple[Size, ...] = ((6, 2, 2), (2, 3, 1, 2), (4, 4))
PAIRS: tuple[Size, ...] = ((18,), (2,), (8,), (0,))
STACKS: tuple[Size, ...] = ((2, 3, 3), (3, 2, 2), (1, 2, 2, 2), (2, 1, 1), (0, 2, 2), (2, 0, 0))


def maps_and_bases(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """Every map at an assigned base, and at a fixed one where it has a closed inverse."""
    bases = {name: ("assigned", "fixed") if m.fixed else ("assigned",) for name, m in MAPS.items()}
    return tuple({"map": name, "base": base} for name, both in bases.items() for base in both)


def ranks(size: Size) -> tuple[Options, ...]:
    """Rank 2, 1 and full, as far as the sizes have them."""
    most = min(size)
    chosen = (min(2, most), min(1, most), most)
    return tuple({"rank": r} for r in dict.fromkeys(chosen))


def spectral_radii(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """One, and far from it."""
    return ({"radius": 1.0}, {"radius": 50.0})


def shifts(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """None, and one of each sign."""
    return ({"shift": 0.0}, {"shift": 0.5}, {"shift": -2.0})


def flattened(*size: int) -> Manifold:
    """The view of an orthogonal matrix as a convolution kernel."""
    return Flattened(Orthogonal(size[0], math.prod(size[1:])), *size)


def transposed(*size: int) -> Manifold:
    """The view of a matrix with unit columns as one with unit rows."""
    return Transposed(Oblique(*reversed(size)))


def scaled(*size: int, factor: float) -> Manifold:
    """The view of an orthogonal matrix as its multiple."""
    return Scaled(Orthogonal(*size), factor)


def factors(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """A factor that is no power of two, and a negative one far from 1."""
    return ({"factor": 3.0}, {"factor": -1e-3})


def power(*size: int) -> Manifold:
    """Several positive definite matrices as one point."""
    return Power(PositiveDefinite(*size[-2:]), *size[:-2])


def linear_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """max / 1000: normal draws stay below 100, and P + Pᵀ is twice an entry."""
    return torch.finfo(dtype).max / 1000


def product_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """√(max / 4n) / 100: normal draws stay below 100, and W Wᴴ sums n products of two."""
    return (torch.finfo(dtype).max / (4 * max(*manifold.size, 1))) ** 0.5 / 100


def logarithmic_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """log(max) / 32: a normal draw, at most 4 in small matrices, is exponentiated and squared."""
    return float(torch.log(torch.tensor(torch.finfo(dtype).max, dtype=torch.float64))) / 32


def similarity_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """log(1/eps) / 16: draws of ±2 scale A = L exp(z) to the condition eps^(-1/4)."""
    return -math.log(torch.finfo(dtype).eps) / 16


def chain_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """Half of that: chains of couplings, whose product counts in the round trip, stay near 1."""
    return similarity_scale(manifold, dtype) / 2


def joined(*size: int) -> Manifold:
    """Two n×n matrices, orthogonal and positive definite, as one vector of 2 n² numbers."""
    n = math.isqrt(size[0] // 2)
    return Joined(Product(Orthogonal(n, n), PositiveDefinite(n)))
