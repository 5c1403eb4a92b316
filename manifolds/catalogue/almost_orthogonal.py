"""Matrices near the orthonormal ones: {X : |σᵢ(X) - 1| < r for every i}, an open set."""

import torch
from torch import Tensor

from manifolds.catalogue.orthogonal import Orthogonal
from manifolds.interface import Manifold, Normal
from manifolds.linear_algebra.basics import add_identity, diagonal
from manifolds.linear_algebra.decompositions import corrected, singular_values, svd
from manifolds.linear_algebra.hyperbolic import hyperbolic_tangent
from manifolds.linear_algebra.symmetry import sym
from manifolds.maps import Map


class AlmostOrthogonal(Manifold):
    """X = Q (I + r tanh S), QᴴQ = I, S = Sᴴ; (*batch, n, k), (*batch, m, m) -> (*batch, n, k).

    m = min(n, k), 0 < r < 1; wide X by their transposes. X = QH is the polar decomposition (Higham,
    Functions of Matrices, 2008, chapter 8), a diffeomorphism for H ≻ 0, and Q moves about an
    assigned base by the maps of `Orthogonal` (complex X: of `Unitary`): full rank n k (complex: 2 n
    k), repeated singular values included. S = V atanh((σ - 1)/r) Vᴴ; S is scaled down where
    ‖S‖₂ exceeds eps^(-1/2), 2896 in float32.

    |σ - 1| = r is not reached: a larger radius has it inside. `project` clips singular values to 1
    ± r (1 - 16 max(n, k) eps / r), nearest in every unitarily invariant norm; `random_point` is X
    of a Haar Q and S = (G + Gᴴ)/2 of independent N(0, 1/m) entries.
    """

    axes = ("n", "k")
    complex_form = True
    has_base = True
    boundary = "matrices with |σ - 1| = radius"
    alternative = "a larger radius has them inside"

    def __init__(
        self, *size: int, radius: float, map: str | Map = "cayley", strict: bool = False
    ) -> None:
        super().__init__(*size, strict=strict)
        if not 0 < radius < 1:
            raise ValueError(f"AlmostOrthogonal needs 0 < radius < 1, got {radius}")
        self.radius = float(radius)
        self.frames = Orthogonal(*sorted(self.size, reverse=True), map=map)

    def embed(self, *parameters: Tensor) -> Tensor:
        """Q (I + r tanh S)."""
        p, s = parameters
        stretch = add_identity(self.radius * hyperbolic_tangent(sym(s)))
        return self._tall(self.frames.embed(p) @ stretch)

    def coordinates(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Q is remembered; its parameters are zero."""
        y = self._tall(x)
        u, sigma, vh = svd(y)
        u, v = corrected(y, u, sigma, vh.mH)
        s = inverse_tangent(add_identity(sym(u.mH @ y @ v), -1) / self.radius)
        return self.frames.coordinates(u @ v.mH), v @ s @ v.mH

    def residual(self, x: Tensor) -> Tensor:
        """max |σ - 1| - r where positive, over max(σ_1, 1)."""
        sigma = singular_values(x)
        if not sigma.shape[-1]:
            return sigma.sum(-1)
        return (self._reach(sigma) - self.radius).clamp_min(0) / sigma[..., 0].clamp_min(1)

    def interior(self, x: Tensor) -> Tensor:
        """|σ - 1| < r - 8 max(n, k) eps."""
        return self._reach(singular_values(x)) < self.radius - self.tolerance(x.dtype)

    def nearest(self, x: Tensor) -> Tensor:
        """Singular values clipped."""
        u, sigma, vh = svd(x)
        reach = max(self.radius - 2 * self.tolerance(x.dtype), 0.0)
        return (u * sigma.clamp(1 - reach, 1 + reach).unsqueeze(-2)) @ vh

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """Q (I + r tanh S), Q Haar, S Hermitian normal."""
        batch, (n, m) = shape[:-2], self.frames.size
        s = sym(normal(*batch, m, m)) / max(m, 1) ** 0.5
        q = self.frames.sample((*batch, n, m), normal)
        return self._tall(q @ add_identity(self.radius * hyperbolic_tangent(s)))

    def extra_repr(self) -> str:
        """Sizes and radius."""
        return f"{super().extra_repr()}, radius={self.radius}"

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

    def _reach(self, sigma: Tensor) -> Tensor:
        """max |σ - 1|; 0 for no singular values."""
        away = (sigma - 1).abs()
        return away.amax(-1) if away.shape[-1] else away.sum(-1)


def inverse_tangent(t: Tensor) -> Tensor:
    """atanh T of T = D + E, D its diagonal, to first order in E; (*batch, m, m).

    E is left of a diagonalization where d_i and d_j agree to rounding: there the divided
    difference of atanh is 1 / (1 - d²).
    """
    d = diagonal(t)
    mean = (d.unsqueeze(-1) + d.unsqueeze(-2)) / 2
    return torch.diag_embed(torch.atanh(d)) + (t - torch.diag_embed(d)) / (1 - mean**2)
