"""The real symplectic group Sp(2n) = {X : XᵀJX = J}, J = [[0, I], [-I, 0]]."""

import torch
from torch import Tensor

from manifolds.catalogue.general_linear import exponential_in_range
from manifolds.interface import Manifold, Normal
from manifolds.interface.tolerance import tolerance
from manifolds.linear_algebra.basics import add_identity, norm, readable
from manifolds.linear_algebra.decompositions import polar_factor
from manifolds.linear_algebra.orthonormalize import orthonormal_factor
from manifolds.linear_algebra.symmetry import sym
from manifolds.operators.opaque import opaque
from manifolds.operators.polishing import polishing

STEPS = 12
"""Newton-Schulz from ‖X⋆X - I‖ <= 1/2: see `NEARLY_ORTHONORMAL`, there 7 steps, plus a margin."""
NEARLY_SYMPLECTIC = 1 / 2


def j_times(x: Tensor) -> Tensor:
    """JX: the halves of the rows swapped, one with a minus; (*batch, 2n, k) -> same."""
    upper, lower = x.tensor_split(2, dim=-2)
    return torch.cat([lower, -upper], dim=-2)


def times_j(x: Tensor) -> Tensor:
    """XJ: the halves of the columns swapped, one with a minus; (*batch, n, 2k) -> same."""
    left, right = x.tensor_split(2, dim=-1)
    return torch.cat([-right, left], dim=-1)


def star(x: Tensor) -> Tensor:
    """X⋆ = JᵀXᵀJ, the symplectic adjoint: X⋆X = I on the set; (*batch, 2n, 2k) -> 2k × 2n."""
    return -j_times(times_j(x.mT))


def symplecticity(x: Tensor) -> Tensor:
    """‖XᵀJX - J‖ √(2k) / max(‖X‖², 2k): relative to the rounding of XᵀJX; -> (*batch,)."""
    k = x.shape[-1]
    scale = (norm(x, 2) ** 2).clamp_min(max(k, 1))
    return norm(add_identity(star(x) @ x, -1), 2) * k**0.5 / scale


@polishing
@opaque("symplectic_polish")
def polished(x: Tensor) -> Tensor:
    """X, after Newton-Schulz steps for X (X⋆X)^(-1/2) where its violation exceeds 4 2n eps.

    A base point cast to a longer dtype is off by the rounding of the shorter one, and one that
    moves adds up what each move leaves (AdamW, float32: 33 eps after 457 moves, measured); half of
    the tolerance is left to the moves before the next polish. Each step squares it: bfloat16's 2^-8
    is 2^-32 after two, enough for float32, and 2^-64 after three. A point that is exact to rounding
    is left alone: the rounding of X⋆X, eps ‖X‖², would be more than its own. A CPU sees whether any
    is not.
    """
    off = symplecticity(x) > tolerance(x.shape[-2], x.dtype) / 2
    y = x.clone()
    if readable(x) and not off.any():
        return y
    for _ in range(3 if x.dtype == torch.float64 else 2):
        y = (3 * y - y @ (star(y) @ y)) / 2
    return torch.where(off[..., None, None], y, x)


def nearest_symplectic(x: Tensor) -> Tensor:
    """X (X⋆X)^(-1/2) where ‖X⋆X - I‖ <= 1/2, else the nearest X with XᵀX = I too."""
    near = norm(add_identity(star(x) @ x, -1), 2) <= NEARLY_SYMPLECTIC
    near = near[..., None, None]
    y = torch.where(near, x, 0)
    for _ in range(STEPS):
        y = (3 * y - y @ (star(y) @ y)) / 2
    return torch.where(near, y, nearest_orthosymplectic(x))


def nearest_orthosymplectic(x: Tensor) -> Tensor:
    """The polar factor of the part of X = [[A, B], [C, D]] that commutes with J, Frobenius norm.

    [[P, Q], [-Q, P]] acts as the complex matrix P + iQ.
    """
    upper, lower = x.tensor_split(2, dim=-2)
    (a, b), (c, d) = (half.tensor_split(2, dim=-1) for half in (upper, lower))
    return real_form(polar_factor(torch.complex((a + d) / 2, (b - c) / 2)))


def real_form(z: Tensor) -> Tensor:
    """P + iQ -> [[P, Q], [-Q, P]]; (*batch, n, k) -> (*batch, 2n, 2k)."""
    p, q = z.real, z.imag
    return torch.cat([torch.cat([p, q], -1), torch.cat([-q, p], -1)], -2)


def random_symplectic(batch: tuple[int, ...], n: int, normal: Normal) -> Tensor:
    """K₁ diag(e^d, e^-d) K₂, K Haar in U(n) ⊂ Sp(2n), d normal of deviation 1/2; -> 2n × 2n."""
    k1, k2 = (
        real_form(orthonormal_factor(torch.complex(normal(*batch, n, n), normal(*batch, n, n))))
        for _ in range(2)
    )
    d = normal(*batch, n) / 2
    return k1 * torch.cat([d, -d], dim=-1).exp().unsqueeze(-2) @ k2


class Symplectic(Manifold):
    """X = B exp(JS), S symmetric, about an assigned B; (*batch, 2n, 2n) -> (*batch, 2n, 2n).

    JS runs through the Lie algebra of Sp(2n); at S = 0 the Jacobian has full rank n (2n + 1). (Gao,
    Son, Absil & Stykel, Riemannian optimization on the symplectic Stiefel manifold, SIAM J. Optim.
    2021.) The Cayley transform of JS does not exist where JS/2 has the eigenvalue 1. S is scaled
    down at ‖S‖₂ = log(max) / 4 as in `GeneralLinear`.

    `violation` is relative to the rounding of XᵀJX, √(2n) ‖XᵀJX - J‖ / ‖X‖². `project` is
    X (X⋆X)^(-1/2), X⋆ = JᵀXᵀJ, where ‖X⋆X - I‖ <= 1/2, elsewhere the matrix that is orthogonal and
    symplectic and nearest in the Frobenius norm. `random_point` is K₁ diag(e^d, e^-d) K₂, K₁ and K₂
    Haar among orthogonal symplectic matrices, d normal of deviation 1/2.
    """

    axes = ("2n", "2n")
    has_base = True

    def __init__(self, *size: int, strict: bool = False) -> None:
        super().__init__(*size, strict=strict)
        if self.size[0] % 2:
            raise ValueError(f"Symplectic(2n) needs an even size, got {self.size[0]}")
        self.remember(base_point=torch.eye(self.size[0], dtype=torch.float32))

    def embed(self, *parameters: Tensor) -> Tensor:
        """B exp(JS)."""
        (p,) = parameters
        base = polished(self.recalled("base_point", p))
        return base @ exponential_in_range(j_times(sym(p)))

    def coordinates(self, x: Tensor) -> Tensor:
        """X is remembered; the parameters are zero."""
        self.remember(base_point=x)
        return torch.zeros_like(x)

    def residual(self, x: Tensor) -> Tensor:
        """√(2n) ‖XᵀJX - J‖ / ‖X‖²."""
        return symplecticity(x)

    def nearest(self, x: Tensor) -> Tensor:
        """See the class."""
        return nearest_symplectic(x)

    def sample(self, shape: tuple[int, ...], normal: Normal) -> Tensor:
        """K₁ diag(e^d, e^-d) K₂."""
        return random_symplectic(shape[:-2], shape[-1] // 2, normal)

    @property
    def dim(self) -> int:
        """n (2n + 1)."""
        return self.size[0] * (self.size[0] + 1) // 2
