"""Other libraries that keep X on the Stiefel manifold, each called through its public interface."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from experiments.errors import ExperimentError
from experiments.methods.method import (
    MOMENTUM,
    Attach,
    Family,
    Iterates,
    Loss,
    Method,
    gradient,
    parametrized,
    weight_of,
)


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        way_out = f"pip install {name}, or leave the method out with --method"
        raise ExperimentError(f"the {name} methods need the package {name}: {way_out}") from error


def _torch(map_name: str) -> Attach:
    """`torch.nn.utils.parametrizations.orthogonal`."""
    return lambda module: parametrizations.orthogonal(module, orthogonal_map=map_name)


def _geotorch(map_name: str) -> Attach:
    """Attach `geotorch.orthogonal` (Lezcano-Casado 2019)."""

    def attach(module: nn.Module) -> nn.Module:
        x = weight_of(module).detach().clone()
        _package("geotorch").orthogonal(module, triv=map_name)
        module.weight = x  # geotorch starts at a random point
        return module

    return attach


def _attached(name: str, attach: Attach) -> Method:
    return Method(name, Family.PEER, parametrized(attach), attach)


def _geoopt(optimizer_name: str, **options: float) -> Iterates:
    """`geoopt.optim` with its default Stiefel metric (canonical) and retraction."""

    def iterates(start: Tensor, loss: Loss, learning_rate: float) -> Iterator[Tensor]:
        geoopt = _package("geoopt")
        x = geoopt.ManifoldParameter(start.clone(), manifold=geoopt.Stiefel())
        descent = getattr(geoopt.optim, optimizer_name)([x], lr=learning_rate, **options)
        while True:
            descent.zero_grad()
            loss(x).sum().backward()
            yield x.detach()
            descent.step()

    return iterates


def polar_factor(x: Tensor) -> Tensor:
    """U V^T of x = U S V^T, the nearest matrix with orthonormal columns (Higham 2008, thm 8.4)."""
    u, _, vt = torch.linalg.svd(x, full_matrices=False)
    return u @ vt


def projection(start: Tensor, loss: Loss, learning_rate: float) -> Iterator[Tensor]:
    """X ← polar(X - η ∇f(X)).

    Without momentum: it would carry the gradient's normal part from step to step, which the
    projection takes out only after it has shortened the step.
    """
    x = start
    while True:
        g = gradient(loss, x)
        yield x
        x = polar_factor(x - learning_rate * g)


PEERS = (
    _attached("torch-cayley", _torch("cayley")),
    _attached("torch-exponential", _torch("matrix_exp")),
    _attached("torch-householder", _torch("householder")),
    _attached("geotorch-cayley", _geotorch("cayley")),
    _attached("geotorch-exponential", _geotorch("expm")),
    Method("geoopt-sgd", Family.PEER, _geoopt("RiemannianSGD", momentum=MOMENTUM)),
    Method("geoopt-adam", Family.PEER, _geoopt("RiemannianAdam")),
    Method("projection", Family.PEER, projection),
)
