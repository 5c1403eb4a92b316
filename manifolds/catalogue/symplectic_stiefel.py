"""The real symplectic Stiefel manifold {X : XᵀJX = J}, X of size 2n × 2k."""

import math

import torch
from torch import Tensor

from manifolds.catalogue.symplectic import (
    j_times,
    nearest_symplectic,
    polished,
    random_symplectic,
    symplecticity,
    times_j,
)
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import identity
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.saturation import saturated


class SymplecticStiefel(Manifold):
    """X = exp(SJ) B, S = P (BJ)ᵀ + BJ Pᵀ, about an assigned B; (*batch, 2n, 2k) -> same, k <= n.

    SJ is Hamiltonian of rank 4k. With U = [P, BJ], SJ = U Vᵀ and B = U [0; -J], so that X =
    U exp(VᵀU) [0; -J] in 4k × 4k matrices where they are smaller than SJ, 2n × 2n. The derivative
    at P = 0, P -> P + BJ PᵀJB, maps onto the tangent space, of dimension 4nk - k (2k - 1) (Gao,
    Son, Absil & Stykel, Riemannian optimization on the symplectic Stiefel manifold, SIAM J. Optim.
    2021, section 3, whose quasi-geodesics these are up to the metric). P is scaled down where
    2 ‖P‖₂ ‖B‖₂ >= ‖SJ‖₂ exceeds log(max) / 4 as in `GeneralLinear`.

    `violation` is relative to the rounding of XᵀJX, √(2k) ‖XᵀJX - J‖ / ‖X‖². `project` is
    X (X⋆X)^(-1/2), X⋆ = JᵀXᵀJ, where ‖X⋆X - I‖ <= 1/2, elsewhere the matrix that has orthonormal
    columns too and is nearest in the Frobenius norm. `random_point` is columns 1, …, k and n + 1,
    …, n + k of a random point of `Symplectic`.
    """

    axes = ("2n", "2k")
    has_base = True

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        n, k = self.size
        if n % 2 or k % 2 or n < k:
            raise ValueError(f"SymplecticStiefel(2n, 2k) needs even sizes, k <= n, got {self.size}")
        self.remember(base_point=standard(n // 2, k // 2))

    def embed(self, *parameters: Tensor) -> Tensor:
        """exp(SJ) B or U exp(VᵀU) [0; -J]."""
        (p,) = parameters
        base = polished(self.recalled("base_point", p))
        bj = times_j(base).expand(p.shape)
        # P itself, since exp(VᵀU) is that of SJ for one P only; ‖SJ‖₂ <= 2 ‖P‖₂ ‖B‖₂
        p = saturated(p, math.log(torch.finfo(p.dtype).max) / 8, beside=bj)
        if self.size[0] <= 2 * self.size[1]:
            t = p @ bj.mT
            return exponential(times_j(t + t.mT)) @ base
        u = torch.cat([p, bj], dim=-1)
        v = torch.cat([-j_times(bj), -j_times(p)], dim=-1)
        e = exponential(v.mT @ u)
        return -times_j(u @ e[..., self.size[1] :])

    def coordinates(self, x: Tensor) -> Tensor:
        """X is remembered; the parameters are zero."""
        self.remember(base_point=x)
        return torch.zeros_like(x)

    def residual(self, x: Tensor) -> Tensor:
        """√(2k) ‖XᵀJX - J‖ / ‖X‖²."""
        return symplecticity(x)

    def nearest(self, x: Tensor) -> Tensor:
        """See the class."""
        return nearest_symplectic(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Columns of a random symplectic matrix."""
        return pairs(random_symplectic(shape[:-2], shape[-2] // 2, normal), shape[-1] // 2)

    @property
    def dim(self) -> int:
        """4nk - k (2k - 1)."""
        n, k = (s // 2 for s in self.size)
        return 4 * n * k - k * (2 * k - 1)


def pairs(x: Tensor, k: int) -> Tensor:
    """Columns 1, …, k and n + 1, …, n + k; (*batch, 2n, 2n) -> (*batch, 2n, 2k)."""
    left, right = x.tensor_split(2, dim=-1)
    return torch.cat([left[..., :k], right[..., :k]], dim=-1)


def standard(n: int, k: int) -> Tensor:
    """Columns 1, …, k and n + 1, …, n + k of the identity; -> (2n, 2k)."""
    return torch.block_diag(*[identity(n, k, torch.empty(0, dtype=torch.float32))] * 2)
