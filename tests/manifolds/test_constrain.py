"""`constrain` puts a manifold on a tensor; `rebase` moves its base point."""

import copy

import pytest
import torch
from torch import nn

import manifolds
from manifolds import OffManifoldError, OffManifoldWarning

EPS = torch.finfo(torch.float32).eps


def orthogonality(weight: torch.Tensor) -> float:
    tall = weight if weight.shape[-2] >= weight.shape[-1] else weight.mT
    return (tall.mT @ tall - torch.eye(tall.shape[-1])).norm().item()


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(6, 4)


def test_a_class_reads_its_size_off_the_tensor(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    assert layer.parametrizations.weight[0].size == (4, 6)


def test_the_module_is_returned(layer: nn.Linear):
    assert manifolds.constrain(layer, "weight", manifolds.Orthogonal) is layer


def test_a_weight_off_the_manifold_is_projected_to_the_nearest_point(layer: nn.Linear):
    u, _, vh = torch.linalg.svd(layer.weight.detach(), full_matrices=False)
    manifolds.constrain(layer, "weight", manifolds.Orthogonal, strict=True)
    torch.testing.assert_close(layer.weight, u @ vh)


def test_a_weight_on_the_manifold_is_kept(layer: nn.Linear):
    point = manifolds.Orthogonal(4, 6).random_point(generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        layer.weight.copy_(point)
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    torch.testing.assert_close(layer.weight.detach(), point, rtol=0, atol=4 * EPS)


def test_an_assigned_point_comes_back(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    point = manifolds.Orthogonal(4, 6).random_point(generator=torch.Generator().manual_seed(2))
    layer.weight = point
    torch.testing.assert_close(layer.weight.detach(), point, rtol=0, atol=4 * EPS)


def test_an_assigned_point_off_the_manifold_is_projected_with_a_warning(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    with pytest.warns(OffManifoldWarning, match="Orthogonal") as record:
        layer.weight = torch.ones(4, 6)
    assert record[0].filename == __file__
    assert orthogonality(layer.weight) < 10 * 2 * EPS


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (torch.ones(4, 6), OffManifoldError),
        (torch.full((4, 6), torch.nan), ValueError),
        (torch.full((4, 6), torch.inf), ValueError),
        (torch.eye(6), ValueError),
        (torch.eye(4, 6, dtype=torch.float64), ValueError),
        (torch.eye(4, 6, dtype=torch.int64), ValueError),
    ],
    ids=["off", "nan", "inf", "shape", "dtype", "integers"],
)
def test_a_refused_assignment_changes_nothing(layer: nn.Linear, value, error):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal, strict=True)
    before = copy.deepcopy(layer.state_dict())
    with pytest.raises(error):
        layer.weight = value
    after = layer.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_error_names_manifold_violation_and_tolerance_without_the_tensor(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal, strict=True)
    with pytest.raises(OffManifoldError) as caught:
        layer.weight = torch.full((4, 6), 3.25)
    message = str(caught.value)
    assert "Orthogonal(4, 6" in message
    assert "<=" in message
    assert "3.25" not in message


def test_a_random_start_is_reproduced_by_its_generator():
    starts = []
    for _ in range(2):
        made = nn.Linear(3, 3)
        generator = torch.Generator().manual_seed(3)
        manifolds.constrain(
            made, "weight", manifolds.SpecialOrthogonal, init="random", generator=generator
        )
        starts.append(made.weight.detach())
    assert torch.equal(*starts)


@pytest.mark.parametrize("init", ["keep", "random"])
def test_a_failed_constrain_leaves_the_layer_alone(layer: nn.Linear, init: str):
    before = layer.weight.detach().clone()
    with pytest.raises(ValueError, match="square"):
        manifolds.constrain(layer, "weight", manifolds.SpecialOrthogonal, init=init)
    assert torch.equal(layer.weight, before)
    assert type(layer) is nn.Linear


def test_a_weight_with_nan_is_refused_before_anything_changes(layer: nn.Linear):
    with torch.no_grad():
        layer.weight[0, 0] = torch.nan
    with pytest.raises(ValueError, match="finite"):
        manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    assert type(layer) is nn.Linear


def test_an_unknown_tensor_is_named(layer: nn.Linear):
    with pytest.raises(ValueError, match="'wieght'"):
        manifolds.constrain(layer, "wieght", manifolds.Orthogonal)


def test_options_of_an_instance_belong_to_its_class(layer: nn.Linear):
    with pytest.raises(TypeError, match="map"):
        manifolds.constrain(layer, "weight", manifolds.Orthogonal(4, 6), map="polar")


def test_a_kernel_is_constrained_as_a_matrix():
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 5, 2)
    manifolds.constrain(conv, "weight", manifolds.Orthogonal, flatten=True)
    assert conv.weight.shape == (5, 3, 2, 2)
    assert orthogonality(conv.weight.flatten(1)) < 10 * 5**0.5 * EPS


