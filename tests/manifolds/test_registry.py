"""Operators called directly, and those who have to see them."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode

from manifolds.catalogue import ENTRIES
from manifolds.linear_algebra import registry
from manifolds.linear_algebra.exponential import expm1
from manifolds.linear_algebra.many import MANY
from manifolds.linear_algebra.registry import LIBRARY, has_to_be_seen
from manifolds.linear_algebra.turned import turned

A = torch.eye(2)


class Subclass(Tensor):
    """With the torch functions of its own that a subclass may have."""


class Watching(TorchDispatchMode):
    """Keeps the arguments and the values of our operators, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, Any, Any]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        value = function(*args, **(kwargs or {}))
        if function.namespace == LIBRARY.ns:
            self.seen.append((function.overloadpacket.__name__, args, value))
        return value


@pytest.mark.parametrize(
    "a",
    [A, nn.Parameter(A), A.mT, A[:1], A.clone().requires_grad_(), A + 0j],
    ids=["matrix", "parameter", "transpose", "view", "recorded", "complex"],
)
@pytest.mark.parametrize("context", [nullcontext, torch.no_grad, torch.inference_mode])
def test_an_ordinary_tensor_is_given_to_the_body(a: Tensor, context):
    with context():
        assert not has_to_be_seen((a, a.clone(), True))


@pytest.mark.parametrize(
    "a",
    [
        (A + 0j).conj(),
        (A + 1j).conj().imag,
        A.to("meta"),
        A.as_subclass(Subclass),
        FakeTensorMode().from_tensor(A),
        torch._to_functional_tensor(A),
        A.to_sparse(),
    ],
    ids=["conjugate", "negative", "meta", "subclass", "fake", "functional", "sparse"],
)
def test_another_tensor_is_given_to_the_operator(a: Tensor):
    assert has_to_be_seen((A, a))


@pytest.mark.parametrize(
    "context", [FakeTensorMode, Watching, lambda: torch.device("cpu"), profile]
)
def test_a_mode_sees_the_operator(context):
    with context():
        assert has_to_be_seen((A,))


TRANSFORMS = {
    "grad": torch.func.grad,
    "vmap": torch.vmap,
    "functionalize": torch.func.functionalize,
    "vmap of batched gradients": torch._vmap_internals._vmap,
    "trace": lambda function: lambda a: torch.jit.trace(function, a, check_trace=False),
}


@pytest.mark.filterwarnings("ignore:Please use torch.vmap")
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_transform_sees_the_operator(transform: Callable):
    found = []

    def function(a: Tensor) -> Tensor:
        found.append(has_to_be_seen((a,)))
        return a.sum()

    transform(function)(A)
    assert found == [True]


def test_a_mode_sees_the_operator_of_a_map():
    with Watching() as mode:
        turned(A, A)
    assert [name for name, *_ in mode.seen] == ["turned"]


@pytest.mark.parametrize("map_", [lambda p: turned(A, p), expm1], ids=["cayley", "exponential"])
def test_a_map_and_its_derivative_call_bodies(map_, monkeypatch):
    seen = []

    def noted(arguments):
        seen.append(has_to_be_seen(arguments))
        return seen[-1]

    monkeypatch.setattr(registry, "has_to_be_seen", noted)
    p = (A - 2 * A.flip(0)).requires_grad_()
    map_(p).sum().backward()
    assert seen == [False, False]


CASES = {f"{c.entry.name} {c.size} {c.choices}": c for e in ENTRIES for c in e.cases()}


@pytest.mark.parametrize("batch", [3, MANY])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_operator_returns_memory_of_its_own(case, batch: int):
    manifold = case()
    dtype = torch.float64 if manifold.real_form else torch.complex128
    generator = torch.Generator().manual_seed(0)
    found = manifold.right_inverse(manifold.random_point(batch, dtype=dtype, generator=generator))
    for size in (0, 0.1):
        parameters = [
            torch.add(
                p, torch.randn(p.shape, dtype=p.dtype, generator=generator), alpha=size
            ).requires_grad_()
            for p in ((found,) if isinstance(found, Tensor) else found)
        ]
        with Watching() as mode:
            x = manifold(*parameters)
            torch.autograd.grad((x * x.conj()).real.sum(), parameters)
        for name, arguments, value in mode.seen:
            values = (value,) if isinstance(value, Tensor) else value
            values = [v for v in values if v.numel()]
            memory = [v.untyped_storage().data_ptr() for v in values]
            given = {a.untyped_storage().data_ptr() for a in arguments if isinstance(a, Tensor)}
            assert len({*memory} - given) == len(values), name
            assert not any(v._is_view() for v in values), name
