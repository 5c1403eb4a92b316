"""The open spectral ball {X : ‖X‖₂ < 1}: linear maps that contract."""

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import add_identity, diagonal, gram
from manifolds.linear_algebra.contraction import contraction
from manifolds.linear_algebra.decompositions import singular_values, svd
from manifolds.linear_algebra.qr import loss_allowed
from manifolds.linear_algebra.range import clipped


class SpectralBall(Manifold):
    """X = W L⁻ᴴ with L Lᴴ = I + WᴴW; wide X by their transposes; (*batch, n, k) -> (*batch, n, k).

    A diffeomorphism from R^(n×k): I - XᴴX = L⁻¹L⁻ᴴ, so that its Cholesky factor is C = L⁻¹ and the
    inverse is W = X C⁻ᴴ (`manifolds.linear_algebra.contraction`). The scalar case is
    x = w / √(1 + w²). Columns are taken in an order set by assignment, that of Cholesky's
    method with diagonal pivots on I - XᴴX: a small pivot, next to ‖X‖₂ = 1, is then the last one.
    In another order its column of W, of size eps^(-1/2), spoils the ones behind it. The set of
    complex X is the classical domain of the first type (Hua, Harmonic analysis of functions of
    several complex variables in the classical domains, 1963).

    ‖X‖₂ = 1 is not reached: `Scaled` with a factor > 1 has it inside. `project` clips singular
    values at 1 - 16 max(n, k) eps, nearest in every unitarily invariant norm; `random_point` is X
    of a W with independent N(0, 1/max(n, k)) entries.
    """

    axes = ("n", "k")
    complex_form = True
    boundary = "matrices with ‖X‖₂ = 1"
    alternative = "Scaled with a factor > 1 has them inside"

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.remember(order=torch.arange(min(self.size)))

    def embed(self, *parameters: Tensor) -> Tensor:
        """The contraction of W, columns in the remembered order, to `loss_allowed` eps."""
        (p,) = parameters
        w = self._tall(clipped(p, torch.finfo(p.dtype).eps ** -2))  # squares stay finite
        order = self.recalled("order", w)
        x = contraction(columns(w, order), most=loss_allowed(min(self.size)))
        return self._tall(columns(x, order.argsort(-1)))

    def coordinates(self, x: Tensor) -> Tensor:
        """W = X C⁻ᴴ; the order is remembered."""
        y = self._tall(x)
        order = pivot_order(add_identity(-gram(y)))
        self.remember(order=order)
        y = columns(y, order)
        c = torch.linalg.cholesky(add_identity(-gram(y)))
        w = torch.linalg.solve_triangular(c.mH, y, upper=True, left=False)
        return self._tall(columns(w, order.argsort(-1)))

    def residual(self, x: Tensor) -> Tensor:
        """1 - 1/σ_1 where σ_1 > 1."""
        return 1 - 1 / largest_singular_value(x).clamp_min(1)

    def interior(self, x: Tensor) -> Tensor:
        """σ_1 < 1 - 8 max(n, k) eps, where I - XᴴX is still positive definite to rounding."""
        return largest_singular_value(x) < 1 - self.tolerance(x.dtype)

    def nearest(self, x: Tensor) -> Tensor:
        """Singular values clipped at 1 - 16 max(n, k) eps."""
        u, s, vh = svd(x)
        return (u * s.clamp_max(1 - 2 * self.tolerance(x.dtype)).unsqueeze(-2)) @ vh

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """X of a normal W."""
        return self.embed(normal(*shape) / max(*self.size, 1) ** 0.5)

    @property
    def dim(self) -> int:
        """n k."""
        return self.size[0] * self.size[1]

    @property
    def complex_dim(self) -> int:
        """2 n k."""
        return 2 * self.dim

    def _tall(self, x: Tensor) -> Tensor:
        return x if self.size[0] >= self.size[1] else x.mT


def largest_singular_value(x: Tensor) -> Tensor:
    """σ_1, 0 for a matrix without entries; (*batch, n, k) -> (*batch,)."""
    s = singular_values(x)
    return s[..., 0] if s.shape[-1] else s.sum(-1)


def columns(x: Tensor, order: Tensor) -> Tensor:
    """Column j of the result is column order_j; (*batch, n, k), (*batch, k) -> (*batch, n, k)."""
    x, index = torch.broadcast_tensors(x, order.unsqueeze(-2))
    return torch.gather(x, -1, index)


def pivot_order(a: Tensor) -> Tensor:
    """In which Cholesky's method takes the largest diagonal entry left; (*batch, k, k) -> k."""
    order, left = [], torch.ones_like(diagonal(a).real, dtype=torch.bool)
    for _ in range(a.shape[-1]):
        pivot, j = diagonal(a).real.masked_fill(~left, -torch.inf).max(-1, keepdim=True)
        column = torch.take_along_dim(a, j.unsqueeze(-2), -1)
        least = torch.finfo(a.dtype).tiny
        a = a - column @ column.mH / pivot.clamp_min(least).unsqueeze(-1)
        left = left.scatter(-1, j, value=False)
        order.append(j)
    return torch.cat(order, -1) if order else left.long()
