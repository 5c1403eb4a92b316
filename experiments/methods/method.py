"""A method is a generator of iterates: (start, loss, learning rate) -> X_0, X_1, X_2, ...

Each `next` costs one step of the method and nothing else, so the caller can time it; what it yields
is the point at which the gradient was taken, so no method pays for an extra forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import torch
from torch import Tensor, nn

MOMENTUM = 0.9  # of every method but Adam's and landing

Loss = Callable[[Tensor], Tensor]  # X (*batch, n, k) -> one value per batch element (*batch,)
Iterates = Callable[[Tensor, Loss, float], Iterator[Tensor]]
Attach = Callable[[nn.Module], nn.Module]  # constrains `module.weight`, keeps its value
AfterStep = Callable[[nn.Module], object]
MakeOptimizer = Callable[..., torch.optim.Optimizer]


class Family(StrEnum):
    """Who answers for a method, and whether its iterates satisfy the constraint."""

    OURS = "ours"
    PEER = "peer"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True)
class Method:
    """A name, a family, the iterates, and how a layer gets the constraint (None: it cannot)."""

    name: str
    family: Family
    iterates: Iterates
    attach: Attach | None = None
    after_step: AfterStep | None = None
    constrained: bool = True  # whether anything at all pulls the iterates to the constraint
    optimum_claimed: bool = True  # whether it must reach the optimum, beside the constraint

    def read_back(self, x: Tensor) -> Tensor | None:
        """Return weight after `weight = x` in a fresh module; None where nothing is assigned."""
        if self.attach is None:
            return None
        module = self.attach(Matrix(x))
        module.weight = x
        return weight_of(module).detach()


class Matrix(nn.Module):
    """A module that is its weight."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight: Tensor | nn.Parameter = nn.Parameter(weight.detach().clone())


def weight_of(module: nn.Module) -> Tensor:
    """Return module.weight, which torch's types leave open."""
    return cast(Tensor, module.weight)


def momentum_descent(parameters: Iterator[Tensor], learning_rate: float) -> torch.optim.Optimizer:
    """M ← μ M + ∇f, X ← X - η M."""
    return torch.optim.SGD(parameters, lr=learning_rate, momentum=MOMENTUM)


def parametrized(
    attach: Attach,
    optimizer: MakeOptimizer = momentum_descent,
    after_step: AfterStep | None = None,
) -> Iterates:
    """Return the iterates of an ordinary optimizer on the parameters of a constrained weight."""

    def iterates(start: Tensor, loss: Loss, learning_rate: float) -> Iterator[Tensor]:
        module = attach(Matrix(start))
        descent = optimizer(module.parameters(), learning_rate)
        while True:
            descent.zero_grad()
            x = weight_of(module)
            loss(x).sum().backward()
            yield x.detach()
            descent.step()
            if after_step is not None:
                after_step(module)

    return iterates


def gradient(loss: Loss, x: Tensor) -> Tensor:
    """∇f(x) for a plain tensor, each batch element its own problem."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(loss(x).sum(), x)[0]
