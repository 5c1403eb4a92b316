"""X = exp(Ω) B: the geodesic of the canonical metric; in k×k and 2k×2k matrices.

Tall: `manifolds.frames.tall_geodesic`; square: X = B exp(A). Cost: Note [Cost of the
exponential], and in products n k² forward and backward 1 and 1, for tall frames 5 and 5; at P = 0
forward none, backward 1 and 2. Kept for the derivative, beside parameters, base and point: the
factors of the polynomial and the squares, up to seven matrices n×n, for tall frames one n×k and as
many k×k.
"""

import torch
from torch import Tensor

from manifolds.frames.geodesic import rotated
from manifolds.frames.tall_geodesic import geodesic, tall_geodesic
from manifolds.linear_algebra.basics import identity_like, phase
from manifolds.linear_algebra.decompositions import svd
from manifolds.linear_algebra.exponential import exponential
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.maps.map import Chart, Retraction, State
from manifolds.maps.signature import lower_part, signature, split


def logarithm(x: Tensor) -> Tensor:
    """A skew with exp(A) = X for unitary X without the eigenvalue -1; (*batch, k, k).

    K = (X - I)(X + I)⁻¹ = tanh(A/2) has the eigenvectors of A, and iK is Hermitian.
    """
    k = torch.linalg.solve(x + identity_like(x), x - identity_like(x))
    tangents, v = torch.linalg.eigh(1j * (k - k.mH) / 2)
    a = v @ (-2j * torch.atan(tangents).unsqueeze(-1) * v.mH)
    return a if x.is_complex() else a.real


class FixedExponential(Chart):
    """X = Π exp([[0, -Cᴴ], [C, 0]])[:, :k] exp(A) D, D phases and Π a permutation of rows.

    Π brings k independent rows to the top, which keeps the principal angles below π/2, where the
    first factor has full rank; D keeps the angles of the second below π (Note [Signature]).
    Square: X = exp(A) D.
    """

    def point(self, state: State, p: Tensor) -> Tensor:
        """P = [A; C] -> X."""
        a, c = split(p)
        rotation = orthonormalize(exponential(a, skew=True))
        frame, normal = rotation, lower_part(c)
        if normal is not None:
            frame = geodesic(identity_like(p), torch.zeros_like(a), normal) @ rotation
        rows = state["rows"].unsqueeze(-1).expand(frame.shape)
        return torch.gather(frame * phase(state["signs"]).unsqueeze(-2), -2, rows)

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """ΠᵀX = [U cos Θ Uᴴ; M sin Θ Uᴴ] R: C = M Θ Uᴴ, A = log(R D̄)."""
        n, k = x.shape[-2:]
        order = independent_rows(x)
        y, z = torch.gather(x, -2, order.unsqueeze(-1).expand(x.shape)).split([k, n - k], dim=-2)
        u, cosines, vh = svd(y)
        lower = z @ vh.mH
        sines = torch.linalg.vector_norm(lower, dim=-2)
        stretch = torch.where(sines > 0, torch.atan2(sines, cosines) / sines, 1.0)
        c = (lower * stretch.unsqueeze(-2)) @ u.mH
        signs = signature(u @ vh)
        a = logarithm((u @ vh) * signs.conj().unsqueeze(-2))
        return {"signs": signs, "rows": order.argsort(-1)}, torch.cat([a, c], dim=-2)


def independent_rows(x: Tensor) -> Tensor:
    """A permutation with k well-conditioned rows of X first: LU with row pivoting.

    (*batch, n, k) -> (*batch, n) of int64. Square X keeps its order.
    """
    n, k = x.shape[-2:]
    if k in {0, n}:
        return torch.arange(n, device=x.device).expand(x.shape[:-1])
    return torch.linalg.lu(x).P.abs().argmax(-2)


class Exponential(Retraction):
    """B + U -> exp(Ω) B: the geodesic of the canonical metric in direction U."""

    name = "exponential"
    curve = "exponential"
    fixed = FixedExponential()

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """exp(Ω) B."""
        return rotated(b, a) if normal is None else geodesic(b, a, normal)

    def turn(self, b: Tensor, p: Tensor) -> Tensor:
        """B exp(A)."""
        return rotated(b, p)

    def move(self, b: Tensor, p: Tensor) -> Tensor:
        """exp(Ω) B."""
        return tall_geodesic(b, p)
