"""Hurwitz stable matrices: {X : max Re λ(X) < -s}, those of ẋ = X x that decay."""

import math

import numpy
import torch
from torch import Tensor

from manifolds.catalogue.stable import DOUBLE, LARGEST, Stable
from manifolds.interface import Normal
from manifolds.linear_algebra.basics import add_identity, diagonal
from manifolds.linear_algebra.range import clipped
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.linear_algebra.triangular import Array

BOUND = 2.0 ** (LARGEST * 15 / 32)
"""Of the factors of R: K, a sum of n products, stays in range, X up to 1e288 is reached."""


class Hurwitz(Stable):
    """X = A (S - R) A⁻¹ - s I, S skew, R ≻ 0: {X : Re λ(X) < -s}; (*batch, n, n) twice -> the same.

    s = `shift`. The parameters are (Z, W), A = A(Z) as in `Stable`; the strict upper triangle of W
    is that of S, the lower triangle gives R = M Mᵀ by log-Cholesky: relative to M = √-s I where
    s < 0, as X = 0 is a point then, next to which S - R - s I must not cancel; else relative to a
    power of two set by assignment, as in `PositiveDefinite`. With P⁻¹ = A Aᵀ this is the form
    X + s I = P⁻¹ (S' - Q / 2), S' = A⁻ᵀ S A⁻¹, Q = 2 A⁻ᵀ R A⁻¹: Lyapunov's equation (X + s I)ᵀ P +
    P (X + s I) = -Q, which every stable X solves (the form is that of Gillis & Sharma, On computing
    the distance to stability for matrices using linear dissipative Hamiltonian systems, 2017).

    The violation is max(0, Re λ + s) / κ(λ) max(‖X‖, |s|), κ the eigenvalue's condition number
    (Golub & Van Loan 2013, section 7.2.2; 1 for normal X), the largest over λ: what X must change
    by. κ = ∞ where λ is defective, and then ((Re λ + s) / 2 max(‖X‖, |s|))ⁿ is a lower bound of it
    (Elsner, An optimal bound for the spectral variation of two matrices, 1985).

    max Re λ(X) = -s is not reached: a smaller shift has it inside. Points with -Re λ - s < 8 n eps
    max |λ + s| in float64 are on its boundary to rounding. `project` keeps X inside and takes
    others to the nearest with sym(X + s I) <= -8 n eps max(‖X + s I‖, |s|) in the Frobenius norm;
    `random_point` is G - (α(G) + 1 + s) I, G with independent N(0, 1/n) entries, α the largest Re
    λ.
    """

    boundary = "matrices with max Re λ(X) = -shift"
    alternative = "a smaller shift has them inside"

    def __init__(self, *size: int, shift: float = 0.0, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        if not math.isfinite(shift):
            raise ValueError(f"Hurwitz needs a finite shift, got {shift!r}")
        self.shift = float(shift)
        self.apex = -self.shift
        self.center = math.sqrt(max(-self.shift, 0.0))
        self.remember(magnitude=torch.ones((), dtype=DOUBLE))

    def core(self, w: Tensor) -> Tensor:
        """S - M Mᵀ - s I = S - c (G + Gᵀ) - G Gᵀ - s₊ I, M = c I + G; see `center`."""
        c = self.center
        logarithm = diagonal(w).clamp(-math.log(BOUND), math.log(BOUND / (c or 1)))
        g = w.tril(-1) + torch.diag_embed(c * logarithm.expm1() if c else logarithm.exp())
        g = clipped(self.get_buffer("magnitude").to(g)[..., None, None] * g, BOUND)
        k = 2 * skew(clipped(w.triu(1), BOUND**2)) - c * (g + g.mT) - g @ g.mT
        return add_identity(k, -max(self.shift, 0.0))

    def core_coordinates(self, k: Tensor, dtype: torch.dtype) -> Tensor:
        """S, and G of -sym(K) = c (G + Gᵀ) + G Gᵀ + s₊ I, where c = 0 over a power of two."""
        c = self.center
        g = cholesky_about(add_identity(-sym(k), -max(self.shift, 0.0)), c)
        size = diagonal(g).amax(-1) if k.numel() and not c else k.new_ones(k.shape[:-2])
        self.remember(magnitude=torch.exp2(torch.round(torch.log2(size))))
        g = g / self.get_buffer("magnitude")[..., None, None]
        d = diagonal(g)
        logarithm = (d / c).log1p() if c else d.log()
        return (skew(k).triu(1) + g.tril(-1) + torch.diag_embed(logarithm)).to(dtype)

    def core_distance(self, k: Array) -> float:
        """The largest eigenvalue of sym(K), plus s."""
        return float(numpy.linalg.eigvalsh((k + k.T) / 2)[-1]) + self.shift

    def distances(self, values: Array) -> Array:
        """Re λ + s."""
        return numpy.real(values) + self.shift

    def moved(self, values: Array, margin: float) -> tuple[Array, Array]:
        """Real parts at most -s - margin."""
        h = self.distances(values)
        return numpy.ones_like(h), numpy.maximum(h + margin, 0)

    def margin(self, values: Array) -> float:
        """8 n eps max |λ + s|, 1 for the maximum where all vanish."""
        scale = numpy.abs(values + self.shift).max(initial=0)
        return 8 * self.size[0] * torch.finfo(DOUBLE).eps * float(scale or 1)

    def nearest_core(self, y: Tensor, margin: float) -> Tensor:
        """Eigenvalues of sym(X) at most -s - margin max(‖X + s I‖, |s|), that 1 where it is 0."""
        values, v = torch.linalg.eigh(sym(y))
        size = torch.linalg.matrix_norm(add_identity(y, self.shift)).clamp_min(abs(self.shift))
        size = torch.where(size > 0, size, 1)[..., None]
        return skew(y) + (v * values.clamp_max(-self.shift - margin * size).unsqueeze(-2)) @ v.mT

    def normalized(self, x: Tensor) -> Tensor:
        """X: of a small one X + s I would keep no digit."""
        return x

    def denormalized(self, x: Tensor) -> Tensor:
        """X."""
        return x

    def excess(self, values: Tensor) -> Tensor:
        """Re λ + s."""
        return values.real + self.shift

    def scale(self, norm: Tensor) -> Tensor:
        """max(‖X‖, |s|)."""
        return norm.clamp_min(abs(self.shift))

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """G - (α(G) + 1 + s) I."""
        n = shape[-1]
        g = normal(*shape) / max(n, 1) ** 0.5
        if not n:
            return g
        alpha = torch.linalg.eigvals(g).real.amax(-1)[..., None, None]
        return g - (alpha + 1 + self.shift) * add_identity(torch.zeros_like(g))

    def extra_repr(self) -> str:
        """Sizes and shift."""
        return f"{super().extra_repr()}, shift={self.shift:g}"


def cholesky_about(p: Tensor, c: float) -> Tensor:
    """G lower triangular with (c I + G)(c I + G)ᵀ = c² I + P, relative to P; (*batch, n, n).

    Column after column, which keeps the digits of a small P and the zeros of a sparse one.
    """
    g = torch.zeros_like(p)
    for j in range(p.shape[-1]):
        row = g[..., j, :j, None]
        rest = (p[..., j:, j, None] - g[..., j:, :j] @ row).squeeze(-1)
        root = (c**2 + rest[..., :1]).sqrt()
        g[..., j:, j] = rest / root
        g[..., j, j] = (rest[..., :1] / (c + root) if c else root).squeeze(-1)
    return g
