"""Our parametrizations X = f(parameters) of the Stiefel manifold, under an ordinary optimizer."""

from dataclasses import replace

from torch import nn

import manifolds
from experiments.methods.method import AfterStep, Attach, Family, Method, parametrized

MAPS = ("cayley", "exponential", "householder", "polar")
CHARTS = ("cayley", "exponential", "householder")  # polar is a retraction: it has no fixed chart


def _attach(map_name: str, base: str) -> Attach:
    return lambda module: manifolds.constrain(
        module, "weight", manifolds.Orthogonal, map=map_name, base=base
    )


def _rebase(module: nn.Module) -> None:
    """Move the base to the current point (Lezcano-Casado 2019, dynamic trivialization)."""
    manifolds.rebase(module)


def _method(name: str, map_name: str, base: str, after_step: AfterStep | None = None) -> Method:
    attach = _attach(map_name, base)
    run = parametrized(attach, after_step=after_step)
    return Method(name, Family.OURS, run, attach, after_step)


# Every angle of polar(I + A) is the arc tangent of one of A's, so below 90 degrees: without
# rebasing, the polar retraction sees a neighbourhood of its base only.
LOCAL = replace(_method("polar", "polar", "assigned"), reaches_all=False)

OURS = (
    *(_method(name, name, "assigned") for name in CHARTS),
    LOCAL,
    *(_method(f"{name}-fixed", name, "fixed") for name in CHARTS),
    *(_method(f"{name}-rebased", name, "assigned", _rebase) for name in MAPS),
)
