"""What every manifold gets from the base class: sizes, checks, precision, state."""

import pytest
import torch
from torch import nn

import manifolds
from manifolds import OffManifoldError
from manifolds.catalogue import ENTRIES
from manifolds.interface.size import parse_size

REAL_ENTRY = pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if e.real_form], ids=lambda entry: entry.name
)
ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)


@pytest.mark.parametrize(
    ("axes", "size", "expected"),
    [
        (("n",), (4,), (4,)),
        (("n", "n"), (4,), (4, 4)),
        (("n", "k"), (4,), (4, 4)),
        (("n", "k"), (4, 2), (4, 2)),
        (("n", "k"), ((4, 2),), (4, 2)),
        ((), (), ()),
    ],
    ids=str,
)
def test_sizes_fill_their_axes(axes, size, expected):
    assert parse_size("Set", axes, size) == expected


@pytest.mark.parametrize(
    ("axes", "size", "message"),
    [
        (("n", "k"), (4, 3, 2), r"Set\(n, k\) takes 2 sizes"),
        ((), (4,), r"Set\(\) takes 0 sizes"),
        (("n", "n"), (4, 3), r"square matrices, got \(4, 3\)"),
        (("n",), (-1,), "whole numbers"),
        (("n",), (2.0,), "whole numbers"),
        (("n",), (True,), "whole numbers"),
    ],
    ids=str,
)
def test_wrong_sizes_are_refused_in_the_users_words(axes, size, message):
    with pytest.raises(ValueError, match=message):
        parse_size("Set", axes, size)


def test_a_batch_is_given_as_numbers_or_as_one_tuple():
    manifold = manifolds.Orthogonal(3, 2)
    for one, other in [((4,), ((4,),)), ((2, 4), (torch.Size([2, 4]),)), ((), ((),))]:
        x, y = (
            manifold.random_point(*b, generator=torch.Generator().manual_seed(0))
            for b in (one, other)
        )
        assert torch.equal(x, y)


