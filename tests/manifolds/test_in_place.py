"""Points changed in place have the derivative of that, and operators return memory of their own."""

import pytest
import torch
from torch import Tensor
from watching import Watching

from manifolds.catalogue import ENTRIES
from manifolds.linear_algebra.many import MANY

CASES = {f"{c.entry.name} {c.size} {c.choices}": c for e in ENTRIES for c in e.cases()}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
every_batch = pytest.mark.parametrize("batch", [3, MANY])


def assigned(case, batch: int, distance: float):
    """Return a manifold at random points, and parameters at a distance from those of the points."""
    manifold = case()
    dtype = torch.float64 if manifold.real_form else torch.complex128
    generator = torch.Generator().manual_seed(0)
    found = manifold.right_inverse(manifold.random_point(batch, dtype=dtype, generator=generator))
    found = (found,) if isinstance(found, Tensor) else found
    noise = (torch.randn(p.shape, dtype=p.dtype, generator=generator) for p in found)
    moved = (torch.add(p, n, alpha=distance) for p, n in zip(found, noise, strict=True))
    return manifold, [p.requires_grad_() for p in moved]


@every_batch
@every_case
def test_a_point_doubled_in_place_has_the_gradient_of_its_double(case, batch: int):
    manifold, parameters = assigned(case, batch, 0.1)

    def gradients(double):
        x = double(manifold(*parameters))
        return torch.autograd.grad((x * x.conj()).real.sum(), parameters)

    expected = gradients(lambda x: 2 * x)
    try:
        found = gradients(lambda x: x.mul_(2))
    except RuntimeError as error:  # the derivative needs the point, and autograd has noticed
        assert "has been modified by an inplace operation" in str(error)  # noqa: PT017
    else:
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("distance", [0, 0.1])
@every_batch
@every_case
def test_an_operator_returns_memory_of_its_own_as_it_says(case, batch: int, distance: float):
    manifold, parameters = assigned(case, batch, distance)
    with Watching() as mode:
        x = manifold(*parameters)
        torch.autograd.grad((x * x.conj()).real.sum(), parameters)
    for name, arguments, value in mode.seen:
        values = [v for v in ((value,) if isinstance(value, Tensor) else value) if v.numel()]
        memory = {v.untyped_storage().data_ptr() for v in values}
        given = {a.untyped_storage().data_ptr() for a in arguments if isinstance(a, Tensor)}
        assert len(memory - given) == len(values), name
        assert not any(v._is_view() for v in values), name
        operator = getattr(torch.ops.manifolds, name).default
        with torch.no_grad():  # below a custom Function, as it is called
            torch.library.opcheck(operator, arguments, test_utils="test_faketensor")
