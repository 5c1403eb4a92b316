"""(I + S)^(-1/2) - I for a Hermitian S near 0, by products.

Note [Inverse square root]
With the eigenvalues of S in [a, b] and c = 1 + (a + b)/2, I + S = c (I + T) and (I + S)^(-1/2) =
c^(-1/2) (I + T)^(-1/2), ‖T‖ <= t = (b - a)/2c. Σ (-1/2 over j) Tʲ to degree d leaves less than
|(-1/2 over d + 1)| t^(d+1) / (1 - t). Paterson & Stockmeyer's scheme (Higham, Functions of
Matrices, 2008, section 4.2) takes m - 1 + r products to degree m (r + 1). In float32 degree 2
serves up to ‖S‖ = 0.01, degree 12 of S >= 0 up to 0.9. All is done on what is less I, whose
rounding vanishes with S.
"""

import math

import torch
from torch import Tensor

from manifolds.linear_algebra.basics import diagonal

SCHEMES = ((1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (4, 2))
"""m and r of Note [Inverse square root]: degrees 1, 2, 4, 6, 9, 12 by 0, 1, 2, 3, 4, 5 products."""
COEFFICIENTS = [math.prod((0.5 - i) / i for i in range(1, j + 1)) for j in range(14)]
"""(-1/2 over j)."""


def reach(place: int, dtype: torch.dtype) -> float:
    """The t, at most 1/2, up to which a scheme leaves less than eps; Note [Inverse square root]."""
    m, r = SCHEMES[place]
    degree = m * (r + 1)
    half = torch.finfo(dtype).eps / 2
    return float((half / abs(COEFFICIENTS[degree + 1])) ** (1 / (degree + 1)))


def cheap(dtype: torch.dtype) -> float:
    """‖S‖ up to which a sharper bound would hardly make the series shorter: degree 2."""
    return reach(1, dtype)


def fitting(low: float, high: float, dtype: torch.dtype) -> tuple[int, int] | None:
    """m and r of the shortest series for eigenvalues in [low, high], -1 < low, None far from 0."""
    t = (high - low) / (2 + (low + high))
    places = [place for place in range(len(SCHEMES)) if t <= reach(place, dtype)]
    return SCHEMES[places[0]] if places else None


def inverse_root_minus_identity(s: Tensor, low: float, high: float) -> Tensor:
    """(I + S)^(-1/2) - I for Hermitian S with eigenvalues in [low, high] near 0."""
    if max(-low, high) <= reach(0, s.dtype):
        return s / -2  # degree 1, not centred: fewer passes
    m, r = fitting(low, high, s.dtype) or SCHEMES[-1]
    middle = (low + high) / 2
    c = 1 + middle
    t = s / c
    diagonal(t).sub_(middle / c)
    powers = [t]
    for _ in range(m - 1):
        powers.append(t @ powers[-1])
    value = _combined(powers, m * r, c)
    for block in reversed(range(r)):
        value = _combined(powers, m * block, c).add_(powers[-1] @ value)
    diagonal(value).add_(math.expm1(-math.log1p(middle) / 2))
    return value


def _combined(powers: list[Tensor], start: int, c: float) -> Tensor:
    """Σ (-1/2 over start + j) Tʲ / √c, j = 1, ..., m."""
    total = powers[0] * (COEFFICIENTS[start + 1] / c**0.5)
    for j, power in enumerate(powers[1:], start=2):
        total.add_(power, alpha=COEFFICIENTS[start + j] / c**0.5)
    return total
