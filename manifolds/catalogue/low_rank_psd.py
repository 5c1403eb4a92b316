"""Positive semidefinite matrices of rank at most r: {X : X = Xᴴ ⪰ 0, rank X <= r}, closed."""

import torch
from torch import Tensor

from manifolds.catalogue.ranked import checked_rank
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import norm, ratio
from manifolds.linear_algebra.range import clipped, largest_factor
from manifolds.linear_algebra.symmetry import sym


def leading_eigenpairs(x: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """λ₊ and V of the `rank` largest eigenvalues of sym X, rising: (*batch, r), (*batch, n, r)."""
    values, v = torch.linalg.eigh(sym(x))
    first = x.shape[-1] - rank
    return values[..., first:].clamp_min(0), v[..., first:]


def leading_factor(x: Tensor, rank: int) -> Tensor:
    """W = V √Λ with W Wᴴ the nearest matrix of rank <= r to sym X; -> (*batch, n, r)."""
    values, v = leading_eigenpairs(x, rank)
    return v * values.sqrt().unsqueeze(-2)


def excess(x: Tensor, rank: int) -> Tensor:
    """The eigenvalues of sym X less those of the nearest X ⪰ 0 of rank <= r; -> (*batch, n)."""
    values = torch.linalg.eigvalsh(sym(x))
    rest, kept = values.split([x.shape[-1] - rank, rank], dim=-1)
    return torch.cat([rest, kept.clamp_max(0)], dim=-1)


def distance_to_low_rank_psd(x: Tensor, rank: int) -> Tensor:
    """‖X - X_r‖ / ‖X‖, X_r the nearest Hermitian X_r ⪰ 0 of rank <= r; asymmetry counts."""
    return ratio(torch.hypot(norm((x - x.mH) / 2, 2), norm(excess(x, rank), 1)), norm(x, 2))


class LowRankPSD(Manifold):
    """X = W Wᴴ, W n × r; (*batch, n, r) -> (*batch, n, n).

    Every X ⪰ 0 of rank <= r is reached. The Jacobian at W of rank s maps dW to dW Wᴴ + W dWᴴ: its
    rank is n s - s (s - 1) / 2 (Hermitian: 2 n s - s²), which is `dim` at s = r and zero at W = 0,
    where gradient descent does not move; `FixedRankPSD` has full rank everywhere. (Burer &
    Monteiro, A nonlinear programming algorithm for solving semidefinite programs via low-rank
    factorization, Math. Program. 2003; dimension: Vandereycken, Absil & Vandewalle, Embedded
    geometry of the set of symmetric positive semidefinite matrices of fixed rank, 2009.) Entries of
    W are clipped at √(max / 2r) (complex: √(max / 8r)), max being the dtype's largest number: X
    with x_ii up to its square, and its eigenvalues up to max, is reached.

    `project` is nearest in the Frobenius norm: the r largest eigenvalues, where positive, are kept
    (Higham 1988, theorem 2.1; Eckart & Young 1936); `random_point` is G Gᵀ / r, G normal n × r.
    """

    axes = ("n", "n")
    complex_form = True

    def __init__(self, *size: int, rank: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.rank = checked_rank("LowRankPSD", self.size, rank)

    def embed(self, *parameters: Tensor) -> Tensor:
        """W Wᴴ."""
        (w,) = parameters
        w = clipped(w, largest_factor(self.rank, w.dtype))
        return w @ w.mH

    def coordinates(self, x: Tensor) -> Tensor:
        """W = V √Λ of the r leading eigenpairs."""
        return leading_factor(x, self.rank)

    def residual(self, x: Tensor) -> Tensor:
        """‖X - X_r‖ / ‖X‖."""
        return distance_to_low_rank_psd(x, self.rank)

    def nearest(self, x: Tensor) -> Tensor:
        """V Λ₊ Vᴴ of the r leading eigenpairs."""
        values, v = leading_eigenpairs(x, self.rank)
        return sym((v * values.unsqueeze(-2)) @ v.mH)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G Gᵀ / r."""
        g = normal(*shape[:-1], self.rank) / max(self.rank, 1) ** 0.5
        return g @ g.mH

    def extra_repr(self) -> str:
        """Sizes and rank."""
        return f"{super().extra_repr()}, rank={self.rank}"

    @property
    def dim(self) -> int:
        """n r - r (r - 1) / 2."""
        return self.size[0] * self.rank - self.rank * (self.rank - 1) // 2

    @property
    def complex_dim(self) -> int:
        """2 n r - r²."""
        return 2 * self.size[0] * self.rank - self.rank**2
