"""Methods that keep matrices doubly stochastic and vectors in the simplex.

They act on a module with `squares` and `vectors`, lists of modules that are their weight.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

import manifolds
import parametrize
from experiments.methods.method import (
    AfterStep,
    Attach,
    Family,
    Method,
    adam,
    parametrized,
    unchanged,
    weight_of,
)
from experiments.methods.ours import on
from experiments.methods.peers import package, riemannian_adam

SINKHORN_STEPS = 20  # of Xie et al. 2025, section 4.3
PENALTY = 30.0
"""λ. For x with s on a clique of five of 34 nodes and 1 - s spread over the others, xᵀA x grows as
0.8 s², Σ min(x, 0)² as s²/29: for λ below 0.8 · 29 the penalized problem is unbounded."""


class Stochastic(Protocol):
    """What these methods constrain."""

    squares: tuple[nn.Module, ...]
    vectors: tuple[nn.Module, ...]


class Sinkhorn(nn.Module):
    """exp(Z) after 20 normalizations of its rows, then columns (Sinkhorn 1967); (*batch, n, n)."""

    def forward(self, z: Tensor) -> Tensor:
        """The columns sum to 1, the rows to what is left."""
        for _ in range(SINKHORN_STEPS):
            z = z.log_softmax(-1).log_softmax(-2)
        return z.exp()

    def right_inverse(self, x: Tensor) -> Tensor:
        """log X."""
        return x.log()


def violation(x: Tensor, dimensions: tuple[int, ...]) -> Tensor:
    """max |sum - 1| over the dimensions, plus the largest sum of negative parts; a number."""
    x = x.double()
    return torch.stack(
        [((x.sum(d) - 1).abs() + x.clamp_max(0).abs().sum(d)).max() for d in dimensions]
    ).max()


def constrained(task: Stochastic) -> list[nn.Module]:
    """Return all modules whose weights the methods act on."""
    return [*task.squares, *task.vectors]


def penalty(task: Stochastic, method: Method) -> Tensor | float:
    """Return what the method adds to the loss."""
    if method.penalty is None:
        return 0.0
    return torch.stack([method.penalty(weight_of(module)) for module in constrained(task)]).sum()


def _both(squares: Attach, vectors: Attach) -> Attach:
    def attach(module: nn.Module) -> nn.Module:
        task = cast(Stochastic, module)
        for square in task.squares:
            squares(square)
        for vector in task.vectors:
            vectors(vector)
        return module

    return attach


def _sinkhorn(module: nn.Module) -> nn.Module:
    return parametrize.register_parametrization(module, "weight", Sinkhorn())


def _birkhoff_parameter(module: nn.Module) -> nn.Module:
    geoopt, x = package("geoopt"), weight_of(module).detach()
    module.weight = geoopt.ManifoldParameter(x.clone(), manifold=geoopt.BirkhoffPolytope())
    return module


@torch.no_grad()
def _project(module: nn.Module) -> None:
    task = cast(Stochastic, module)
    for square in task.squares:
        x = weight_of(square)
        x.copy_(manifolds.DoublyStochastic(*x.shape[-2:]).project(x))
    for vector in task.vectors:
        x = weight_of(vector)
        x.copy_(manifolds.Simplex(x.shape[-1]).project(x))


def _penalty(x: Tensor) -> Tensor:
    """λ (Σ (sums - 1)² + Σ min(x, 0)²), columns only where x is a batch of squares."""
    off = (x.sum(-1) - 1).square().sum() + x.clamp_max(0).square().sum()
    square = x.ndim > 2 and x.shape[-1] == x.shape[-2]
    return PENALTY * (off + (x.sum(-2) - 1).square().sum() if square else off)


def _method(
    name: str, family: Family, attach: Attach, after_step: AfterStep | None = None, **options: Any
) -> Method:
    return Method(name, family, parametrized(attach, adam), attach, after_step, **options)


SIMPLEX = on(manifolds.Simplex)  # a softmax, which the others have too
METHODS = (
    _method("parametrized", Family.OURS, _both(on(manifolds.DoublyStochastic), SIMPLEX)),
    _method("sinkhorn-20", Family.PEER, _both(_sinkhorn, SIMPLEX)),
    _method(
        "geoopt-adam",
        Family.PEER,
        _both(_birkhoff_parameter, SIMPLEX),
        optimizer=riemannian_adam,
    ),
    _method("projection", Family.PEER, unchanged, _project),
    _method("penalty", Family.INFEASIBLE, unchanged, penalty=_penalty),
    _method("unconstrained", Family.INFEASIBLE, unchanged, constrained=False),
)
