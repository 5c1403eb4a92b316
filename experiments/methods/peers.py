"""Other libraries that keep X on the Stiefel manifold, each called through its public interface."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from experiments.methods.method import (
    MOMENTUM,
    Attach,
    Descend,
    Family,
    Iterates,
    Loss,
    Matrix,
    Method,
    Trained,
    Updated,
    gradient,
    parametrized,
    weight_of,
)
from experiments.runner.errors import ExperimentError


def package(name: str) -> ModuleType:
    """Import a peer, or say how to get it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        way_out = f"pip install {name}, or leave the method out with --method"
        raise ExperimentError(f"the {name} methods need the package {name}: {way_out}") from error


def torch_orthogonal(map_name: str | None = None) -> Attach:
    """`torch.nn.utils.parametrizations.orthogonal`, without a name by its default map."""
    return lambda module: parametrizations.orthogonal(module, orthogonal_map=map_name)


def _geotorch(map_name: str) -> Attach:
    """Attach `geotorch.orthogonal` (Lezcano-Casado 2019)."""

    def attach(module: nn.Module) -> nn.Module:
        x = weight_of(module).detach().clone()
        package("geotorch").orthogonal(module, triv=map_name)
        module.weight = x  # geotorch starts at a random point
        return module

    return attach


def _attached(name: str, attach: Attach) -> Method:
    return Method(name, Family.PEER, parametrized(attach), attach)


def geoopt_on(
    manifold: str | Callable[[Any, Tensor], Any], optimizer: str, **options: float
) -> Descend:
    """`geoopt.optim` on `geoopt.MANIFOLD()` with its default metric and retraction.

    Or on `manifold(geoopt, X_0)`.
    """

    def descend(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
        geoopt = package("geoopt")
        on = getattr(geoopt, manifold)() if isinstance(manifold, str) else manifold(geoopt, start)
        module = Matrix(start)
        module.weight = geoopt.ManifoldParameter(start.clone(), manifold=on)
        make = getattr(geoopt.optim, optimizer)
        return Trained(module, make(module.parameters(), lr=learning_rate, **options), loss)

    return descend


def riemannian_adam(parameters: Iterable[Any], learning_rate: float) -> torch.optim.Optimizer:
    """`geoopt.optim.RiemannianAdam`."""
    return package("geoopt").optim.RiemannianAdam(parameters, lr=learning_rate)


def polar_factor(x: Tensor) -> Tensor:
    """U V^T of x = U S V^T, the nearest matrix with orthonormal columns (Higham 2008, thm 8.4)."""
    u, _, vt = torch.linalg.svd(x, full_matrices=False)
    return u @ vt


def projection_by(project: Callable[[Tensor], Tensor]) -> Descend:
    """X ← P(X - η ∇f(X)).

    Without momentum: it would carry the gradient's normal part from step to step, which the
    projection takes out only after it has shortened the step.
    """

    def descend(start: Tensor, loss: Loss, learning_rate: float) -> Iterates:
        def update(x: Tensor, m: Tensor) -> tuple[Tensor, Tensor]:
            return project(x - learning_rate * gradient(loss, x)), m

        return Updated(start, update)

    return descend


PEERS = (
    _attached("torch-cayley", torch_orthogonal("cayley")),
    _attached("torch-exponential", torch_orthogonal("matrix_exp")),
    _attached("torch-householder", torch_orthogonal("householder")),
    _attached("geotorch-cayley", _geotorch("cayley")),
    _attached("geotorch-exponential", _geotorch("expm")),
    Method("geoopt-sgd", Family.PEER, geoopt_on("Stiefel", "RiemannianSGD", momentum=MOMENTUM)),
    Method("geoopt-adam", Family.PEER, geoopt_on("Stiefel", "RiemannianAdam")),
    Method("projection", Family.PEER, projection_by(polar_factor)),
)
