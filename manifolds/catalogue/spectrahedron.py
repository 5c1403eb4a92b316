"""Positive definite matrices of trace one: {X : X = Xᴴ ≻ 0, tr X = 1}, open within tr X = 1."""

import torch
from torch import Tensor

from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra import log_cholesky
from manifolds.linear_algebra.basics import diagonal, norm
from manifolds.linear_algebra.simplex import lowered
from manifolds.linear_algebra.symmetry import squared, sym


class Spectrahedron(Manifold):
    """X = L Lᴴ / ‖L‖², L = tril(Z, -1) + diag exp(z_ii); (*batch, n, n) -> (*batch, n, n).

    The lower triangle of Z is read; the scale of L is redundant. Log-Cholesky: Lin, Riemannian
    geometry of SPD matrices via Cholesky decomposition, SIAM J. Matrix Anal. 2019; the
    set: Journée, Bach, Absil & Sepulchre, Low-rank optimization on the cone of positive
    semidefinite matrices, SIAM J. Optim. 2010. Complex X are density matrices of full
    rank. Factors beyond the range of the dtype are clipped to it.

    Singular X is not reached: W Wᵀ, the entries of W on `Sphere`, reaches it. `project` is nearest
    in the Frobenius norm among matrices with eigenvalues >= min(8n eps, 1/2n); `random_point` is
    Wishart with 2n degrees of freedom, divided by its trace.
    """

    axes = ("n", "n")
    complex_form = True
    boundary = "singular matrices"
    alternative = "W Wᵀ with the entries of W on Sphere has them"

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        if self.size[0] < 1:
            raise ValueError("Spectrahedron(n) needs n >= 1, got 0: no 0×0 matrix has trace 1")

    def embed(self, *parameters: Tensor) -> Tensor:
        """L Lᴴ / ‖L‖², L first divided by its largest entry: ‖L‖² may overflow."""
        (z,) = parameters
        l = log_cholesky.factor(z)
        l = l / l.detach().abs().amax((-2, -1), keepdim=True)
        l = l * torch.rsqrt((l.conj() * l).real.sum((-2, -1), keepdim=True))
        return squared(l)

    def coordinates(self, x: Tensor) -> Tensor:
        """Z = tril(L, -1) + diag log l_ii."""
        return log_cholesky.coordinates(torch.linalg.cholesky(sym(x)))

    def residual(self, x: Tensor) -> Tensor:
        """√(‖(X - Xᴴ)/2‖² + ‖λ₋‖² + (tr X - 1)²/n) / max(‖X‖, n^(-1/2))."""
        n = self.size[0]
        negative = norm(torch.linalg.eigvalsh(sym(x)).clamp_max(0), 1)
        trace = (diagonal(x).real.sum(-1) - 1).abs() / n**0.5
        parts = torch.stack([norm((x - x.mH) / 2, 2), negative, trace], -1)
        return norm(parts, 1) / norm(x, 2).clamp_min(n**-0.5)

    def interior(self, x: Tensor) -> Tensor:
        """Where a Cholesky factorization exists, beyond rounding."""
        return log_cholesky.exists(x)

    def nearest(self, x: Tensor) -> Tensor:
        """Eigenvalues to the nearest point of the simplex, all above the floor."""
        n = self.size[0]
        floor = min(self.tolerance(x.dtype), 1 / (2 * n))
        values, v = torch.linalg.eigh(sym(x))
        values = values - floor
        values = values - values.amax(-1, keepdim=True)  # or a huge λ would swallow the total
        values = floor + lowered(values, 1 - n * floor)
        return sym((v * values.unsqueeze(-2)) @ v.mH)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G Gᵀ / ‖G‖², G normal n × 2n."""
        g = normal(*shape[:-1], 2 * shape[-1])
        g = g / torch.linalg.matrix_norm(g, keepdim=True)
        return g @ g.mH

    @property
    def dim(self) -> int:
        """n (n + 1) / 2 - 1."""
        return self.size[0] * (self.size[0] + 1) // 2 - 1

    @property
    def complex_dim(self) -> int:
        """n² - 1."""
        return self.size[0] ** 2 - 1
