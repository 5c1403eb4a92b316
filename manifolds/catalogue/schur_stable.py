"""Schur stable matrices: {X : ρ(X) < r}, those of x_{t+1} = X x_t that forget.

Note [Rounding of a chart]
1 - ‖C‖ = 1 / 2‖W‖² near the boundary, and the rounding of W alone moves C by eps ‖W‖, which D A
amplify by up to the couplings of X over the distance to the boundary (measured: 1e7 tolerances for
n = 4, 1 - ρ = 1e-4, couplings of 10). So an assigned C₀ leaves E = C₀ - C(W₀), in float64, and
the map takes C(W) + E (1 + ‖W₀‖²) / max(1 + ‖W‖², 1 + ‖W₀‖²) for C(W): C₀ to the last digit, and a
contraction for all W, as ‖E‖ < 1 / 4(1 + ‖W₀‖²), or E = 0, and 1 - ‖C‖ > 1 / 2(1 + ‖W‖²).
"""

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.stable import DOUBLE, Stable
from manifolds.interface import Normal
from manifolds.linear_algebra.basics import add_identity
from manifolds.linear_algebra.contraction import contraction
from manifolds.linear_algebra.decompositions import svd
from manifolds.linear_algebra.range import clipped
from manifolds.linear_algebra.triangular import Array


