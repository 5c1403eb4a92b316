"""The inverse of a matrix with Hermitian part >= I, by products of its blocks.

Note [Inverse by blocks]
S = [[S₁, P], [R, S₂]] with S + Sᴴ >= 2I has S₁ + S₁ᴴ >= 2I, and so has the Schur complement
C = S₂ - R S₁⁻¹ P: no pivots are needed, and halving all the way costs (3/4) Σ 4^-j = 1 product of
n×n matrices, where LAPACK's LU and inverse take the time of three. The growth is bounded by
1 + ‖S‖ (Golub & Van Loan, Matrix Computations, 2013, section 4.3.2), so that rounding is eps ‖S‖²
where pivoting leaves eps ‖S‖; a large S is therefore inverted with pivots.

Note [Inverse near the identity]
(I + M)⁻¹ - I = Σ_{j > 0} (-M)^j, and d terms leave ‖M‖^d, relative to M. V of d terms becomes
V + M^d V of 2d: d = 2, 4, 8 take 1, 2 and 4 products. The inverse by blocks takes the time of 1.6
for one matrix of 1024×1024, of 2.5 for 512×512, 5 for 256×256, 13 for 128×128 and many of 32×32,
since what is small is calls and LAPACK's (measured).

Note [Inverse of a skew matrix]
Of a skew M, I - M² = (I - M)(I + M) is Hermitian with eigenvalues >= 1, and
(I + M)⁻¹ - I = (M² - M)(I - M²)⁻¹ has no cancellation: a small M keeps its relative accuracy. The
Cholesky factor leaves eps (1 + ‖M‖²) of it, where pivots leave eps (1 + ‖M‖): it is taken where the
mean square of M's eigenvalues is up to 1. Of random M that left at most 4 eps, of M of rank 2, the
worst, 8 at 16×16 and 46 at 64×64, where pivots left 5 and 8 (float32, measured). One matrix takes
half of LAPACK's time, with the two products: 8×8 15 µs and not 19, 32×32 22 and 32, 64×64 51 and
90; of 128×128 the blocks are faster (measured).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from manifolds.linear_algebra import many
from manifolds.linear_algebra.basics import add_identity, diagonal, largest_norm, readable
from manifolds.linear_algebra.spectral_norm import WORTH, spectral_norm_bound
from manifolds.operators.differentiable import differentiable
from manifolds.operators.opaque import opaque

LEAF, LEAF_ENTRIES = 16, 64**2
"""Up to this size, or so many entries of all matrices together, LAPACK inverts: halving a few small
ones is calls more than arithmetic. Measured on a CPU, in µs, by leaves of 16, 32, 64 and by LAPACK
alone: one matrix of 64×64 130, 71, 72, 72, of 256×256 942, 695, 704, 1498, of 1024×1024 23.1, 22.0,
21.2 and 67.0 ms; four of 64×64 221, 172, 270, 270; 16 of 64×64 424, 515, 1066, 1066."""
MANY_LEAF = 16
"""Up to this size many matrices are eliminated at once: 1000 of 12×12 in 0.48 ms, their halves in
2.5; of 16×16 in 0.94 and 1.7, which makes 32×32 4.7 and not 6.2 (measured)."""
LONGEST = ((256, 8), (512, 4))
"""Sizes, and up to each the most terms of Note [Inverse near the identity] that pay; beyond, 2. 16
would take 6 products. In µs, 2, 4 and 8 terms, and by blocks: 8×8 12, 22, 36 and 103; 128×128 69,
138, 253 and 711; 256×256 446, 964, 1802 and 2069; 512×512 2.3, 5.1, 10 and 5.5 ms; 1024×1024 18,
37, 73 and 28 (measured)."""


def are_several(s: Tensor) -> bool:
    """Whether they are so many that one call for all of them pays."""
    return s.shape[:-2].numel() >= many.SEVERAL


def is_leaf(s: Tensor) -> bool:
    """Whether LAPACK takes them one after another, whole."""
    return not are_several(s) and (s.shape[-1] <= LEAF or s.numel() <= LEAF_ENTRIES)


def by_blocks(s: Tensor) -> Tensor:
    """S⁻¹ without pivots; Note [Inverse by blocks]."""
    n = s.shape[-1]
    if n <= MANY_LEAF and are_several(s):
        return by_elimination(s)
    if is_leaf(s):
        return by_lapack(s)
    h = n // 2
    p, r, inverse = s[..., :h, h:], s[..., h:, :h], torch.empty_like(s)
    w = by_blocks(s[..., :h, :h])
    rw = r @ w
    c = by_blocks(s[..., h:, h:] - rw @ p)
    wpc = w @ p @ c
    torch.add(w, wpc @ rw, out=inverse[..., :h, :h])
    torch.neg(wpc, out=inverse[..., :h, h:])
    torch.neg(c @ rw, out=inverse[..., h:, :h])
    inverse[..., h:, h:] = c
    return inverse


def by_lapack(s: Tensor) -> Tensor:
    """S⁻¹ with pivots."""
    return torch.linalg.inv_ex(s).inverse


def by_cholesky(m: Tensor) -> Tensor:
    """(I + M)⁻¹ - I of skew M; Note [Inverse of a skew matrix]."""
    square = m @ m
    s = torch.neg(square)
    diagonal(s).add_(1)
    return square.sub_(m) @ torch.cholesky_inverse(torch.linalg.cholesky_ex(s).L)


def by_elimination(s: Tensor) -> Tensor:
    """S⁻¹ of many small matrices without pivots."""
    t = many.batch_last(s)
    w = many.eliminated(t - torch.eye(len(t), dtype=s.dtype).unsqueeze(-1))
    w.diagonal().add_(1)
    return many.batch_first(w, s.shape[:-2])


def by_series(m: Tensor, size: float) -> Tensor | None:
    """Σ_{0 < j <= d} (-M)^j for the first d with ‖M‖^d <= eps/2, relative to M; None if long."""
    degree, limit = 2, torch.finfo(m.dtype).eps / 2
    longest = next((terms for n, terms in LONGEST if m.shape[-1] <= n), 2)
    if not size < 1 or size**longest > limit:
        return None
    power = m @ m
    v = power - m
    while size**degree > limit:
        power = power if degree == 2 else power @ power
        v, degree = (power @ v).add_(v), 2 * degree
    return v


def needs_pivots(size: float, dtype: torch.dtype) -> bool:
    """Whether ‖I + M‖² may pass 1/√eps, or is NaN."""
    return not (1 + size) ** 2 <= torch.finfo(dtype).eps ** -0.5


def inverter(m: Tensor, size: float) -> Callable[[Tensor], Tensor]:
    """What inverts I + M: a norm of M that asks for pivots is looked at more sharply first."""
    if needs_pivots(size, m.dtype) and m.shape[-1] >= WORTH:
        size = min(size, spectral_norm_bound(m))  # the first where the second is NaN
    return by_lapack if needs_pivots(size, m.dtype) else by_blocks


def inverse_change(m: Tensor, size: float | None = None, *, skew: bool = False) -> Tensor:
    """(I + M)⁻¹ - I for M + Mᴴ >= 0, contiguous; M is lost, or it is the result, 0.

    The method depends on the numbers, which only a CPU may read; ‖M‖ <= size, if that is known.
    `skew` says that M is.
    """
    inverse: Callable[[Tensor], Tensor] = by_lapack
    if readable(m) and m.numel():
        size = largest_norm(m) if size is None else size
        if not size:
            return m
        if (found := by_series(m, size)) is not None:
            return found
        if skew and size**2 <= m.shape[-1] and is_leaf(m):
            return by_cholesky(m)
        inverse = inverter(m, size)
    diagonal(m).add_(1)
    w = inverse(m).contiguous()
    diagonal(w).sub_(1)
    return w


def inverse_and_change(m: Tensor, s: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """W = S⁻¹ and V = W - I for S = I + M, contiguous; each has its own digits; M is lost.

    Where M is small those of V make W, elsewhere, and where nobody may look, those of W make V.
    """
    inverse: Callable[[Tensor], Tensor] = by_lapack
    if readable(m) and m.numel():
        size = largest_norm(m)
        if size < 1:
            v = inverse_change(m, size)
            return add_identity(v), v
        inverse = inverter(m, size)
    w = inverse(add_identity(m) if s is None else s).clone(memory_format=torch.contiguous_format)
    return w, add_identity(w, -1)


@opaque("accretive_inverse")
def accretive_inverse_operator(s: Tensor) -> Tensor:
    """S⁻¹ as one opaque operator."""
    w, _ = inverse_and_change(add_identity(s, -1), s)
    return w


class AccretiveInverse(Function):
    """W = S⁻¹; (*batch, n, n) -> (*batch, n, n)."""

    @staticmethod
    def forward(s: Tensor) -> Tensor:
        """S⁻¹."""
        return accretive_inverse_operator(s)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:  # noqa: ARG004
        """Memory: W."""
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """-Wᴴ G Wᴴ."""
        (w,) = ctx.saved_tensors
        return -(w.mH @ g @ w.mH)

    @staticmethod
    def jvp(ctx: Any, ds: Tensor) -> Tensor:
        """-W dS W."""
        (w,) = ctx.saved_tensors
        return -(w @ ds @ w)


_accretive_inverse = differentiable(AccretiveInverse)


def accretive_inverse(s: Tensor) -> Tensor:
    """S⁻¹ for S + Sᴴ >= 2I, (*batch, n, n) -> (*batch, n, n), differentiable to every order."""
    return _accretive_inverse(s)
