"""Whatever finite weight a layer has, `constrain` finds a point from which one can train."""

import pytest
import torch
from torch import nn

import manifolds
from manifolds import OffManifoldError

OPEN = {
    manifolds.PositiveDefinite: {},
    manifolds.Spectrahedron: {},
    manifolds.UnitDeterminantPD: {},
    manifolds.Correlation: {},
    manifolds.SpectralBall: {},
    manifolds.AlmostOrthogonal: {"radius": 0.5},
    manifolds.Ball: {},
    manifolds.PoincareBall: {},
}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("kind", OPEN, ids=lambda kind: kind.__name__)
def test_an_ordinary_weight_of_sixteen_bits_is_projected(kind, dtype: torch.dtype):
    torch.manual_seed(0)
    wide = nn.Linear(16, 16)
    nn.init.normal_(wide.weight)
    manifolds.constrain(wide.to(dtype), "weight", kind, **OPEN[kind])
    manifold = wide.parametrizations.weight[0]
    assert wide.weight.isfinite().all()
    assert (manifold.violation(wide.weight) <= manifold.tolerance(dtype)).all()


@pytest.mark.parametrize("scale", [1e-30, 1e20, 1e30])
@pytest.mark.parametrize(
    "kind", [manifolds.Orthogonal, manifolds.SpecialOrthogonal, manifolds.Sphere]
)
def test_a_weight_of_any_magnitude_is_projected_and_in_strict_mode_refused(kind, scale: float):
    torch.manual_seed(0)
    x = scale * torch.randn(4, 4)
    manifold = kind.for_shape((4, 4))
    assert (
        manifold.violation(manifold(manifold.right_inverse(x))) <= manifold.tolerance(torch.float32)
    ).all()
    with pytest.raises(OffManifoldError):
        kind.for_shape((4, 4), strict=True).right_inverse(x)


def test_a_ball_trains_from_an_ordinary_weight():
    torch.manual_seed(0)
    layer = nn.Linear(6, 4)
    nn.init.normal_(layer.weight)
    manifolds.constrain(layer, "weight", manifolds.PoincareBall)
    optimizer = torch.optim.Adam(layer.parameters(), lr=1.0)
    for _ in range(300):
        optimizer.zero_grad()
        layer.weight.square().sum().backward()
        optimizer.step()
    assert layer.weight.norm() < 0.5