class SchurStable(Stable):
    """X = r A C A⁻¹, ‖C‖₂ < 1: {X : ρ(X) < r}, r = `radius`.

    (*batch, n, n), (*batch, n, n) -> (*batch, n, n). C = W R⁻¹ with RᵀR = I + WᵀW, R upper
    triangular, runs through the open spectral ball; the parameters are (Z, W), A = A(Z) as in
    `Stable`. A contraction in the norm of A is stable, and all stable X are (Stein's theorem; the
    form is that of Gillis, Karow & Sharma, Approximating the nearest stable discrete-time system,
    Linear Algebra Appl. 2019).

    The violation is max(0, |λ| - r) / κ(λ) ‖X‖₂, κ the eigenvalue's condition number (Golub & Van
    Loan 2013, section 7.2.2), the largest over λ: what X must change by, relative to X. It is
    (ρ - r) / ρ for normal X. κ = ∞ where λ is defective, and then ((|λ| - r) / 2‖X‖₂)ⁿ is a lower
    bound of it (Elsner, An optimal bound for the spectral variation of two matrices, 1985).

    ρ(X) = r is not reached: a larger radius has it inside. Points with 1 - ρ / r < 4 (2 n
    eps)^(2/3) in float64, 6e-10 for n = 4, are on its boundary to rounding. All others come back to
    eps ‖X‖ (Note [Rounding of a chart]). `project` keeps X inside and takes others to the nearest
    with ‖X‖₂ <= r (1 - 8 n eps) in the Frobenius norm; margins in float64 are those of the
    boundary. `random_point` is r G / √(1 + ρ(G)²), G with independent N(0, 1/n) entries. ValueError
    for radius <= 0.
    """

    boundary = "matrices with ρ(X) = radius"
    alternative = "a larger radius has them inside"

    def __init__(self, *size: int, radius: float = 1.0, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        if not 0 < radius < float("inf"):
            raise ValueError(f"SchurStable needs a finite radius > 0, got {radius!r}")
        self.radius = float(radius)
        zero = torch.zeros(self.size, dtype=DOUBLE)
        self.remember(rounding=zero, largest=zero.sum())

    def core(self, w: Tensor) -> Tensor:
        """C = W R⁻¹, the lower half of the orthonormal factor of (I, W).

        Back substitution in W R⁻¹ subtracts numbers ‖W‖² as large as what is left, ten times the
        rounding that a round trip may miss where couplings are far above r. Householder's
        reflectors with the 1 of I as pivot subtract nothing, and keep W's small rows.
        """
        w = _saturated(w, self._largest())
        size = torch.maximum(_squares(w), self.get_buffer("largest").to(w))
        fading = (self.get_buffer("largest").to(w) / size)[..., None, None]
        return contraction(w) + fading * self.get_buffer("rounding").to(w)

    def core_coordinates(self, k: Tensor, dtype: torch.dtype) -> Tensor:
        """W = C R with R⁻ᵀ R⁻¹ = I - CᵀC; Note [Rounding of a chart] says what is remembered."""
        l = torch.linalg.cholesky(-add_identity(k.mT @ k, -1))
        w = torch.linalg.solve_triangular(l.mT, k, upper=True, left=False).to(dtype)
        wide = _saturated(w.to(DOUBLE), self._largest())
        size, rounding = _squares(wide), k - contraction(wide)
        small = torch.linalg.matrix_norm(rounding) < 1 / (4 * size)
        self.remember(rounding=torch.where(small[..., None, None], rounding, 0), largest=size)
        return w

    def core_distance(self, k: Array) -> float:
        """‖C‖₂ - 1."""
        return float(numpy.linalg.norm(k, 2)) - 1

    def distances(self, values: Array) -> Array:
        """|λ| - 1."""
        return numpy.abs(values) - 1

    def moved(self, values: Array, margin: float) -> tuple[Array, Array]:
        """Moduli at most 1 - margin."""
        size = numpy.abs(values)
        outside = size > 1 - margin
        return numpy.where(outside, (1 - margin) / numpy.where(outside, size, 1), 1), 0 * size

    def margin(self, values: Array) -> float:  # noqa: ARG002 -- the radius is the scale
        """4 / σ², eight times 1 - ‖C‖ at the largest W."""
        return 4 / self._largest() ** 2

    def nearest_core(self, y: Tensor, margin: float) -> Tensor:
        """Singular values at most 1 - margin."""
        margin = max(margin, 2 * 4 / self._largest() ** 2)
        u, s, vh = svd(y)
        return (u * s.clamp_max(1 - margin).unsqueeze(-2)) @ vh

    def normalized(self, x: Tensor) -> Tensor:
        """X / r."""
        return x / self.radius

    def denormalized(self, x: Tensor) -> Tensor:
        """r X."""
        return self.radius * x

    def excess(self, values: Tensor) -> Tensor:
        """|λ| - r."""
        return values.abs() - self.radius

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """r G / √(1 + ρ(G)²)."""
        n = shape[-1]
        g = normal(*shape) / max(n, 1) ** 0.5
        if not n:
            return g
        rho = torch.linalg.eigvals(g).abs().amax(-1)[..., None, None]
        return self.radius * g / torch.sqrt(1 + rho**2)

    def extra_repr(self) -> str:
        """Sizes and radius."""
        return f"{super().extra_repr()}, radius={self.radius:g}"

    def _largest(self) -> float:
        """σ with n eps σ = 1 / 2σ²: rounding of C = W R⁻¹ is n eps ‖W‖, and 1 - ‖C‖ = 1 / 2‖W‖²."""
        return float((2 * max(self.size[0], 1) * torch.finfo(DOUBLE).eps) ** (-1 / 3))


def _squares(w: Tensor) -> Tensor:
    """1 + ‖W‖², Frobenius; (*batch, n, n) -> (*batch,)."""
    return 1 + w.square().sum((-2, -1))


def _saturated(w: Tensor, limit: float) -> Tensor:
    """W, or its multiple with √(‖W‖₁ ‖W‖∞) >= ‖W‖₂ at the limit."""
    if not w.numel():
        return w
    w = clipped(w, limit * torch.finfo(w.dtype).max ** 0.25)  # or the norms overflow
    size = w.detach().abs()
    columns, rows = size.sum(-2).amax(-1), size.sum(-1).amax(-1)
    norm = torch.sqrt(columns * rows)[..., None, None]
    return w * (limit / norm.clamp_min(limit))
