"""Geodesics of the Stiefel manifold by dense matrix exponentials, and which map follows which."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from manifolds.catalogue.points.points import expm

EXACT = 16
"""An order no map has without being the geodesic itself."""


@dataclass(frozen=True)
class Claim:
    """‖f(p + tv) - γ(t)‖ = O(t^(order + 1)), γ the geodesic with the same point and velocity."""

    order: int
    geodesic: Callable[[Any, Tensor, Tensor], Tensor]
    """(manifold, x, tangent vector) -> γ(1)."""


def canonical(manifold: Any, x: Tensor, u: Tensor) -> Tensor:
    """exp(Ω) X with Ω = P U Xᴴ - X Uᴴ P, P = I - X Xᴴ / 2 (Edelman, Arias & Smith 1998, 2.4.1)."""
    b, v = manifold.frame(x), manifold.frame(u)
    w = v - b @ (b.mH @ v) / 2
    return manifold.unframe(expm(w @ b.mH - b @ w.mH) @ b)


def euclidean(manifold: Any, x: Tensor, u: Tensor) -> Tensor:
    """[X, U] exp [[A, -S], [I, A]] [I; 0] exp(-A), A = XᴴU, S = UᴴU (same paper, (2.14))."""
    b, v = manifold.frame(x), manifold.frame(u)
    a, s = b.mH @ v, v.mH @ v
    k = a.shape[-1]
    eye = torch.eye(k, dtype=a.dtype, device=a.device).expand(a.shape)
    m = torch.cat([torch.cat([a, -s], -1), torch.cat([eye, a], -1)], -2)
    first = expm(m)[..., :k]
    return manifold.unframe(torch.cat([b, v], -1) @ first @ expm(-a))


CLAIMS = {
    "cayley": Claim(2, canonical),
    "exponential": Claim(EXACT, canonical),
    "polar": Claim(2, euclidean),
    "qr": Claim(1, canonical),
}


def claim_of_map(manifold: Any) -> Claim | None:
    """The claim of the map at an assigned base; a fixed chart claims nothing."""
    return CLAIMS.get(manifold.options["map"]) if manifold.has_base else None