def test_options_that_are_tensors_are_given_as_lists_too():
    spectrum = manifolds.PrescribedSpectrum(2, 2, spectrum=[2, 1.1])
    assert spectrum.get_buffer("spectrum").tolist() == [2.0, 1.1]
    metric = manifolds.GeneralizedStiefel(2, 2, metric=[[1, 0.1], [0.1, 1]])
    assert metric.get_buffer("metric").tolist() == [[1.0, 0.1], [0.1, 1.0]]
    hermitian = manifolds.GeneralizedStiefel(2, 2, metric=[[2, 0.1j], [-0.1j, 2]])
    assert hermitian.get_buffer("metric")[0, 1].item() == 0.1j


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: manifolds.PrescribedSpectrum(2, 2, spectrum="no"), "spectrum must be a tensor"),
        (lambda: manifolds.GeneralizedStiefel(2, 2, metric=[[1], [2, 3]]), "metric must be a"),
        (lambda: manifolds.Interval(low=0, high=torch.ones(2)), "Interval needs numbers"),
        (lambda: manifolds.Interval(low=None), "Interval needs numbers"),
    ],
    ids=["word", "ragged", "tensor", "none"],
)
def test_options_that_are_no_numbers_are_refused_in_the_users_words(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_assigning_another_dtype_says_to_cast_it():
    layer = nn.Linear(2, 2, bias=False, dtype=torch.float64)
    manifolds.constrain(layer, "weight", manifolds.Orthogonal)
    with pytest.raises(ValueError, match=r"cast it with \.to\(dtype\)"):
        layer.weight = torch.eye(2)


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_sparse_gradients_are_refused_at_once(kind):
    with pytest.raises(ValueError, match="sparse=False"):
        manifolds.constrain(kind(5, 3, sparse=True), "weight", manifolds.Ball)


@pytest.mark.parametrize("rank", [0, 4, 1.0, True], ids=str)
@pytest.mark.parametrize("kind", [manifolds.LowRank, manifolds.FixedRank])
def test_a_rank_outside_the_sizes_is_refused(kind, rank):
    with pytest.raises(ValueError, match="rank from 1 to 3"):
        kind(5, 3, rank=rank)


@pytest.mark.parametrize("kind", [manifolds.Sphere, manifolds.Oblique])
def test_a_sphere_in_no_dimension_is_refused(kind):
    with pytest.raises(ValueError, match="n >= 1"):
        kind(*(0,) * len(kind.axes))


@pytest.mark.parametrize(
    ("manifold", "alternative"),
    [
        (manifolds.PositiveDefinite(3, strict=True), "PositiveSemidefinite"),
        (manifolds.FixedRank(3, 3, rank=2, strict=True), "LowRank"),
    ],
    ids=["PositiveDefinite", "FixedRank"],
)
def test_the_boundary_of_an_open_set_names_the_closed_one(manifold, alternative):
    with pytest.raises(OffManifoldError, match=f"is open and lacks .*; {alternative} has them"):
        manifold.right_inverse(torch.diag(torch.tensor([1.0, 0.0, 0.0])))


def test_only_the_elements_off_the_manifold_are_projected():
    sphere = manifolds.Sphere(3)
    good, bad = torch.tensor([0.6, 0.8, 0.0]), torch.tensor([3.0, 0.0, 0.0])
    x = sphere(sphere.right_inverse(torch.stack([good, bad])))
    torch.testing.assert_close(x, torch.stack([good, bad / 3]))


def test_a_complex_tensor_needs_a_complex_form():
    with pytest.raises(TypeError, match=r"a real .* got torch.complex64"):
        manifolds.Orthogonal(2, 2).right_inverse(torch.eye(2, dtype=torch.complex64))


@REAL_ENTRY
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_sixteen_bits_are_computed_in_thirty_two(entry, dtype: torch.dtype):
    manifold = next(entry.cases())()
    x = manifold.random_point(2, generator=torch.Generator().manual_seed(0), dtype=dtype)
    parameters = manifold.right_inverse(x)
    parameters = parameters if isinstance(parameters, tuple) else (parameters,)
    y = manifold(*parameters)
    assert {y.dtype, *(p.dtype for p in parameters)} == {dtype}
    error = (y.float() - x.float()).abs().max() / x.float().abs().max()
    assert error <= 2 * manifold.tolerance(dtype)


@ENTRY
def test_autocast_changes_nothing(entry):
    manifold = next(entry.cases())()
    x = manifold.random_point(2, generator=torch.Generator().manual_seed(0))
    parameters = manifold.right_inverse(x)
    parameters = parameters if isinstance(parameters, tuple) else (parameters,)
    plain = manifold(*parameters)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(manifold(*parameters), plain)


@ENTRY
def test_a_trained_batch_loads_into_a_fresh_module(entry):
    def made(point: torch.Tensor) -> nn.Module:
        module = nn.Module()
        module.x = nn.Parameter(point)
        return manifolds.constrain(module, "x", next(entry.cases())())

    def points(seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return next(entry.cases())().random_point(2, 3, generator=generator)

    trained, fresh = made(points(0)), made(points(1))
    fresh.load_state_dict(trained.state_dict(), strict=True)
    assert torch.equal(fresh.x, trained.x)


@ENTRY
def test_a_random_point_is_its_generators(entry):
    manifold = next(entry.cases())()
    first, second = (
        manifold.random_point(4, generator=torch.Generator().manual_seed(9)) for _ in range(2)
    )
    assert torch.equal(first, second)


def test_a_default_dtype_of_sixteen_bits_does_not_matter():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16)
    try:
        manifold = manifolds.Orthogonal(3, 2, map="householder")
    finally:
        torch.set_default_dtype(before)
    assert manifold(torch.zeros(3, 2)).dtype == torch.float32
