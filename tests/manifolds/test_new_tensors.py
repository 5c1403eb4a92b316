"""Operators return new tensors at every size; torch refuses one that returns its argument."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from manifolds.frames.cayley import quotient
from manifolds.frames.turned import turned
from manifolds.linear_algebra.exponential import exponential, exponential_derivative
from manifolds.linear_algebra.inverse import accretive_inverse
from manifolds.linear_algebra.near_identity import times_near_identity
from manifolds.linear_algebra.orthonormalize import orthonormalize
from manifolds.linear_algebra.polar import polar

OPERATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "inverse": accretive_inverse,
    "exponential": exponential,
    "derivative of the exponential": lambda a: exponential_derivative(a, a),
    "polar factor": polar,
    "polish": orthonormalize,
    "Cayley transform": lambda m: quotient(m, m, m),
    "Cayley transform of square frames": lambda m: turned(m, m),
    "product with the identity": lambda a: times_near_identity(a, torch.zeros_like(a)),
}


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
@pytest.mark.parametrize("n", [0, 1, 2, 8, 9, 17])
@pytest.mark.parametrize("count", [0, 1, 1000])
def test_an_operator_leaves_its_argument_alone(operator, n, count):
    a = torch.eye(n, dtype=torch.float64).repeat(count, 1, 1)
    before = a.clone()
    result = operator(a)
    assert torch.equal(a, before)
    assert not count * n or result.untyped_storage().data_ptr() != a.untyped_storage().data_ptr()
