"""X = (2B + N) W - B, W = (I - A/2 + NᴴN/4)⁻¹: the Cayley transform in k×k matrices.

The Cayley transform Cay(Ω) = (I - Ω/2)⁻¹ (I + Ω/2) of the skew Ω with ΩB = BA + N, BᴴN = 0, is
n×n. It acts within the span of B and N, where eliminating the coefficients of N leaves the k×k
matrix above, whose Hermitian part I + NᴴN/4 is never singular. For square X it is B Cay(A).
(Wen & Yin, A feasible method for optimization with orthogonality constraints, Math. Program. 2013,
lemma 4, has the 2k×2k form.) Cost, in products n k² forward and backward: square 2 and 2; tall 4
and 5, with the projection of the parameters at B, and an inverse of size k; at P = 0 none, and
square 1, tall 2. Kept for the derivative, beside parameters, base and point: two matrices n×n, for
tall frames one n×k and a few k×k.
"""

import torch
from torch import Tensor

from manifolds.frames.cayley import cayley_transform
from manifolds.frames.tall_cayley import tall_cayley
from manifolds.frames.turned import turned
from manifolds.linear_algebra.basics import add_identity, identity_like, phase
from manifolds.maps.map import Chart, Retraction, State
from manifolds.maps.signature import lower_part, signature, split


def cayley(b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
    """Cay(Ω) B; (*batch, n, k), (*batch, k, k), (*batch, n, k) or None -> (*batch, n, k)."""
    return turned(b, a) if normal is None else cayley_transform(b, a, normal)


class FixedCayley(Chart):
    """X = Cay([[A, -Cᴴ], [C, 0]])[:, :k] D, D the signature of X: every frame is reached."""

    def point(self, state: State, p: Tensor) -> Tensor:
        """P = [A; C] -> X."""
        a, c = split(p)
        return cayley(identity_like(p), a, lower_part(c)) * phase(state["signs"]).unsqueeze(-2)

    def anchor(self, x: Tensor) -> tuple[State, Tensor]:
        """With X D̄ = [Y; Z]: C = 2Z (I + Y)⁻¹, A = 2(Y - I + CᴴZ/2)(I + Y)⁻¹."""
        k = x.shape[-1]
        signs = signature(x[..., :k, :])
        y, z = (x * signs.conj().unsqueeze(-2)).split([k, x.shape[-2] - k], dim=-2)
        inverse = torch.linalg.inv(add_identity(y))
        c = 2 * z @ inverse
        a = 2 * (add_identity(y, -1) + c.mH @ z / 2) @ inverse
        return {"signs": signs}, torch.cat([a, c], dim=-2)


class Cayley(Retraction):
    """B + U -> Cay(Ω) B; a retraction of second order."""

    name = "cayley"
    curve = "cayley"
    fixed = FixedCayley()

    def retract(self, b: Tensor, a: Tensor, normal: Tensor | None) -> Tensor:
        """Cay(Ω) B."""
        return cayley(b, a, normal)

    def turn(self, b: Tensor, p: Tensor) -> Tensor:
        """B Cay(A)."""
        return turned(b, p)

    def move(self, b: Tensor, p: Tensor) -> Tensor:
        """Cay(Ω) B."""
        return tall_cayley(b, p)
