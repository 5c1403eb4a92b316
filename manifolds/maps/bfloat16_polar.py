"""The polar retraction by bfloat16 products alone, for tensor cores: no inverse, no factorization.

X = (B + U)(I + UᵀU)^(-1/2), as `polar`, written as a correction of the base, which stays float32:
X = B + U + (B + U) Z with Z = (I + K)^(-1/2) - I, K = UᵀU. For ‖K‖ <= 1 a polynomial of degree four
in K, two products of k×k matrices, leaves of XᵀX - I at most `POLYNOMIAL` ‖K‖; (Muon's Newton-
Schulz, Jordan et al. 2024, begins at a multiple of its argument instead, and loses that X is B at
U = 0.) A larger U is shortened to fU, f⁻⁸ = 1 + ‖K²‖²: then ‖fU‖⁸ <= ‖K²‖² / (1 + ‖K²‖²) < 1, and f
is smooth, 1 to order 8 in U. So the map is defined for all parameters, its angles are below π/4,
and it retracts to first order (X'' misses by 1e-3): move the base (`rebase`) during training.

Note [Error of sixteen bits]
A product takes factors rounded to bfloat16, sums them in float32 and rounds the sum: three errors
of at most u = 2⁻⁸, of root mean square u/√3 at most, taken as independent (Higham & Mary, A new
approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 2019). The base passes
through none, so that X is off by δ with ‖δ‖ <= u ‖fU‖ in the Frobenius norm, and XᵀX - I by twice
the symmetric part of Xᵀδ, √2 ‖δ‖. With the polynomial's u/4, and float32 rounding beside it,

    ‖XᵀX - I‖ <= 2u ‖fU‖ <= 2u √k    (measured: 1.1 u ‖fU‖ square, 0.5 u tall, n from 16 to 4096)

proportional to the step, and nothing at the base. Few numbers do not average: of 16,000
points the worst had 2.7u √k at 3×1, 1.1u √k at 8×8; 4u √k counts as rounding here. The base is
polished in float32 whenever it moves: errors do not add up. `polish` ends every point with a
Newton-Schulz step in float32, two products, and leaves 3/4 E² (Note [Polishing]), 12u² √k at most.

The derivative is that of the formula, its products in bfloat16 too, and so right to a few u; that
of the polish is the identity. Autograd keeps nine n×n matrices of bfloat16 and four of float32,
parameters and base included; of tall frames seven n×k and two. A GPU may also round partial sums,
unless torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction is False: another u each.
Products of float16 would be eight times closer, but numbers below 6e-8 are 0 there: gradients.
"""

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import add_identity, gram, times
from manifolds.linear_algebra.symmetry import skew, sym
from manifolds.maps.map import Chart, Map, State
from manifolds.maps.polar import Polar

SIXTEEN_BITS = torch.bfloat16
COEFFICIENTS = (-0.49952296, 0.35930502, -0.22203163, 0.0696085)
"""c of z(κ) = Σ cᵢ κⁱ, i >= 1, interpolating ((1 + κ)^(-1/2) - 1) / κ at the Chebyshev nodes of
[0, 1]."""
POLYNOMIAL = 2.0**-10
"""|(1 + κ)(1 + z(κ))² - 1| <= 2⁻¹⁰ κ on [0, 1] (evaluated at 10⁴ points: 0.98 of it)."""


def product(a: Tensor, b: Tensor) -> Tensor:
    """AB of bfloat16 factors; (*batch, n, m), (*batch, m, k) -> (*batch, n, k)."""
    return (a.to(SIXTEEN_BITS) @ b.to(SIXTEEN_BITS)).to(a.dtype)


def shortened(u: Tensor) -> tuple[Tensor, Tensor]:
    """fU and Z of the module's docstring; (*batch, n, k) -> (*batch, n, k), (*batch, k, k).

    All is done on U / s, s >= 1 a bound of ‖U‖ on which the result does not depend, for K² not to
    overflow.
    """
    s = torch.linalg.matrix_norm(u.detach(), keepdim=True).clamp_min(1)
    u = u / s
    k = product(u.mT, u)
    square = product(k, k)
    f = (s**-8 + square.square().sum((-2, -1), keepdim=True)) ** (-1 / 8)
    k, square = f**2 * k, f**4 * square
    c1, c2, c3, c4 = COEFFICIENTS
    return f * u, c1 * k + c2 * square + product(square, c3 * k + c4 * square)


class BFloat16Polar(Map, Chart):
    """B + U -> its polar factor to 2⁻⁷ ‖U‖, by bfloat16 products; real frames, base="assigned".

    `polish` ends with a step in float32. Products n k², forward: square 5, tall 6 and two of k×k.
    """

    name = "bfloat16-polar"

    def __init__(self, *, polish: bool = False) -> None:
        self.polish = polish
        rounding = 2 * torch.finfo(SIXTEEN_BITS).eps  # 4u; Note [Error of sixteen bits]
        self.rounding = 3 / 4 * rounding**2 if polish else rounding

    @property
    def assigned(self) -> Chart:
        """Itself, moved to the assigned frame."""
        return self

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """The frame, polished in float32, is the base; the parameters are zero."""
        if x.is_complex():
            raise TypeError(f"map {self.name!r} needs real frames, got {x.dtype}; use map='polar'")
        return Polar().anchor(x)

    def point(self, state: State, p: Tensor) -> Tensor:
        """Square: U = BA, A = skew(P); tall: U = P - B sym(BᵀP)."""
        b = state["base_point"]
        x = square(b, p) if b.shape[-2] == b.shape[-1] else tall(b, p)
        return polished(x) if self.polish else x


def square(b: Tensor, p: Tensor) -> Tensor:
    """B + B (A + Z + AZ)."""
    a, z = shortened(skew(p))
    return b + product(b, a + z + product(a, z))


def tall(b: Tensor, p: Tensor) -> Tensor:
    """Y + YZ, Y = B + U. Projected twice: once leaves u ‖P‖ off the tangents, however small U."""
    u, z = shortened(projected(b, projected(b, p)))
    return b + u + product(b + u, z)


def projected(b: Tensor, p: Tensor) -> Tensor:
    """P - B sym(BᵀP)."""
    return p - product(b, sym(product(b.mT, p)))


def polished(x: Tensor) -> Tensor:
    """X - XE/2, E = XᵀX - I; the derivative of the identity (Note [Polishing])."""
    return x - times(x, add_identity(gram(x), -1)).detach() / 2
