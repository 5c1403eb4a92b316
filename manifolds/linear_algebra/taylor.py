"""Taylor polynomials of exp(A) - I and their derivatives, in the fewest products known.

A `Scheme` multiplies linear combinations: F_0 = A, F_i = (Σ_j l_ij F_j) (Σ_j r_ij F_j), and Σ_{1 <=
j <= m} A^j / j! = Σ_j c_j F_j; no combination has a term in I, so that a small A keeps its relative
accuracy. Degrees 1, 2, 4, 8, 12, 18 take 0, 1, 2, 3, 4, 5 products (Bader, Blanes & Casas,
Computing the matrix exponential with an optimized Taylor polynomial approximation, Mathematics
2019, (11) for degree 8, tables 2 and 3 for 12 and 18, with I eliminated and the coefficients of 12
and 18 corrected by Newton's method until the polynomial is Taylor's to 2e-16). The derivative in
direction E is dF_i = dL R + L dR: two products for one (Al-Mohy & Higham, Computing the Fréchet
derivative of the matrix exponential, SIAM J. Matrix Anal. 2009, theorem 3.1).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Row = tuple[float, ...]


@dataclass(frozen=True)
class Scheme:
    """The coefficients l_i, r_i and c; the first product is A²."""

    degree: int
    products: tuple[tuple[Row, Row], ...]
    result: Row

    def largest(self, dtype: torch.dtype) -> float:
        """θ with θ^m / m! = eps/2."""
        return (math.factorial(self.degree) * torch.finfo(dtype).eps / 2) ** (1 / self.degree)

    def squarings(self, alpha: float, size: float, dtype: torch.dtype) -> int:
        """The least s with β / 2^s <= θ, β^m = α^(m-2) size²; 0 <= α <= size = ‖A‖.

        Degree 1 leaves of the derivative ‖A‖, since α^-1 ‖A‖² is no bound of it.
        """
        power = min(2 / self.degree, 1)
        beta = alpha ** (1 - power) * size**power
        theta = self.largest(dtype)
        return 0 if beta <= theta else math.ceil(math.log2(beta / theta))

    def factors(
        self, a: Tensor, square: Tensor | None, kept: Tensor | Sequence[Tensor] = ()
    ) -> list[Tensor]:
        """F_0, F_1, … from A and A²; F_2, … are written to `kept` where it has room."""
        found = [a] if square is None or not self.products else [a, square]
        for i, (l, r) in enumerate(self.products[1:]):
            out = kept[i] if i < len(kept) else None
            found.append(torch.matmul(combination(l, found), combination(r, found), out=out))
        return found

    def value(self, factors: Sequence[Tensor]) -> Tensor:
        """Σ_j c_j F_j."""
        return combination(self.result, factors) if self.products else factors[0].clone()

    def derivative(self, factors: Sequence[Tensor], e: Tensor) -> Tensor:
        """Σ_j c_j dF_j in direction E."""
        found = [e]
        for l, r in self.products:
            dl, dr = combination(l, found), combination(r, found)
            found.append(dl @ combination(r, factors))
            add_product(found[-1], combination(l, factors), dr)
        return combination(self.result, found)


def combination(coefficients: Row, factors: Sequence[Tensor]) -> Tensor:
    """Σ_j c_j F_j over the given coefficients; F_j itself for one coefficient 1."""
    terms = [(c, f) for c, f in zip(coefficients, factors, strict=False) if c]
    c, total = terms[0]
    if len(terms) == 1 and c == 1:
        return total
    total = c * total
    for c, f in terms[1:]:
        total.add_(f, alpha=c)
    return total


def add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """Add AB to `total` in place; (*batch, n, n) each."""
    if total.ndim == 2:
        total.addmm_(a, b)
    else:
        flat = (t.reshape(-1, *t.shape[-2:]) for t in (a, b))
        total.view(-1, *total.shape[-2:]).baddbmm_(*flat)


def _degree_8() -> Scheme:
    w = math.sqrt(177)
    x1, x2, x3, x4 = (1 + w) / 132, (1 + w) / 528, 2 / 3, (-271 + 29 * w) / 210
    x5, x6, x7 = 11 * (w - 1) / 840, 11 * (w - 9) / 3360, (89 - w) / 2240
    products = (((1.0,), (1.0,)), ((0, 1.0), (x1, x2)), ((0, x3, 1.0), (x5, x6, x7)))
    return Scheme(8, products, (1.0, (857 - 58 * w) / 630 + x3 * x4, x4, 1.0))


_DEGREE_12 = Scheme(
    12,
    (
        ((1.0,), (1.0,)),
        ((0, 1.0), (1.0,)),
        (
            (-0.13181061013830184, -0.02027855540589259, -0.006759518468630863),
            (-0.13181061013830184, -0.02027855540589259, -0.006759518468630863),
        ),
        (
            (1.2542958885707, 0.1053088701152874, 0.017195450574174032, 1.0),
            (0.05502798439924032, 0.09351590770536779, 0.006107005288984452, 1.0),
        ),
    ),
    (1.0, 0.3322983286222031, -0.009536296330852399, 5.679756357241867, 1.0),
)
_DEGREE_18 = Scheme(
    18,
    (
        ((1.0,), (1.0,)),
        ((0, 1.0), (1.0,)),
        ((0, 0, 1.0), (0, 0, 1.0)),
        (
            (-0.10036558103014463, -0.00802924648241157, -0.00089213849804573),
            (0, -0.09233646193671186, -0.01693649390020817, -1.4008679818203615e-05),
        ),
        (
            (
                1.6125176868819238,
                0.12477411482493252,
                0.02257315581805103,
                1.9579475957000985e-05,
                1.0,
            ),
            (
                -0.06764045190713819,
                0.06759613017704597,
                0.029555257042931552,
                -1.391802575160607e-05,
                1.0,
            ),
        ),
    ),
    (
        1.0,
        0.6090714250489465,
        0.16942415471701652,
        -0.00048576227860552416,
        -11.148502971774368,
        1.0,
    ),
)
SCHEMES = (
    Scheme(1, (), (1.0,)),
    Scheme(2, (((1.0,), (1.0,)),), (1.0, 1 / 2)),
    Scheme(4, (((1.0,), (1.0,)), ((0, 1.0), (1 / 6, 1 / 24))), (1.0, 1 / 2, 1.0)),
    _degree_8(),
    _DEGREE_12,
    _DEGREE_18,
)
CHEAP = 2
"""Products of a plan that a sharper norm would hardly make shorter: degree 2 needs ‖A‖ = √eps."""


def longest(dtype: torch.dtype) -> int:
    """The most squarings: at ‖A‖ = 1/eps no digit of an angle is left, and ‖A‖ saturates."""
    return -math.frexp(torch.finfo(dtype).eps)[1] + 1


def plan(alpha: float, size: float, dtype: torch.dtype) -> tuple[int, int]:
    """The place in SCHEMES and the squarings: fewest products, then squarings; α <= ‖A‖."""
    if not math.isfinite(alpha):
        return len(SCHEMES) - 1, longest(dtype)
    found = [(place, scheme.squarings(alpha, size, dtype)) for place, scheme in enumerate(SCHEMES)]
    return min(found, key=lambda choice: (cost(*choice), choice[1]))


def cost(place: int, times: int) -> int:
    """Products of the polynomial at `place` and as many squarings."""
    return len(SCHEMES[place].products) + times
