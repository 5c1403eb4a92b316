"""What a family of points offers to the laws.

Every method works in double precision on the CPU; the caller casts to the dtype whose eps decides
how hard a point may be. Sources are numpy, scipy and formulas, never the code of the manifold: the
sampler of a wrong map finds the wrong map right.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy
import scipy
import torch
from torch import Tensor

Generator = numpy.random.Generator
Batch = tuple[int, ...]
Named = dict[str, Tensor]

SCALES = (1e-12, 1e12)
"""Absolute tolerances, 1e-4 to 1e-6 in peers, accept anything at one and nothing at the other."""
TINY = 1e-30
"""Its square underflows in float32."""
ROUNDINGS = 100
"""So many roundings from a boundary, float32 still tells a point from the boundary."""
NEARBY_FACTOR = 1.5
"""Of positive numbers, singular values and eigenvalues of a point near another."""
NEAREST_ANGLE = 1e-9
"""Away from pi by this: float64 tells it from pi, float32 does not."""


def hardest_condition(dtype: torch.dtype) -> float:
    """0.01 / eps: the smallest singular value is still a hundred roundings above zero."""
    return 0.01 / torch.finfo(dtype).eps


class Points(ABC):
    """Points on and off one set. `manifold` says which sizes and options."""

    @abstractmethod
    def random(
        self, manifold: Any, batch: Batch, rng: Generator, *, is_complex: bool = False
    ) -> Tensor:
        """-> (*batch, *size): independent points, distributed as `random_point` documents."""

    @abstractmethod
    def nearby(self, manifold: Any, x: Tensor, rng: Generator) -> Tensor:
        """A random point near x in its component: angles <= 1/2, spectrum within a factor 1.5."""

    def ties(self, manifold: Any, *, is_complex: bool = False) -> Named:  # noqa: ARG002
        """Well-conditioned points where charts are singular: the identity, repeated spectra, -I."""
        return {}

    def hard(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Points on the set where rounding hurts: scales, condition, tiny entries."""
        return {}

    def outside(self, manifold: Any, dtype: torch.dtype) -> Named:  # noqa: ARG002
        """Points that strict mode must refuse: another component, a boundary that is not there."""
        return {}

    def boundary(
        self,
        manifold: Any,  # noqa: ARG002
        *,
        is_complex: bool = False,  # noqa: ARG002
    ) -> dict[str, tuple[Tensor, int]]:
        """Boundary points of a closed set, each with the rank of the Jacobian stated there."""
        return {}


def normal(rng: Generator, *shape: int, is_complex: bool = False) -> Tensor:
    """Independent N(0, 1) entries; complex ones have E|z|² = 1."""
    if is_complex:
        return torch.complex(normal(rng, *shape), normal(rng, *shape)) / 2**0.5
    return torch.from_numpy(rng.standard_normal(shape))


def expm(a: Tensor) -> Tensor:
    """exp(A) by scipy; torch 2.13's own errs by 2e-11 in float64 near ‖A‖ = 0.03."""
    return torch.from_numpy(scipy.linalg.expm(a.numpy(force=True))).to(a)


def turned(x: Tensor, rng: Generator, angle: float) -> Tensor:
    """exp(Ω) X, Ω random skew with ‖Ω‖₂ = angle; (*batch, n, k) -> (*batch, n, k)."""
    n = x.shape[-2]
    if n < 2 and not x.is_complex():
        return x
    g = normal(rng, *x.shape[:-1], n, is_complex=x.is_complex())
    omega = g - g.mH
    return expm(angle * omega / torch.linalg.matrix_norm(omega, 2, keepdim=True)) @ x
