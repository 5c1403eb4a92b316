"""Training keeps the constraint, and gets away from the points where other charts are stuck."""

import pytest
import torch
from torch import Tensor, nn

import manifolds
from manifolds.maps import MAPS

EPS = torch.finfo(torch.float32).eps
CHARTS = [
    pytest.param(name, base, id=f"{name}-{base}")
    for name, map_ in MAPS.items()
    for base in ("assigned", "fixed")
    if base == "assigned" or map_.fixed
]


def holder(x: Tensor) -> nn.Module:
    module = nn.Module()
    module.x = nn.Parameter(x.clone())
    return module


@pytest.mark.parametrize("steps", [20, 200])
@pytest.mark.parametrize("size", [(16, 16), (24, 6), (6, 24)], ids=str)
@pytest.mark.parametrize(("map_", "base"), CHARTS)
def test_adamw_with_weight_decay_leaves_frames_at_rounding(map_, base, size, steps):
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(size, generator=generator)
    module = holder(torch.randn(size, generator=generator))
    manifolds.constrain(module, "x", manifolds.Orthogonal, map=map_, base=base)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        (module.x - target).square().sum().backward()
        optimizer.step()
    tall = module.x.detach() if size[0] >= size[1] else module.x.detach().mT
    error = (tall.mT @ tall - torch.eye(min(size))).norm()
    assert error <= 10 * min(size) ** 0.5 * EPS


def descend(module: nn.Module, target: Tensor, steps: int) -> float:
    optimizer = torch.optim.LBFGS(
        module.parameters(),
        max_iter=steps,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (module.x - target).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return (module.x.detach() - target).norm().item()


@pytest.mark.parametrize(
    "target",
    [[[1.0, 0.5], [0.5, 1.0]], [[2.0, -0.7], [-0.7, 0.4]]],
    ids=["equal diagonal", "generic"],
)
def test_descent_from_the_identity_reaches_a_definite_target(target):
    target = torch.tensor(target, dtype=torch.float64)
    module = holder(torch.eye(2, dtype=torch.float64))
    manifolds.constrain(module, "x", manifolds.PositiveDefinite)
    # half of the digits: the loss is the square of the distance
    assert descend(module, target, 100) <= torch.finfo(torch.float64).eps ** 0.5


def test_plain_gradient_descent_from_the_identity_moves_off_the_diagonal():
    target = torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    module = holder(torch.eye(2))
    manifolds.constrain(module, "x", manifolds.PositiveDefinite)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        (module.x - target).square().sum().backward()
        optimizer.step()
    torch.testing.assert_close(module.x.detach(), target)


def test_descent_from_zero_reaches_a_target_of_low_rank():
    generator = torch.Generator().manual_seed(0)
    factors = [torch.randn(n, 2, generator=generator, dtype=torch.float64) for n in (5, 4)]
    target = factors[0] @ factors[1].mT
    module = holder(torch.zeros(5, 4, dtype=torch.float64))
    manifolds.constrain(module, "x", manifolds.LowRank, rank=2)
    assert descend(module, target, 200) <= torch.finfo(torch.float64).eps ** 0.5 * target.norm()


@pytest.mark.parametrize("map_", MAPS)
def test_rebasing_at_every_step_does_not_drift(map_: str):
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(12, 5, generator=generator)
    module = holder(torch.eye(12, 5))
    manifolds.constrain(module, "x", manifolds.Orthogonal, map=map_)
    # below 2/L for the map that moves farthest at its base, Householder's by four times the step
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    for _ in range(500):
        optimizer.zero_grad()
        (module.x - target).square().sum().backward()
        optimizer.step()
        manifolds.rebase(module)
    x = module.x.detach()
    u, _, vh = torch.linalg.svd(target, full_matrices=False)
    assert (x.mT @ x - torch.eye(5)).norm() <= 10 * 5**0.5 * EPS
    # half of the digits: the loss is quadratic about the nearest frame to the target
    torch.testing.assert_close(x, u @ vh, rtol=0, atol=3 * EPS**0.5)
