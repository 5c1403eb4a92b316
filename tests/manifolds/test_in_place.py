"""A point that is changed in place: the derivative of what was done, or autograd's complaint."""

import pytest
import torch
from torch import Tensor

from manifolds.catalogue import ENTRIES
from manifolds.linear_algebra.many import MANY

CASES = {f"{c.entry.name} {c.size} {c.choices}": c for e in ENTRIES for c in e.cases()}


@pytest.mark.parametrize("batch", [3, MANY])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_point_doubled_in_place_has_the_gradient_of_its_double(case, batch: int):
    manifold = case()
    dtype = torch.float64 if manifold.real_form else torch.complex128
    generator = torch.Generator().manual_seed(0)
    found = manifold.right_inverse(manifold.random_point(batch, dtype=dtype, generator=generator))
    parameters = [
        torch.add(
            p, torch.randn(p.shape, dtype=p.dtype, generator=generator), alpha=0.1
        ).requires_grad_()
        for p in ((found,) if isinstance(found, Tensor) else found)
    ]

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
