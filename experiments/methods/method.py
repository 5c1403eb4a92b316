"""A method makes iterates: (start, loss, learning rate) -> X_0, X_1, X_2, ...

Each `next` costs one step of the method and nothing else, so the caller can time it; what it yields
is the point at which the gradient was taken, so no method pays for an extra forward. Iterates have
a state, so that a run can stop at any of them and go on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import torch
from torch import Tensor, nn

MOMENTUM = 0.9  # of every method but Adam's and landing

Loss = Callable[[Tensor], Tensor]  # X (*batch, n, k) -> one value per batch element (*batch,)
Attach = Callable[[nn.Module], nn.Module]  # constrains `module.weight`, keeps its value
AfterStep = Callable[[nn.Module], object]
MakeOptimizer = Callable[..., torch.optim.Optimizer]


class Iterates(ABC, Iterator[Tensor]):
    """X_0, X_1, X_2, ..., and the state from which they go on."""

    recorded_seconds: float | None = None  # of the last step, where it is a replay

    @abstractmethod
    def __next__(self) -> Tensor:
        """Take one step; return the point where its gradient was taken."""

    @abstractmethod
    def state_dict(self) -> Mapping[str, Any]:
        """Return what the iterates to come depend on."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""


Descend = Callable[[Tensor, Loss, float], Iterates]  # (start, loss, learning rate) -> iterates


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
    iterates: Descend
    attach: Attach | None = None
    after_step: AfterStep | None = None
    optimizer: MakeOptimizer | None = None  # of a network with its layers; None: the problem's
    penalty: Loss | None = None  # of a network's layer, added to the loss
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
        # L-BFGS views gradients as vectors, and those of a column-major matrix have no such view
        own = weight.detach().clone(memory_format=torch.contiguous_format)
        self.weight: Tensor | nn.Parameter = nn.Parameter(own)


def weight_of(module: nn.Module) -> Tensor:
    """Return module.weight, which torch's types leave open."""
    return cast(Tensor, module.weight)


def unchanged(module: nn.Module) -> nn.Module:
    """Constrain nothing: what an optimizer, a penalty or a projection does is all there is."""
    return module


def momentum_descent(parameters: Iterator[Tensor], learning_rate: float) -> torch.optim.Optimizer:
    """M ← μ M + ∇f, X ← X - η M."""
    return torch.optim.SGD(parameters, lr=learning_rate, momentum=MOMENTUM)


def adam(parameters: Iterator[Tensor], learning_rate: float) -> torch.optim.Optimizer:
    """Adam with its default moments (Kingma & Ba 2015)."""
    return torch.optim.Adam(parameters, lr=learning_rate)


def flat(dtype: torch.dtype) -> float:
    """eps^(3/4): where ‖g‖ is below, f - f* ≈ ‖g‖²/2μ is below eps for a curvature μ >= √eps."""
    return torch.finfo(dtype).eps ** 0.75


LINE_SEARCH = 25  # evaluations at most in one line search


def lbfgs(parameters: Iterator[Tensor], _learning_rate: float) -> torch.optim.Optimizer:
    """One iteration of L-BFGS per step, strong Wolfe line search from the quasi-Newton step.

    It has no rate to tune. It stands still once the gradient is `flat`; torch's own tolerances
    would stop float64 at an absolute error of about 1e-9, and its default of max_eval, 5/4 of
    max_iter, leaves a line search of one iteration no evaluation at all.
    """
    tensors = list(parameters)
    return torch.optim.LBFGS(
        tensors,
        max_iter=1,
        max_eval=LINE_SEARCH,
        tolerance_grad=flat(tensors[0].dtype),
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )


class OptimizerState:
    """An optimizer's state, taken back exactly.

    torch's Adam makes a tensor of an integer step count, and geoopt's Adam, which derives from it,
    then rounds its bias correction differently: the numbers are put back as they were.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    def state_dict(self) -> Mapping[str, Any]:
        """Return the optimizer's; its tensors are the optimizer's own."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.optimizer.load_state_dict(dict(state))
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        for index, values in state["state"].items():
            numbers = {name: v for name, v in values.items() if not isinstance(v, Tensor)}
            self.optimizer.state[parameters[index]].update(numbers)


class Trained(Iterates):
    """The weight of a module, under an ordinary optimizer of its parameters."""

    def __init__(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        after_step: AfterStep | None = None,
    ) -> None:
        self.module, self.optimizer, self.loss = module, optimizer, loss
        self.after_step = after_step

    def __next__(self) -> Tensor:
        """Take one step of the optimizer; one that searches a line evaluates the loss often."""
        seen: list[Tensor] = []

        def closure() -> Tensor:
            self.optimizer.zero_grad()
            x = weight_of(self.module)
            value = self.loss(x).sum()
            value.backward()
            seen.append(x.detach().clone() if x.is_leaf else x.detach())
            return value

        self.optimizer.step(closure)  # type: ignore[arg-type]  # torch wants a float, takes both
        if self.after_step is not None:
            self.after_step(self.module)
        return seen[0]

    def state_dict(self) -> Mapping[str, Any]:
        """Return the module's and the optimizer's."""
        optimizer = OptimizerState(self.optimizer)
        return {"module": self.module.state_dict(), "optimizer": optimizer.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the module and the optimizer as they were."""
        self.module.load_state_dict(state["module"])
        OptimizerState(self.optimizer).load_state_dict(state["optimizer"])


def parametrized(
    attach: Attach,
    optimizer: MakeOptimizer = momentum_descent,
    after_step: AfterStep | None = None,
) -> Descend:
    """Return the iterates of an ordinary optimizer on the parameters of a constrained weight."""

    def descend(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
        module = attach(Matrix(start))
        return Trained(module, optimizer(module.parameters(), learning_rate), loss, after_step)

    return descend


Update = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # (X, M) -> the next X and M


class Updated(Iterates):
    """X and a second tensor M (momentum; unused by most), each step a function of both."""

    def __init__(self, start: Tensor, update: Update) -> None:
        self.x, self.m, self.update = start, torch.zeros_like(start), update

    def __next__(self) -> Tensor:
        """Return X, and replace it by its update."""
        x = self.x
        self.x, self.m = self.update(self.x, self.m)
        return x

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return both tensors."""
        return {"x": self.x, "m": self.m}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from both tensors."""
        self.x, self.m = (state[name].to(self.x) for name in ("x", "m"))


def gradient(loss: Loss, x: Tensor) -> Tensor:
    """∇f(x) for a plain tensor, each batch element its own problem."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(loss(x).sum(), x)[0]
