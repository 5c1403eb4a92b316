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
    Matrix,
    Method,
    gradient,
    parametrized,
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
        _package("geotorch").orthogonal(module, triv=map_name)
        return module

    return attach


def _attached(name: str, attach: Attach) -> Method:
    return Method(name, Family.PEER, parametrized(attach), attach)


def _geoopt_parameter(module: nn.Module) -> nn.Module:
    geoopt = _package("geoopt")
    module.weight = geoopt.ManifoldParameter(module.weight.detach(), manifold=geoopt.Stiefel())
    return module


def _geoopt(optimizer_name: str, **options: float) -> Iterates:
    """`geoopt.optim` with its default Stiefel metric (canonical) and retraction."""

    def iterates(start: Tensor, loss: Loss, learning_rate: float) -> Iterator[Tensor]:
        optimizer = getattr(_package("geoopt").optim, optimizer_name)
        module = _geoopt_parameter(Matrix(start))
        descent = optimizer(module.parameters(), lr=learning_rate, **options)
        while True:
            descent.zero_grad()
            loss(module.weight).sum().backward()
            yield module.weight.detach()
            descent.step()

    return iterates


def polar_factor(x: Tensor) -> Tensor:
    """U V^T of x = U S V^T, the nearest matrix with orthonormal columns (Higham 2008, thm 8.4)."""
    u, _, vt = torch.linalg.svd(x, full_matrices=False)
    return u @ vt


def projection(start: Tensor, loss: Loss, learning_rate: float) -> Iterator[Tensor]:
    """M ← μ M + ∇f(X), X ← polar(X - η M)."""
    x, m = start, torch.zeros_like(start)
    while True:
        m = MOMENTUM * m + gradient(loss, x)
        yield x
        x = polar_factor(x - learning_rate * m)


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
