"""Sizes and options that several lines of the catalogue share."""

import math
from typing import Any

import numpy
import torch

from manifolds.catalogue.entry import Options, Size
from manifolds.catalogue.flattened import Flattened
from manifolds.catalogue.generalized_stiefel import GeneralizedStiefel
from manifolds.catalogue.grassmann import ALIGNED
from manifolds.catalogue.joined import Joined
from manifolds.catalogue.oblique import Oblique
from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.catalogue.points.frames import haar
from manifolds.catalogue.positive_definite import PositiveDefinite
from manifolds.catalogue.power import Power
from manifolds.catalogue.prescribed_spectrum import PrescribedSpectrum
from manifolds.catalogue.product import Product
from manifolds.catalogue.scaled import Scaled
from manifolds.catalogue.transposed import Transposed
from manifolds.interface import Manifold
from manifolds.maps import MAPS

NUMBERS: tuple[Size, ...] = ((),)
EVEN: tuple[Size, ...] = ((4,), (2,), (6,), (0,))
EVEN_TALL: tuple[Size, ...] = ((6, 4), (4, 2), (2, 2), (4, 4), (8, 2), (4, 0), (0, 0))
TALL: tuple[Size, ...] = (
    *((5, 3), (4, 1), (7, 2), (4, 4), (5, 4), (6, 2), (2, 2), (2, 1), (1, 1)),
    *((3, 0), (0, 0)),
)
VECTORS: tuple[Size, ...] = ((4,), (1,), (2,), (3,), (7,))
BALLS: tuple[Size, ...] = (*VECTORS, (0,))
SQUARE: tuple[Size, ...] = ((4,), (1,), (2,), (3,), (5,), (0,))
NONEMPTY_SQUARE = SQUARE[:-1]
RECTANGULAR: tuple[Size, ...] = (
    *((5, 3), (3, 5), (4, 4), (5, 4), (5, 5), (7, 2), (2, 4), (2, 2), (4, 1), (1, 4), (1, 1)),
    *((0, 0), (3, 0)),
)
COLUMNS: tuple[Size, ...] = ((4, 3), (3, 4), (3, 3), (2, 2), (4, 1), (1, 3), (1, 1), (3, 0))
ROWS: tuple[Size, ...] = ((3, 4), (4, 3), (3, 3), (2, 2), (1, 4), (3, 1), (1, 1), (0, 3))
WIDE_COLUMNS: tuple[Size, ...] = tuple((k, n) for n, k in COLUMNS)
KERNELS: tuple[Size, ...] = ((6, 2, 2), (2, 3, 1, 2), (4, 4), (3, 3), (1, 1, 1), (2, 2), (3, 0, 2))
PAIRS: tuple[Size, ...] = ((18,), (2,), (8,), (32,), (0,))
STACKS: tuple[Size, ...] = (
    *((2, 3, 3), (3, 2, 2), (1, 2, 2, 2), (2, 4, 4), (2, 1, 1)),
    *((0, 2, 2), (2, 0, 0)),
)


