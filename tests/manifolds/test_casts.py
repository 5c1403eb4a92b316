"""A module that is cast and cast back: the set stays the same, points come back to rounding."""

import copy

import pytest
import torch
from torch import nn

import manifolds
import parametrize

METRIC = torch.tensor([[2.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 0.7]], dtype=torch.float64)
SPECTRUM = torch.tensor([3.0, 0.1], dtype=torch.float64).sqrt()
CONSTANT = [
    (manifolds.GeneralizedStiefel, {"metric": METRIC}, {"metric", "factor"}),
    (manifolds.PrescribedSpectrum, {"spectrum": SPECTRUM}, {"spectrum"}),
]
SHORT = [torch.float32, torch.bfloat16, torch.float16]


def made(kind, **options) -> nn.Linear:
    torch.manual_seed(0)
    columns = 2 if kind.axes == ("n", "k") else 3
    layer = nn.Linear(columns, 3, bias=False, dtype=torch.float64)
    return manifolds.constrain(layer, "weight", kind, **options)


def constants(layer: nn.Module, names: set[str]) -> dict[str, torch.Tensor]:
    return {n: b for n, b in layer.named_buffers() if n.split(".")[-1] in names}


@pytest.mark.parametrize("short", SHORT, ids=str)
@pytest.mark.parametrize(("kind", "options", "names"), CONSTANT)
def test_constants_of_a_set_survive_casts(kind, options, names, short):
    layer = made(kind, **options)
    before = constants(layer, names)
    assert len(before) == len(names)
    layer.to(short)
    assert layer.weight.dtype == short
    layer.double()
    after = constants(layer, names)
    assert all(torch.equal(after[n], before[n]) for n in before)
    fresh = kind(3, 2, **options)
    assert fresh.violation(layer.weight) <= fresh.tolerance(torch.float64)


@pytest.mark.parametrize(("kind", "options", "names"), CONSTANT)
def test_a_cast_module_is_copied_saved_and_moved(kind, options, names, tmp_path):
    layer = made(kind, **options).float()
    parametrize.save_module(layer, tmp_path / "layer.pt")
    loaded = parametrize.load_module(tmp_path / "layer.pt")
    other = made(kind, **options).float()
    other.load_state_dict(layer.state_dict())
    for found in (copy.deepcopy(layer), loaded, other):
        assert torch.equal(found.weight, layer.weight)
        assert all(b.dtype == torch.float64 for b in constants(found, names).values())
    assert all(b.is_meta for b in constants(layer.to("meta"), names).values())
    empty = layer.to_empty(device="cpu")
    assert {b.dtype for b in constants(empty, names).values()} == {torch.float64}


@pytest.mark.parametrize("long", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("short", SHORT, ids=str)
@pytest.mark.parametrize(
    "make",
    [
        lambda: manifolds.Symplectic(4),
        lambda: manifolds.SymplecticStiefel(4, 2),
        lambda: manifolds.SpecialLinear(4),
    ],
    ids=["Symplectic", "SymplecticStiefel", "SpecialLinear"],
)
def test_a_base_cast_to_a_longer_dtype_is_polished_to_its_rounding(make, short, long):
    for seed in range(10):
        manifold = make()
        x = manifold.random_point(generator=torch.Generator().manual_seed(seed), dtype=long)
        p = manifold.right_inverse(x)
        y = manifold.to(short).to(long)(p)
        assert manifold.violation(y) <= manifold.tolerance(long)
