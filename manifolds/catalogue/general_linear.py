"""The general linear group {X : det X ≠ 0}, an open dense set of square matrices."""

import math

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.decompositions import singular_values, svd
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.saturation import saturated


def exponential_in_range(a: Tensor) -> Tensor:
    """exp(A), A scaled down where a bound of ‖A‖₂ exceeds log(max) / 4: a quarter of the range.

    ‖exp(A)‖₂ <= e^‖A‖₂; three quarters are left to a base, to gradients and to what they multiply.
    """
    return exponential(saturated(a, math.log(torch.finfo(a.dtype).max) / 4))


class GeneralLinear(Manifold):
    """X = B exp(A) about an assigned B; (*batch, n, n) -> (*batch, n, n).

    det X has the sign of det B: real X stay in their component of GL(n, R), complex X have one
    component. exp is regular at A = 0, where the Jacobian is that of A -> BA, of full rank n².
    A is scaled down where ‖A‖₂ exceeds log(max) / 4, 22 in float32 and 177 in float64, up to a
    factor n^(1/16) below it: Note [A bound by even powers].
    (Lezcano-Casado, Trivializations for gradient-based optimization on manifolds, NeurIPS 2019.)

    Singular X is not reached: `LowRank` with rank = n reaches it. `violation` is 0, since every
    matrix is a limit of invertible ones; singularity to rounding, σ_n <= n eps σ_1, counts as the
    boundary. `project` is nearest in every unitarily invariant norm among matrices with σ_n >= 8n
    eps σ_1 (1 for σ_1 where X = 0); `random_point` has independent N(0, 1) entries.
    """

    axes = ("n", "n")
    complex_form = True
    has_base = True
    boundary = "singular matrices"
    alternative = "LowRank with rank=n has them"

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.remember(base_point=torch.eye(self.size[0], dtype=torch.float32))

    def embed(self, *parameters: Tensor) -> Tensor:
        """B exp(A)."""
        (a,) = parameters
        return self.recalled("base_point", a) @ exponential_in_range(a)

    def coordinates(self, x: Tensor) -> Tensor:
        """X is remembered; the parameters are zero."""
        self.remember(base_point=x)
        return torch.zeros_like(x)

    def residual(self, x: Tensor) -> Tensor:
        """0."""
        return torch.zeros_like(x.real[..., 0, 0] if x.numel() else x.real.sum((-2, -1)))

    def interior(self, x: Tensor) -> Tensor:
        """σ_n above rounding, n eps σ_1."""
        if not self.size[0]:
            return super().interior(x)
        s = singular_values(x)
        return s[..., -1] > self.size[0] * torch.finfo(x.dtype).eps * s[..., 0]

    def nearest(self, x: Tensor) -> Tensor:
        """X plus what small singular values lack; see Note [Backward error of an SVD]."""
        u, s, vh = svd(x)
        return x + (u * (floored(s, self.tolerance(x.dtype)) - s).unsqueeze(-2)) @ vh

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """A normal matrix."""
        return normal(*shape)

    @property
    def dim(self) -> int:
        """n²."""
        return self.size[0] ** 2

    @property
    def complex_dim(self) -> int:
        """2n²."""
        return 2 * self.dim


def floored(s: Tensor, floor: float) -> Tensor:
    """Descending singular values raised to floor · s_1, or to floor where s_1 = 0."""
    top = s[..., :1]
    return torch.maximum(s, floor * torch.where(top > 0, top, 1))
