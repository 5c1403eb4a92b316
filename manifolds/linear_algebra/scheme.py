"""Polynomials without a constant term and their derivatives, in few products of matrices.

A `Scheme` multiplies linear combinations: F_0 = A, F_i = (Σ_j l_ij F_j) (Σ_j r_ij F_j), and its
value is p(A) = Σ_j c_j F_j; no combination has a term in I, so that a small A keeps its relative
accuracy. The derivative in direction E is dF_i = dL R + L dR: two products for one (Al-Mohy &
Higham, Computing the Fréchet derivative of the matrix exponential, SIAM J. Matrix Anal. 2009,
theorem 3.1). Degrees 1, 2, 4, 8, 12, 18 take 0, 1, 2, 3, 4, 5 products (Bader, Blanes & Casas,
Computing the matrix exponential with an optimized Taylor polynomial approximation, Mathematics
2019, (11) for degree 8, tables 2 and 3 for 12 and 18, with I eliminated).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from manifolds.linear_algebra.either_layout import ONE_BY_ONE, Layout

Row = tuple[float, ...]


@dataclass(frozen=True)
class Scheme:
    """The coefficients l_i, r_i and c; the first product is A²."""

    degree: int
    reach: float
    """θ: up to this size of A, p(A) is exp(A) - I to rounding, and so is its derivative."""
    products: tuple[tuple[Row, Row], ...]
    result: Row

    @property
    def inner(self) -> int:
        """How many products the derivative needs: all but the last, a factor of no other."""
        return max(len(self.products) - 1, 0)

    def factors(
        self,
        a: Tensor,
        square: Tensor | None,
        kept: Tensor | Sequence[Tensor] = (),
        on: Layout = ONE_BY_ONE,
    ) -> list[Tensor]:
        """F_0, F_1, … from A and A²; F_2, … are written to `kept` where it has room."""
        found = [a] if square is None or not self.products else [a, square]
        for i, (l, r) in enumerate(self.products[1:]):
            out = kept[i] if i < len(kept) else None
            found.append(on.product(combination(l, found), combination(r, found), out))
        return found

    def value(self, factors: Sequence[Tensor]) -> Tensor:
        """Σ_j c_j F_j."""
        return combination(self.result, factors) if self.products else factors[0].clone()

    def derivative(self, factors: Sequence[Tensor], e: Tensor, on: Layout = ONE_BY_ONE) -> Tensor:
        """Σ_j c_j dF_j in direction E."""
        found = [e]
        for l, r in self.products:
            dl, dr = combination(l, found), combination(r, found)
            found.append(on.product(dl, combination(r, factors)))
            on.add_product(found[-1], combination(l, factors), dr)
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
