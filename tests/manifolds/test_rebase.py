"""`Rebase` moves base points during training, without drift and without losing the optimizer."""

import copy
import gc

import pytest
import torch
from torch import nn

import manifolds
from manifolds.rebase import _owners

EPS = torch.finfo(torch.float32).eps
OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.02),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.1),
    "Muon": lambda p: torch.optim.Muon(p, lr=0.02),
}
if not hasattr(torch.optim, "Muon"):  # before torch 2.9
    del OPTIMIZERS["Muon"]


def made(**options) -> nn.Linear:
    torch.manual_seed(0)
    return manifolds.constrain(
        nn.Linear(6, 6, bias=False), "weight", manifolds.Orthogonal, **options
    )


def step(layer: nn.Module, optimizer: torch.optim.Optimizer, target: torch.Tensor) -> None:
    optimizer.zero_grad()
    (layer.weight - target).square().sum().backward()
    optimizer.step()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_ten_thousand_steps_do_not_drift(name: str):
    layer = made()
    optimizer = OPTIMIZERS[name](list(layer.parameters()))
    manifolds.Rebase(optimizer, every=7)
    target = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    for _ in range(10_000):
        step(layer, optimizer, target)
    x = layer.weight.detach()
    assert (x.mT @ x - torch.eye(6)).norm() <= 10 * 6**0.5 * EPS


@pytest.mark.parametrize("size", [(6, 6), (130, 130), (140, 130)], ids=str)
@pytest.mark.parametrize("name", ["cayley", "polar", "exponential"])
def test_a_base_that_moves_at_every_step_does_not_drift(name: str, size: tuple[int, int]):
    torch.manual_seed(0)
    layer = nn.Linear(*reversed(size), bias=False)
    manifolds.constrain(layer, "weight", manifolds.Orthogonal, map=name)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    manifolds.Rebase(optimizer)
    for _ in range(200):
        step(layer, optimizer, torch.ones(size))
    x = layer.weight.detach().double()
    assert (x.mT @ x - torch.eye(size[1])).norm() <= 10 * size[1] ** 0.5 * EPS


@pytest.mark.parametrize("name", ["cayley", "polar", "exponential"])
def test_a_moved_base_is_read_as_it_is(name: str):
    layer = made(map=name)
    step(layer, torch.optim.SGD(layer.parameters(), lr=0.1), torch.ones(6, 6))
    manifolds.rebase(layer)
    assert torch.equal(layer.weight, layer.parametrizations.weight[0].base_point)


def test_the_base_moves_on_every_kth_step_only():
    layer = made()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    manifolds.Rebase(optimizer, every=3)
    moved = []
    for _ in range(6):
        step(layer, optimizer, torch.ones(6, 6))
        moved.append(not layer.parametrizations.weight.original.any().item())
    assert moved == [False, False, True, False, False, True]


def test_a_removed_rebase_moves_nothing():
    layer = made()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    manifolds.Rebase(optimizer).remove()
    step(layer, optimizer, torch.ones(6, 6))
    assert layer.parametrizations.weight.original.any()


@pytest.mark.parametrize(("momentum", "kept"), [("keep", True), ("reset", False)])
def test_momentum_is_kept_or_forgotten_as_asked(momentum, kept):
    layer = made()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    manifolds.Rebase(optimizer, momentum=momentum)
    step(layer, optimizer, torch.ones(6, 6))
    assert bool(optimizer.state) is kept


def test_a_deep_copy_is_passed_as_a_module():
    layer = copy.deepcopy(made())
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="nothing constrained"):
        manifolds.Rebase(optimizer)
    manifolds.Rebase(optimizer, layer)
    step(layer, optimizer, torch.ones(6, 6))
    assert not layer.parametrizations.weight.original.any()


@pytest.mark.parametrize("every", [0, -1, 1.0, True], ids=str)
def test_a_wrong_interval_is_refused(every):
    with pytest.raises(ValueError, match="every >= 1"):
        manifolds.Rebase(torch.optim.SGD(made().parameters(), lr=0.1), every=every)


def test_an_optimizer_without_bases_is_refused():
    optimizer = torch.optim.SGD(made(base="fixed").parameters(), lr=0.1)
    with pytest.raises(ValueError, match="nothing constrained"):
        manifolds.Rebase(optimizer)


def test_constrained_modules_are_not_kept_alive():
    gc.collect()
    before = len(_owners)
    layer = made()
    assert len(_owners) == before + 1
    del layer
    gc.collect()
    assert len(_owners) == before


AT_THE_BOUNDARY = [
    (manifolds.AlmostOrthogonal, {"radius": 0.3}, 3 * torch.eye(3)),
    (manifolds.FixedRankPSD, {"rank": 2}, torch.diag(torch.tensor([2.0, 0.0, 0.0]))),
]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("kind", "options", "target"), AT_THE_BOUNDARY, ids=str)
def test_a_base_moves_silently_to_the_boundary_of_an_open_set(kind, options, target, strict):
    torch.manual_seed(0)
    layer = nn.Linear(3, 3, bias=False)
    manifolds.constrain(layer, "weight", kind, strict=strict, **options)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.3)
    manifolds.Rebase(optimizer, every=5)
    for _ in range(200):
        step(layer, optimizer, target)
    before = layer.weight.detach().clone()
    manifolds.rebase(layer)
    assert (layer.weight - before).norm() <= 8 * 3 * EPS * before.norm()


def test_a_base_stays_where_moving_it_would_move_the_value():
    ball = manifolds.Product(manifolds.Orthogonal(1, 1), manifolds.Ball(2))
    layer = nn.Linear(3, 1, bias=False)
    manifolds.constrain(layer, "weight", manifolds.Joined(ball))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.0, momentum=0.9)
    manifolds.Rebase(optimizer, momentum="reset")
    step(layer, optimizer, torch.zeros(1, 3))
    assert not optimizer.state
    with torch.no_grad():
        layer.parametrizations.weight.original1.copy_(torch.tensor([[1e6, 0.0]]))  # ‖x‖ = 1
    before = layer.weight.detach().clone()
    step(layer, optimizer, torch.zeros(1, 3))
    assert torch.equal(layer.weight, before)
    assert optimizer.state


def test_a_model_with_a_scripted_part_is_rebased():
    model = nn.Sequential(nn.Linear(4, 4), torch.jit.script(nn.Linear(4, 4)))
    manifolds.constrain(model[0], "weight", manifolds.Orthogonal)
    manifold = model[0].parametrizations.weight[0]
    with torch.no_grad():
        model[0].parametrizations.weight.original.add_(torch.ones(4, 4).triu())
    before = model[0].weight
    manifolds.rebase(model)
    assert torch.equal(manifold.base_point, model[0].weight)
    torch.testing.assert_close(model[0].weight, before)