def maps_and_bases(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """Every map at an assigned base, and at a fixed one where it has a closed inverse."""
    bases = {name: ("assigned", "fixed") if m.fixed else ("assigned",) for name, m in MAPS.items()}
    return tuple({"map": name, "base": base} for name, both in bases.items() for base in both)


def intervals(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """An end at zero, the centre at zero, zero outside, ends that round, far from zero."""
    ends = ((0.0, 1.0), (-1.0, 1.0), (-3.0, -0.1), (100.0, 101.0))
    return tuple({"low": low, "high": high} for low, high in ends)


def aligned_maps(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """The maps of the Grassmann manifold."""
    return tuple({"map": name} for name in ALIGNED)


def maps_and_metrics(size: Size) -> tuple[Options, ...]:
    """Maps and bases with a metric of condition 10, one of condition 1000, complex metrics."""
    tame = tuple({"condition": 10.0, **options} for options in maps_and_bases(size))
    wild = {"condition": 1000.0, "map": "cayley", "base": "assigned"}
    hermitian = tuple(
        {"condition": 10.0, "hermitian": True, "map": "cayley", "base": base}
        for base in ("assigned", "fixed")
    )
    return (*tame, wild, *hermitian)


def with_metric(*size: int, condition: float, hermitian: bool = False, **options: Any) -> Manifold:
    """A metric with eigenvalues from 1 to `condition`, in a fixed random basis."""
    n = size[0]
    v = haar((), n, n, numpy.random.default_rng(n), is_complex=hermitian)
    values = torch.logspace(0, math.log10(condition), n, dtype=torch.float64)
    g = (v * values) @ v.mH
    return GeneralizedStiefel(*size, metric=(g + g.mH) / 2, **options)


def spectra(size: Size) -> tuple[Options, ...]:
    """Distinct values, equal ones, and a zero after a pair."""
    r = min(size)
    kinds = ("distinct", "equal", "a pair and a zero") if r > 2 else ("distinct", "equal")
    return tuple({"values": kind} for kind in kinds)


def with_spectrum(*size: int, values: str) -> Manifold:
    """PrescribedSpectrum with values named in `spectra`."""
    s = torch.ones(min(size), dtype=torch.float64)
    if values == "distinct":
        s = 1 + torch.arange(len(s), dtype=torch.float64).flip(0)
    elif values == "a pair and a zero":
        s[:2], s[-1] = 2.0, 0.0
    return PrescribedSpectrum(*size, spectrum=s)


def interior_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """eps^(-1/4): 1 - σ is about 1/2w², w at most some ten times the scale: far above eps."""
    return torch.finfo(dtype).eps ** -0.25


def radii(size: Size) -> tuple[Options, ...]:  # noqa: ARG001 -- the same for every size
    """A shell of middle width, a narrow one, and a wide one by another map."""
    return ({"radius": 0.5}, {"radius": 0.1}, {"radius": 0.9, "map": "polar"})


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


def projective_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """s with 1 - ‖x‖ = 1 / 2‖p‖² above n eps for ‖p‖ < 4 s √n, n counted as n + 2 for n = 0."""
    return 1 / (32 * (manifold.size[0] + 2) ** 2 * torch.finfo(dtype).eps) ** 0.5


def conformal_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """s with 1 - ‖x‖ = 1 / ‖p‖ above n eps for ‖p‖ < 4 s √n, n counted as n + 2 for n = 0."""
    return 1 / (4 * (manifold.size[0] + 2) ** 1.5 * torch.finfo(dtype).eps)


def product_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """√(max / 4n) / 100: normal draws stay below 100, and W Wᴴ sums n products of two."""
    return (torch.finfo(dtype).max / (4 * max((1, *manifold.size)))) ** 0.5 / 100


def logarithmic_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """log(max) / 32: a normal draw, at most 4 in small matrices, is exponentiated and squared."""
    return float(torch.log(torch.tensor(torch.finfo(dtype).max, dtype=torch.float64))) / 32


def condition_scale(manifold: Manifold, dtype: torch.dtype) -> float:  # noqa: ARG001
    """log(1/eps) / 16: ‖A‖₂ <= 5 for small normal A, and cond exp(A) <= e^(2‖A‖) stays < 1/eps.

    Draws of ±2 scale a similarity A = L exp(z) to the condition eps^(-1/4).
    """
    return -math.log(torch.finfo(dtype).eps) / 16


def half_condition_scale(manifold: Manifold, dtype: torch.dtype) -> float:
    """Half of `condition_scale`: log(1/eps) / 32.

    ‖S‖ <= 5 for small normal S, and 1 - tanh S, about 2 e^(-2S), stays far above eps. Where the
    round trip multiplies the couplings of a chain, their product stays near 1.
    """
    return condition_scale(manifold, dtype) / 2


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


def joined(*size: int) -> Manifold:
    """Two n×n matrices, orthogonal and positive definite, as one vector of 2 n² numbers."""
    n = math.isqrt(size[0] // 2)
    return Joined(Product(Orthogonal(n, n), PositiveDefinite(n)))
