"""Our manifolds on torch's engine, and other libraries' parametrizations on ours."""

import copy

import geotorch
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize as torch_engine

import manifolds
import parametrize as our_engine

ENGINES = pytest.mark.parametrize("engine", [our_engine, torch_engine], ids=["ours", "torch"])
CASES = {
    "Stiefel": (lambda: geotorch.Stiefel((6, 4)), manifolds.Orthogonal(6, 4)),
    "SO": (lambda: geotorch.SO((4, 4)), manifolds.SpecialOrthogonal(4)),
    "Sphere": (lambda: geotorch.Sphere((3, 4)), manifolds.Sphere(4)),
    "PSD": (lambda: geotorch.PSD((4, 4)), manifolds.PositiveDefinite(4)),
    "FixedRank": (lambda: geotorch.FixedRank((6, 4), rank=2), manifolds.FixedRank(6, 4, rank=2)),
    "Skew": (lambda: geotorch.Skew((4, 4)), manifolds.Skew(4)),
}


def start_of(manifold: manifolds.Manifold) -> torch.Tensor:
    batch = (3,) if len(manifold.size) == 1 else ()
    return manifold.random_point(*batch, generator=torch.Generator().manual_seed(0))


def trained(engine, make, start: torch.Tensor) -> list[torch.Tensor]:
    torch.manual_seed(0)
    layer = nn.Linear(*reversed(start.shape))
    with torch.no_grad():
        layer.weight.copy_(start)
    engine.register_parametrization(layer, "weight", make())
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
    values = [layer.weight.detach().clone()]
    for _ in range(3):
        optimizer.zero_grad()
        layer(torch.ones(2, start.shape[-1])).square().sum().backward()
        optimizer.step()
        values.append(layer.weight.detach().clone())
    layer.weight = start
    return [*values, layer.weight.detach()]


@pytest.mark.parametrize("name", CASES)
def test_a_parametrization_of_geotorch_trains_alike_on_both_engines(name: str):
    make, manifold = CASES[name]
    ours, torchs = (trained(e, make, start_of(manifold)) for e in (our_engine, torch_engine))
    torch.testing.assert_close(ours, torchs)


@pytest.mark.parametrize("name", CASES)
@ENGINES
def test_a_manifold_trains_on_either_engine(engine, name: str):
    manifold = CASES[name][1]
    start = start_of(manifold)
    values = trained(engine, lambda: copy.deepcopy(manifold), start)
    limit = manifold.tolerance(torch.float32)
    assert manifold.violation(torch.stack(values)).max() <= limit
    torch.testing.assert_close(values[-1], start, rtol=0, atol=limit * start.abs().max().item())