def test_leading_dimensions_are_batch():
    torch.manual_seed(0)
    module = nn.Module()
    module.kernel = nn.Parameter(torch.randn(2, 3, 5, 4))
    manifolds.constrain(module, "kernel", manifolds.Orthogonal)
    assert manifolds.Orthogonal(5, 4).violation(module.kernel).shape == (2, 3)
    assert manifolds.Orthogonal(5, 4).violation(module.kernel).max() < 10 * EPS


def test_the_parameter_of_the_optimizer_stays_through_assignment(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    held = layer.parametrizations.weight.original
    layer.weight = manifolds.Orthogonal(4, 6).random_point(
        generator=torch.Generator().manual_seed(0)
    )
    assert layer.parametrizations.weight.original is held


def train(layer: nn.Linear, steps: int) -> None:
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    inputs = torch.randn(8, 6, generator=torch.Generator().manual_seed(5))
    for _ in range(steps):
        optimizer.zero_grad()
        layer(inputs).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize(
    "kind",
    [manifolds.Orthogonal, manifolds.Oblique, manifolds.Sphere],
    ids=lambda kind: kind.__name__,
)
def test_rebase_keeps_the_value_and_zeroes_the_parameters(layer: nn.Linear, kind):
    manifolds.constrain(layer, "weight", kind)
    train(layer, 5)
    before = layer.weight.detach().clone()
    manifolds.rebase(layer)
    torch.testing.assert_close(layer.weight.detach(), before, rtol=0, atol=4 * EPS)
    assert not layer.parametrizations.weight.original.any()


def test_rebase_without_a_base_point_says_so(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal, base="fixed")
    with pytest.raises(ValueError, match="assigned"):
        manifolds.rebase(layer)


def test_an_instance_is_copied_so_that_two_layers_do_not_share_a_base():
    torch.manual_seed(0)
    shared = manifolds.Orthogonal(4, 4)
    first = manifolds.constrain(nn.Linear(4, 4), "weight", shared)
    before = first.weight.detach().clone()
    manifolds.constrain(nn.Linear(4, 4), "weight", shared)
    assert torch.equal(first.weight, before)


def test_a_second_constraint_on_a_tensor_is_refused(layer: nn.Linear):
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    with pytest.raises(ValueError, match="constrained already"):
        manifolds.constrain(layer, "weight", manifolds.Oblique)


@pytest.mark.parametrize("what", ["orthogonal", nn.Linear, manifolds.Product, None], ids=str)
def test_what_is_no_manifold_is_refused_by_name(layer: nn.Linear, what):
    with pytest.raises(TypeError, match="constrain needs a Manifold"):
        manifolds.constrain(layer, "weight", what)


def test_a_tensor_on_the_meta_device_is_refused():
    with pytest.raises(ValueError, match="materialize"):
        manifolds.constrain(nn.Linear(3, 3, device="meta"), "weight", manifolds.Orthogonal)


def test_an_instance_of_another_size_is_refused_before_anything_is_drawn(layer: nn.Linear):
    with pytest.raises(ValueError, match=r"needs shape \(\*batch, 7\)"):
        manifolds.constrain(layer, "weight", manifolds.Sphere(7), init="random")
