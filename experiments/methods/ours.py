"""Our parametrizations X = f(parameters) of the Stiefel manifold, under an ordinary optimizer."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

import manifolds
from experiments.methods.method import (
    AfterStep,
    Attach,
    Family,
    Method,
    parametrized,
    weight_of,
)

MAPS = ("cayley", "exponential", "householder", "polar")
CHARTS = ("cayley", "exponential", "householder")  # polar is a retraction: it has no fixed chart


def on(manifold: type[manifolds.Manifold], **options: Any) -> Attach:
    """Constrain `module.weight` to a manifold of the catalogue, from the weight it has."""
    return lambda module: manifolds.constrain(module, "weight", manifold, **options)


def on_instance(manifold: manifolds.Manifold) -> Attach:
    """Constrain `module.weight` to an instance."""
    return lambda module: manifolds.constrain(module, "weight", manifold)


def of_its_rank(manifold: type[manifolds.Manifold]) -> Attach:
    """Constrain a weight to matrices of the rank it has."""

    def attach(module: nn.Module) -> nn.Module:
        return on(manifold, rank=rank_of(weight_of(module).detach()))(module)

    return attach


def rank_of(x: Tensor) -> int:
    """Return the rank of x, singular values below rounding counting as zero."""
    return int(torch.linalg.matrix_rank(x))


def rebase(module: nn.Module) -> None:
    """Move the base to the current point (Lezcano-Casado 2019, dynamic trivialization)."""
    manifolds.rebase(module)


def by_map(
    name: str,
    map: str | manifolds.Map,
    base: str = "assigned",
    after_step: AfterStep | None = None,
) -> Method:
    """The method of that name: `manifolds.Orthogonal` with a map and a base."""
    attach = on(manifolds.Orthogonal, map=map, base=base)
    run = parametrized(attach, after_step=after_step)
    return Method(name, Family.OURS, run, attach, after_step)


# Of these the constraint is claimed but no optimum. A chart whose origin is not the start distorts
# the metric, and descent slows down (Lezcano-Casado 2019: the reason for dynamic trivializations).
# Every angle of polar(I + A) is the arc tangent of one of A's, so without rebasing `polar` reaches
# only what lies within 90 degrees of its base.
STATIC = (
    by_map("polar", "polar"),
    *(by_map(f"{name}-fixed", name, "fixed") for name in CHARTS),
)

OURS = (
    *(by_map(name, name) for name in CHARTS),
    *(replace(method, optimum_claimed=False) for method in STATIC),
    *(by_map(f"{name}-rebased", name, "assigned", rebase) for name in MAPS),
)
