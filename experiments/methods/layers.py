"""Methods that keep layers of a network orthogonal while the whole network trains.

Beside a constraint on `layer.weight` they may bring an optimizer of their own (geoopt), a penalty
on the weight, or a projection after each step; `Constrained` applies all of it to several layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

import manifolds
from experiments.methods.infeasible import RESTORING_WEIGHT, departure
from experiments.methods.method import (
    AfterStep,
    Attach,
    Family,
    Method,
    parametrized,
    unchanged,
    weight_of,
)
from experiments.methods.ours import on, rebase
from experiments.methods.peers import PEERS, package, polar_factor, riemannian_adam


def _geoopt_parameter(module: nn.Module) -> nn.Module:
    """Make the weight a parameter on geoopt's Stiefel manifold, which has tall matrices only."""
    geoopt, x = package("geoopt"), weight_of(module).detach()
    if x.shape[-2] < x.shape[-1]:
        raise ValueError(
            f"geoopt's Stiefel needs n >= k, got {tuple(x.shape)}; use widths that grow"
        )
    module.weight = geoopt.ManifoldParameter(x.clone(), manifold=geoopt.Stiefel())
    return module


@torch.no_grad()
def _project(module: nn.Module) -> None:
    weight_of(module).copy_(polar_factor(weight_of(module)))


def _penalty(w: Tensor) -> Tensor:
    """(λ/4) ‖W^T W - I‖², of W^T for a wide W."""
    x = w if w.shape[-2] >= w.shape[-1] else w.mT
    return RESTORING_WEIGHT / 4 * departure(x).square().sum((-2, -1))


def _kept(name: str, family: Family, **options: Any) -> Method:
    """Return a method whose layers only get the same orthogonal start as the others."""
    return Method(name, family, parametrized(unchanged), unchanged, **options)


ORTHOGONAL_START = _kept("unconstrained-orthogonal", Family.INFEASIBLE, constrained=False)
DEFAULT_START = replace(ORTHOGONAL_START, name="unconstrained", attach=None)
OTHERS = (
    *(method for method in PEERS if method.attach is not None),
    Method(
        "geoopt-adam",
        Family.PEER,
        parametrized(_geoopt_parameter, riemannian_adam),
        _geoopt_parameter,
        optimizer=riemannian_adam,
    ),
    _kept("projection", Family.PEER, after_step=_project),
    _kept("penalty", Family.INFEASIBLE, penalty=_penalty),
    ORTHOGONAL_START,
    DEFAULT_START,
)


def _ours(name: str, attach: Attach, after_step: AfterStep | None = None) -> Method:
    return Method(
        name, Family.OURS, parametrized(attach, after_step=after_step), attach, after_step
    )


def layer_methods(manifold: type[manifolds.Manifold]) -> dict[str, Method]:
    """Our maps onto Orthogonal or SpecialOrthogonal, then other libraries, then no constraint."""
    ours = [_ours(name, on(manifold, map=name)) for name in ("cayley", "exponential")]
    ours.append(_ours("polar-rebased", on(manifold, map="polar"), rebase))
    return {method.name: method for method in (*ours, *OTHERS)}


@dataclass(frozen=True)
class Constrained:
    """The layers of one network that a method constrains."""

    method: Method
    layers: Sequence[nn.Module]

    def begin(self, starts: Sequence[Tensor]) -> None:
        """Start the weights there, constrained; a method without `attach` keeps its own start."""
        if self.method.attach is not None:
            for layer, start in zip(self.layers, starts, strict=True):
                layer.weight = nn.Parameter(start.to(weight_of(layer)))
                self.method.attach(layer)

    def weights(self) -> list[Tensor]:
        """Return the weights as they are now."""
        return [weight_of(layer) for layer in self.layers]

    def groups(self, network: nn.Module, rate: float, own_rate: float) -> list[dict[str, Any]]:
        """Return groups: the others' parameters at `rate`, these layers' at theirs."""
        own = [p for layer in self.layers for p in layer.parameters()]
        others = [p for p in network.parameters() if not any(p is q for q in own)]
        return [{"params": others, "lr": rate}, {"params": own, "lr": own_rate}]

    def penalty(self) -> Tensor | float:
        """Return what the method adds to the loss."""
        penalty = self.method.penalty
        return 0.0 if penalty is None else torch.stack([*map(penalty, self.weights())]).sum()

    def after_step(self, _network: nn.Module) -> None:
        """Do what the method does to every layer after a step."""
        if self.method.after_step is not None:
            for layer in self.layers:
                self.method.after_step(layer)
