"""How to compute an exponential in the fewest products: which polynomial, after how many halvings.

Note [Scaling and squaring]
exp(A) = exp(A / 2^s)^(2^s), the inner exponential by a polynomial (Higham, Functions of Matrices,
2008, section 10.3): Taylor's or, for skew A, Chebyshev's, of twice its reach. All is done on
Y = exp(A) - I: squaring reads 2Y + Y², which keeps the relative accuracy of a small Y, so that a
batch may share the s of its largest matrix. With α = ‖A²‖^(1/2), which does not overestimate a
nonnormal A as ‖A‖ does (Al-Mohy & Higham, A new scaling and squaring algorithm, SIAM J. Matrix
Anal. 2009, theorem 4.2), ‖Aⁱ‖ <= α^(i-1) ‖A‖. The derivative of A^l has l terms Aⁱ E A^(l-1-i),
each at most α^(l-3) ‖A‖² ‖E‖, so that Taylor's degree m leaves β^m / m! to first order,
β^m = α^(m-2) ‖A‖². It also bounds the remainder of Y relative to A. The bound must not be α^m:
A = [[0, E], [0, 0]] has α = 0, and a derivative that degree 1 misses. A skew A is normal, and
α = ‖A‖ = β; what else counts as one, Note [Skew in the span] says. ‖A‖ is the least of bounds of
‖A‖₂: ‖A‖_F, of a real skew A, whose singular values come in pairs, ‖A‖_F / √2, and where much is to
be done that of Note [Powers of probes], which saves a large A two squarings. ‖A²‖ is ‖A²‖₁: it
bounds ‖A²‖₂ of a normal A, and of another may be less than that by up to √n, from which no harm was
seen.
The polynomial and s are those of the fewest products and then squarings, which double the error of
Y: forward and backward, each costs three products.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from manifolds.linear_algebra.chebyshev import chebyshev
from manifolds.linear_algebra.either_layout import Layout
from manifolds.linear_algebra.scheme import Scheme
from manifolds.linear_algebra.spectral_norm import WORTH, spectral_norm_bound
from manifolds.linear_algebra.taylor import taylor

Schemes = Sequence[Scheme]
CHEAP = 2
"""Products of a plan that a sharper norm would hardly make shorter: degree 2 needs ‖A‖ = √eps."""


def schemes(dtype: torch.dtype, *, skew: bool) -> Schemes:
    """The polynomials for a dtype, the cheapest first."""
    return (chebyshev if skew else taylor)(dtype)


def squarings(scheme: Scheme, alpha: float, size: float) -> int:
    """The least s with β / 2^s <= θ, β^m = α^(m-2) size²; 0 <= α <= size = ‖A‖.

    Degree 1 leaves of the derivative ‖A‖, since α^-1 ‖A‖² is no bound of it.
    """
    power = min(2 / scheme.degree, 1)
    beta = alpha ** (1 - power) * size**power
    return 0 if beta <= scheme.reach else math.ceil(math.log2(beta / scheme.reach))


def longest(dtype: torch.dtype) -> int:
    """The most squarings: at ‖A‖ = 1/eps no digit of an angle is left, and ‖A‖ saturates."""
    return -math.frexp(torch.finfo(dtype).eps)[1] + 1


def plan(choices: Schemes, alpha: float, size: float, dtype: torch.dtype) -> tuple[int, int]:
    """The place in `choices` and the squarings: fewest products, then squarings; α <= ‖A‖."""
    if not math.isfinite(alpha):
        return len(choices) - 1, longest(dtype)
    found = [(place, squarings(scheme, alpha, size)) for place, scheme in enumerate(choices)]
    return min(found, key=lambda choice: (cost(choices, *choice), choice[1]))


def cost(choices: Schemes, place: int, times: int) -> int:
    """Products of the polynomial at `place` and as many squarings."""
    return len(choices[place].products) + times


def first_size(a: Tensor, choices: Schemes, on: Layout, *, skew: bool) -> float:
    """A bound of ‖A‖₂, the largest of the batch, read on a CPU; sharper where that may pay."""
    size = on.largest_norm(a) if a.numel() else 0.0
    if skew and not a.is_complex():
        size /= math.sqrt(2)
    if a.shape[-2] >= WORTH and cost(choices, *plan(choices, size, size, a.dtype)) > CHEAP:
        size = min(size, spectral_norm_bound(a))  # the first where the second is NaN
    return size
