"""Positive definite matrices: {X : X = Xᴴ ≻ 0}, an open cone."""

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra import log_cholesky
from manifolds.linear_algebra.basics import diagonal, norm, ratio
from manifolds.linear_algebra.symmetry import squared, sym


def semidefinite_part(x: Tensor, floor: float = 0.0) -> Tensor:
    """The nearest Hermitian matrix with eigenvalues >= floor · ‖X‖₂ (Higham 1988, theorem 2.1).

    For floor > 0 and X ⪯ 0, which has no scale to offer, the floor is relative to 1.
    """
    values, v = torch.linalg.eigh(sym(x))
    top = values.amax(-1, keepdim=True).clamp_min(0) if values.numel() else values
    least = floor * torch.where(top > 0, top, 1)
    return sym((v * torch.maximum(values, least).unsqueeze(-2)) @ v.mH)


def distance_to_semidefinite(x: Tensor) -> Tensor:
    """‖X - X₊‖ / ‖X‖ in the Frobenius norm, X₊ the nearest X₊ = X₊ᴴ ⪰ 0; asymmetry counts."""
    negative = torch.linalg.eigvalsh(sym(x)).clamp_max(0)
    return ratio(torch.hypot(norm((x - x.mH) / 2, 2), norm(negative, 1)), norm(x, 2))


class PositiveDefinite(Manifold):
    """X = L Lᴴ, L = 2^e (tril(Z, -1) + diag exp(z_ii)); (*batch, n, n) -> (*batch, n, n).

    e = 0 until a point is assigned, which sets 4^e to its magnitude: exp would turn the rounding of
    log(1e-30) into 35 eps, a power of two is exact. The lower triangle of Z is read; a
    diffeomorphism from R^(n(n+1)/2), or with a complex strict triangle from R^(n²) onto the
    Hermitian positive definite matrices (log-Cholesky: Lin, Riemannian geometry of SPD matrices via
    Cholesky decomposition, SIAM J. Matrix Anal. 2019). Entries of L are clipped at √(max / 2n)
    (complex: √(max / 8n)), max being the dtype's largest number: X with x_ii up to its square, 8e36
    for complex 5×5 in float32, is reached.

    Singular X is not reached: `PositiveSemidefinite` reaches it. `project` is nearest in the
    Frobenius norm among matrices with eigenvalues >= 2n eps ‖X‖₂; `random_point` is
    Wishart with 2n degrees of freedom and mean I, thus well conditioned.
    """

    axes = ("n", "n")
    closure = "PositiveSemidefinite"
    boundary = "singular matrices"
    complex_form = True

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        self.remember(scale=torch.ones(()))

    def embed(self, *parameters: Tensor) -> Tensor:
        """L Lᴴ."""
        (z,) = parameters
        scale = self.recalled("scale", z.real)[..., None, None]
        return squared(log_cholesky.factor(z, scale))

    def coordinates(self, x: Tensor) -> Tensor:
        """Z = tril(L, -1) + diag log l_ii with L = chol(X) / 2^e, 4^e next to the largest x_ii."""
        size = diagonal(x).real.amax(-1) if x.numel() else x.real.sum((-2, -1)) + 1
        scale = torch.exp2(torch.round(torch.log2(size) / 2))
        l = torch.linalg.cholesky(sym(x)) / scale[..., None, None]
        self.remember(scale=scale)
        return log_cholesky.coordinates(l)

    def residual(self, x: Tensor) -> Tensor:
        """‖X - X₊‖ / ‖X‖."""
        return distance_to_semidefinite(x)

    def interior(self, x: Tensor) -> Tensor:
        """Where a Cholesky factorization exists, beyond rounding."""
        return log_cholesky.exists(x)

    def nearest(self, x: Tensor) -> Tensor:
        """Eigenvalues clipped at 2n eps ‖X‖₂."""
        return semidefinite_part(x, floor=2 * self.size[0] * torch.finfo(x.dtype).eps)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G Gᵀ / 2n, G normal n × 2n."""
        n = shape[-1]
        g = normal(*shape[:-1], 2 * n) / max(2 * n, 1) ** 0.5
        return g @ g.mH

    @property
    def dim(self) -> int:
        """n (n + 1) / 2."""
        return self.size[0] * (self.size[0] + 1) // 2

    @property
    def complex_dim(self) -> int:
        """n²."""
        return self.size[0] ** 2
