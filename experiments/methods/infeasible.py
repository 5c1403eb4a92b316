"""Methods whose iterates leave the Stiefel manifold: penalty, landing and no constraint at all.

Penalty and landing share the restoring field λ X (X^T X - I) = ∇ (λ/4) ‖X^T X - I‖² with the same
λ, so they differ only in what they do with the gradient of the loss.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from experiments.methods.method import (
    MOMENTUM,
    Descend,
    Family,
    Iterates,
    Loss,
    Method,
    Updated,
    gradient,
)

RESTORING_WEIGHT = 1.0  # λ; our choice for both methods
SAFE_DISTANCE = 0.5  # ε of the safe region ‖X^T X - I‖ <= ε; Ablin & Peyre 2022 need ε < 3/4


def departure(x: Tensor) -> Tensor:
    """X^T X - I: (*batch, n, k) -> (*batch, k, k)."""
    return x.mT @ x - torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def unconstrained(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
    """M ← μ M + ∇f(X), X ← X - η M."""

    def update(x: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        m = MOMENTUM * m + gradient(loss, x)
        return x - learning_rate * m, m

    return Updated(start, update)


def penalty_of(
    defect: Callable[[Tensor], Tensor], optimize: Descend = unconstrained, weight: float = 1.0
) -> Descend:
    """Descend f(X) + (λ/4) h(X), h >= 0 with h = 0 on the set; h: (*batch, n, k) -> (*batch,)."""

    def descend(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
        return optimize(start, lambda x: loss(x) + weight / 4 * defect(x), learning_rate)

    return descend


def orthonormality_defect(x: Tensor) -> Tensor:
    """‖X^T X - I‖²: (*batch, n, k) -> (*batch,)."""
    return departure(x).square().sum((-2, -1))


penalty = penalty_of(orthonormality_defect, weight=RESTORING_WEIGHT)


def landing(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
    """X ← X - η Λ(X), Λ(X) = skew(∇f(X) X^T) X + λ X (X^T X - I), η within the safe step.

    Ablin & Peyre 2022 (AISTATS). Without momentum: the momentum keeps growing while the safe step
    shrinks, and the iterate stalls at the border of the safe region (seen at every rate of a grid).
    """

    def update(x: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
        field = relative_gradient(gradient(loss, x), x) + RESTORING_WEIGHT * x @ departure(x)
        return x - safe_step(x, field).clamp(max=learning_rate) * field, m

    return Updated(start, update)


def relative_gradient(g: Tensor, x: Tensor) -> Tensor:
    """Return skew(G X^T) X; (*batch, n, k) each. Of n >= 2k rows by products n k² alone."""
    if x.shape[-2] < 2 * x.shape[-1]:
        return skew(g @ x.mT) @ x
    return (g @ (x.mT @ x) - x @ (g.mT @ x)) / 2


def skew(a: Tensor) -> Tensor:
    """Return (A - A^T) / 2."""
    return (a - a.mT) / 2


def safe_step(x: Tensor, field: Tensor) -> Tensor:
    """Return the largest η for which the bound below keeps X - η Λ in ‖X^T X - I‖ <= ε.

    With D = X^T X - I, d = ‖D‖, g = ‖Λ‖ and A skew, X^T (A + A^T) X = 0, so for η <= 1/(2λ)
    ‖(X - ηΛ)^T (X - ηΛ) - I‖ = ‖D - 2ηλ(D + D²) + η² Λ^T Λ‖ <= d - 2ηλ d(1 - d) + η² g²,
    which is at most ε up to the larger root of the quadratic. The safe step is Ablin & Peyre 2022;
    this form is that of Ablin, Vary, Gao & Absil 2024 (JMLR). Returns (*batch, 1, 1).
    """
    d, g = _norm(departure(x)), _norm(field)
    b = RESTORING_WEIGHT * d * (1 - d)
    room = (SAFE_DISTANCE - d).clamp(min=0)
    tiny = torch.finfo(x.dtype).tiny  # at a critical point g = 0 and every step is safe
    root = (b + (b.square() + g.square() * room).sqrt()) / g.square().clamp(min=tiny)
    return root.clamp(max=1 / (2 * RESTORING_WEIGHT))


def _norm(a: Tensor) -> Tensor:
    return torch.linalg.matrix_norm(a, keepdim=True)


INFEASIBLE = (
    Method("penalty", Family.INFEASIBLE, penalty),
    Method("landing", Family.INFEASIBLE, landing),
    Method("unconstrained", Family.INFEASIBLE, unconstrained, constrained=False),
)
