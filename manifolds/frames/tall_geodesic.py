"""X = exp(Ω) B for tall B, Ω of the parameters P projected at B, polished, with its derivative.

With ΩB = BA + N, BᴴN = 0, and K = NᴴN, X = B X₁ + N X₂ where X₁' = A X₁ - K X₂, X₂' = X₁, so that
[X₁; X₂] is the first block column of exp M, M = [[A, -K], [I, 0]] (Edelman, Arias & Smith, The
geometry of algorithms with orthogonality constraints, SIAM J. Matrix Anal. 1998, (2.42), has the
same with the QR factor of N, which has no derivative at N = 0). M is balanced, [[A, -K/σ], [σI, 0]]
with σ² = max |k_ij| or more: both off-diagonal blocks are O(‖N‖), X₁ is the same and X₂ comes as
σX₂.

Note [Skew in the span]
M is Ω in the coordinates of B and N: p(M) gives p(Ω) B for every polynomial p, so that only what p
does to the skew Ω counts, and the polynomials for skew matrices serve, for first derivatives in P
too. ‖Ω‖₂, which they ask for, is the spectral radius of M, at most any ‖M‖ and ‖M²‖^(1/2); for real
B at most ‖M‖_F / √2 too, since ‖Ω‖_F² = ‖A‖_F² + 2 tr K is at most ‖A‖_F² + ‖K/σ‖_F² + ‖σI‖_F² for
every σ.

Note [Derivatives in K]
K is of second order in P: at N = 0 first derivatives do not see that of X₁ in K, -I/2, second ones
do. It is σ⁻² times a block of L(M, ·), and lost in the rounding of the others where σ is as small
as N. So where every derivative is wanted, σ >= 1, and p is Taylor's, right in every direction of M.

Note [Derivative of the tall exponential]
C = BᴴP, A = skew(C) and N = P - BC. The adjoint of exp(M) is L(Mᴴ, [[BᴴG, 0], [NᴴG, 0]]), and with
D = L(M, [[GᴴB, GᴴN], [0, 0]]) = [[D₁, *], [D₂, *]] its adjoint (Note [Adjoint of the adjoint]),
    N̄ = G X₂ᴴ - N (D₂ + D₂ᴴ),    C̄ = -skew(D₁),    P̄ = N̄ + B (C̄ - BᴴG X₂ᴴ),
since BᴴN = 0; balanced, GᴴN and D₂ are divided by σ. Products n k²: forward BᴴP, BC, NᴴN, BX₁ and
NX₂, backward five; at P = 0 none and two. Where N is taken as a multiple sN (Note [Lost small
eigenvalues]), N̄ is s times as large and so is BᴴG in P̄.
"""

import torch
from torch import Tensor

from manifolds.frames.fused import fused
from manifolds.linear_algebra.basics import (
    add_product,
    identity_like,
    plus_product,
    readable,
    times,
)
from manifolds.linear_algebra.exponential import (
    derivative,
    exponential,
    exponential_operator,
)
from manifolds.linear_algebra.near_identity import is_zero
from manifolds.linear_algebra.orthonormalize import orthonormalize, orthonormalized
from manifolds.linear_algebra.range import clipped_angles, norm_if_readable, through_clip
from manifolds.linear_algebra.rotation import cosine_of_root, sine_of_root_over_root
from manifolds.linear_algebra.scaling_and_squaring import exponential_shapes
from manifolds.linear_algebra.symmetry import (
    bounded_gram,
    skew_multiple,
    split,
    tangent,
    tangential,
    trace,
)
from manifolds.operators.opaque import opaque, shaped_like_the_first, square_of

SKEW = True
"""What M is as far as polynomials see; Note [Skew in the span]."""
Found = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def balanced(a: Tensor, k: Tensor, least: float) -> tuple[Tensor, Tensor]:
    """M and σ, σ² >= `least`; (*batch, k, k), same -> (*batch, 2k, 2k), (*batch, 1, 1)."""
    largest = k.detach().abs().amax((-2, -1), keepdim=True) if k.numel() else trace(k)
    sigma = torch.sqrt(largest.clamp_min(least))
    zero = torch.zeros_like(k)
    rows = [a, -k / sigma], [sigma * identity_like(k) + zero, zero]
    return torch.cat([torch.cat(row, dim=-1) for row in rows], dim=-2), sigma


