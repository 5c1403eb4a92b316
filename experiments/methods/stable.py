"""Methods that keep matrices stable: |λ| < 1 for x_{t+1} = X x_t, Re λ < 0 for ẋ = X x.

X is (2, *batch, n, n): matrices of the first kind, then of the second.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import manifolds
from experiments.methods.method import (
    Family,
    Iterates,
    Loss,
    Matrix,
    Method,
    Trained,
    Updated,
    adam,
    parametrized,
    unchanged,
    weight_of,
)
from experiments.methods.ours import on

MARGIN = 1e-3  # more than stability is asked for: X stays stable when it is rounded to 32 bits
PENALTY = 1.0  # λ; our choice
CONSTRAINTS: tuple[tuple[type[manifolds.Manifold], dict[str, Any]], ...] = (
    (manifolds.SchurStable, {"radius": 1 - MARGIN}),
    (manifolds.Hurwitz, {"shift": MARGIN}),
)


def excess(x: Tensor) -> Tensor:
    """|λ| - 1 of the first kind, Re λ of the second: (2, *batch, n, n) -> (2, *batch, n)."""
    values = torch.linalg.eigvals(x.double())
    return torch.stack([values[0].abs() - 1, values[1].real])


def moved(x: Tensor, margin: float) -> Tensor:
    """Scale the first kind and shift the second until excess <= -margin; stable ones stay."""
    e = excess(x).amax(-1)[..., None, None].to(x)
    identity = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    scaled = x[0] * ((1 - margin) / (1 + e[0])).clamp_max(1)
    return torch.stack([scaled, x[1] - (e[1] + margin).clamp_min(0) * identity])


def projected(x: Tensor) -> Tensor:
    """Project each kind as its manifold does."""
    kinds = zip(CONSTRAINTS, x, strict=True)
    return torch.stack([m(x.shape[-1], x.shape[-1], **o).project(y) for (m, o), y in kinds])


class Systems(nn.Module):
    """One weight of both kinds, each constrained to its manifold."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.kinds = nn.ModuleList(map(Matrix, x))
        for module, (manifold, options) in zip(self.kinds, CONSTRAINTS, strict=True):
            on(manifold, **options)(module)

    @property
    def weight(self) -> Tensor:
        """Both kinds, stacked."""
        return torch.stack([weight_of(module) for module in self.kinds])

    @weight.setter
    def weight(self, x: Tensor) -> None:
        for module, y in zip(self.kinds, x, strict=True):
            module.weight = y


def stable(module: nn.Module) -> nn.Module:
    """Replace a module that is its weight by one whose weight is stable."""
    return Systems(weight_of(module).detach())


def _constant(start: Tensor, _loss: Loss, _learning_rate: float) -> Iterates:
    """Return the iterates of a closed form: always the same point."""
    return Updated(start, lambda x, m: (x, m))


def _penalized(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
    def penalized(x: Tensor) -> Tensor:
        outside = (excess(x) + MARGIN).clamp_min(0).to(x)
        return loss(x) + PENALTY * outside.square().sum(-1)

    module = Matrix(start)
    return Trained(module, adam(module.parameters(), learning_rate), penalized)


@torch.no_grad()
def _project(module: nn.Module) -> None:
    weight_of(module).copy_(projected(weight_of(module)))


SCALED = "scaled-fit"
METHODS = (
    Method("parametrized", Family.OURS, parametrized(stable, adam), stable),
    Method("projection", Family.PEER, parametrized(unchanged, adam, _project)),
    Method("projected-fit", Family.PEER, _constant),
    Method(SCALED, Family.PEER, _constant),
    Method("penalty", Family.INFEASIBLE, _penalized),
    Method("unconstrained", Family.INFEASIBLE, parametrized(unchanged, adam), constrained=False),
)