def coefficients(a: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    """X₁ and X₂ of A and K, differentiable to every order; (*batch, k, k) each."""
    size = a.shape[-1]
    if size == 1 and not a.is_complex():  # real 1×1 skew: A = 0, the rotation by √K
        return cosine_of_root(k), sine_of_root_over_root(k)
    m, sigma = balanced(a, k, 1)  # Note [Derivatives in K]
    column = exponential(m)[..., :size]
    return column[..., :size, :], column[..., size:, :] / sigma


def geodesic(b: Tensor, a: Tensor, normal: Tensor) -> Tensor:
    """exp(Ω) B; (*batch, n, k), (*batch, k, k), (*batch, n, k) -> (*batch, n, k)."""
    normal, k = bounded_gram(normal)
    x1, x2 = coefficients(a, k)
    return orthonormalize(times(b, x1) + times(normal, x2))


def _shaped(b: Tensor, p: Tensor) -> tuple[Tensor, ...]:
    *batch, _, k = p.shape
    s, sigma = (p.real.new_empty(*batch, 1, 1) for _ in range(2))
    m = p.new_empty(*batch, 2 * k, 2 * k)
    found = shaped_like_the_first(b), square_of(p), shaped_like_the_first(p), s, sigma, m
    return *found, *exponential_shapes(m)


@opaque("tall_geodesic", _shaped)
def tall_geodesic_operator(b: Tensor, p: Tensor) -> Found:
    """X, X₂, N, its factor s, σ, M, and of exp(M) what a CPU keeps and the plan."""
    p, size = clipped_angles(p)
    if not size:  # M = 0 says so
        x, x2, n, s, sigma, m, kept, plans = _shaped(b, p)
        x = orthonormalized(x.copy_(b)).contiguous()
        return x, x2, n, s, sigma, m.zero_(), kept, plans
    c, n, k, s = split(b, p)
    m, sigma = balanced(skew_multiple(c, 1 / 2), k, torch.finfo(k.dtype).eps)
    y, kept, plans = exponential_operator(m, SKEW)
    y1, x2 = (t[..., : p.shape[-1]] for t in y.chunk(2, dim=-2))
    x2 = (x2 / sigma).contiguous()
    x = plus_product(b, b, y1)
    add_product(x, n, x2)
    return orthonormalized(x).contiguous(), x2, n, s, sigma, m, kept, plans


@opaque("tall_geodesic_adjoint")
def adjoint_operator(  # noqa: PLR0917 -- what the forward has, and G
    g: Tensor,
    b: Tensor,
    p: Tensor,
    x2: Tensor,
    n: Tensor,
    s: Tensor,
    sigma: Tensor,
    m: Tensor,
    kept: Tensor,
    plans: Tensor,
) -> Tensor:
    """P̄ of Note [Derivative of the tall exponential]."""
    if readable(m) and is_zero(m):
        return tangential(b, g)
    k = p.shape[-1]
    gb, e = times(g.mH, b), torch.zeros_like(m)
    e[..., :k, :k] = gb
    e[..., :k, k:] = times(g.mH, n) / sigma
    d1, d2 = (t[..., :k] for t in derivative(m, e, kept, plans, skew=SKEW).chunk(2, dim=-2))
    nbar = times(g, (s * x2.mH).contiguous()).contiguous()  # Note [Transposed right factors]
    add_product(nbar, n, (d2 + d2.mH) * (-s / sigma))
    add_product(nbar, b, skew_multiple(d1, -1 / 2) - s * (x2 @ gb).mH)
    return through_clip(nbar, p, norm_if_readable(p))


def composed(b: Tensor, p: Tensor) -> Tensor:
    """exp(Ω) B polished; (*batch, n, k) -> (*batch, n, k), differentiable to every order."""
    return geodesic(b, *tangent(b, p))


tall_geodesic = fused("tall_geodesic", tall_geodesic_operator, adjoint_operator, composed)
