"""The operators that a compiler does not look into, and their Python functions.

Registered with torch.library.Library: the wrappers that torch.library.custom_op puts around every
call take 10 µs more (measured), and a step makes several.

Note [Lazy conjugates]
torch keeps the conjugation of `.mH` as a flag and lets the dispatch key Conjugate carry it out
before an operator that does not know it. A graph of torch.compile runs, like everything below a
dispatch mode, with that key excluded: `a - a.mH` is then a - aᵀ wherever the flag was not copied
away (a contiguous 1×1 matrix, many small ones), without an error (torch 2.13). So a body runs with
the keys of both flags, Negative is that of `.imag` of a conjugate, and its values have no flag.

Note [Called directly]
The dispatcher takes 12 to 32 µs to call a Python function (measured), and a step calls some. Where
nobody has to see the operator, no compiler, transform, mode, profiler or tensor of another kind, we
call its body, below autograd as the dispatcher does it.

Note [No views]
Below ADInplaceOrView too a tensor is just a tensor: nothing that a body returns counts as a view of
what it has computed on the way, so that what a custom Function returns may be changed in place. Nor
does anything notice memory that two tensors share, so that a body has to return memory of its own,
and of each value another.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from manifolds.operators.differentiable import batched, transformed

Argument = Tensor | bool | float | None
LIBRARY = torch.library.Library("manifolds", "FRAGMENT")
BODIES: dict[str, Callable[..., Any]] = {}
"""The Python function of each operator, by its full name."""
KEYS: Any = torch._C.DispatchKey  # type: ignore[attr-defined]
CONJUGATE, NEGATIVE, VIEWS = KEYS.Conjugate, KEYS.Negative, KEYS.ADInplaceOrView
GUARD: Any = torch._C._SetExcludeDispatchKeyGuard  # type: ignore[attr-defined]
EXCLUDED, INCLUDED = True, False
"""What a guard does with a key."""
BELOW_AUTOGRAD: Any = torch._C._AutoDispatchBelowAutograd  # type: ignore[attr-defined]
keys_of: Any = torch._C._dispatch_keys  # type: ignore[attr-defined]
KINDS = frozenset({Tensor, torch.nn.Parameter})
"""Not those with torch functions of their own."""
CHOICES = frozenset({bool, float, type(None)})
"""Arguments of an operator that are no tensors."""


def ordinary_keys(backend: str) -> tuple[int, int]:
    """The dispatch keys of a tensor that is nothing but numbers, and of one for inference."""
    inference = torch._C.DispatchKeySet(getattr(KEYS, backend))  # type: ignore[attr-defined]
    inference = inference.add(getattr(KEYS, f"Autocast{backend}"))
    recorded = inference.add(VIEWS).add(getattr(KEYS, f"Autograd{backend}"))
    return inference.raw_repr(), recorded.raw_repr()


ORDINARY = frozenset({*ordinary_keys("CPU"), *ordinary_keys("CUDA")})
"""Tensors with these have no flag, are no batch of a vmap and have no dispatch of their own."""


def resolved(value: Any) -> Any:
    """A tensor, or each of several, without flags."""
    if isinstance(value, Tensor):
        return value.resolve_conj().resolve_neg()
    return tuple(resolved(v) for v in value)


def alike(body: Callable[..., Any]) -> Callable[..., Any]:
    """The body, doing the same wherever it runs; Notes [Lazy conjugates] and [No views]."""

    @functools.wraps(body)
    def within(*arguments: Argument) -> Any:
        if not torch._C._dispatch_tls_is_dispatch_key_excluded(CONJUGATE):
            with GUARD(VIEWS, EXCLUDED):
                return body(*arguments)
        conjugate, negative = GUARD(CONJUGATE, INCLUDED), GUARD(NEGATIVE, INCLUDED)
        with GUARD(VIEWS, EXCLUDED), conjugate, negative:
            return resolved(body(*arguments))

    return within


def is_ordinary(argument: Any) -> bool:
    """Whether it is a choice, or a tensor that is nothing but numbers."""
    kind = type(argument)
    return kind in CHOICES or (kind in KINDS and keys_of(argument).raw_repr() in ORDINARY)


def has_to_be_seen(arguments: tuple[Argument, ...]) -> bool:
    """Whether anyone looks at operators or is to prepare their tensors; Note [Called directly].

    A default device, as `torch.device("meta")`, is a function mode.
    """
    return (
        torch.compiler.is_compiling()
        or transformed()
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._len_torch_function_stack() > 0
        or torch._C._get_tracing_state() is not None
        or torch.autograd._profiler_enabled()
        or not all(map(is_ordinary, arguments))
    )


LOST = (
    "inside torch.compile and torch.func.grad the derivative of a map is traced without what it "
    "depends on, and a derivative of it would be zero: compute the manifold's point outside of "
    "torch.func.grad, or do not compile"
)


def refusing(operator: Callable[..., Any]) -> Callable[..., Any]:
    """The operator for the dispatch key Autograd: a custom Function is above it, or nothing."""

    def call(*arguments: Argument) -> Any:
        tensors = [a for a in arguments if isinstance(a, Tensor)]
        if torch.is_grad_enabled() and any(a.requires_grad for a in tensors):
            raise NotImplementedError(LOST)
        with BELOW_AUTOGRAD():
            return operator(*arguments)

    return call


def register(name: str, body: Callable[..., Any], shaped: Callable[..., Any]) -> Callable[..., Any]:
    """A call of the operator `name`: `body` of tensors and choices, `shaped` without numbers."""
    full = f"{LIBRARY.ns}::{name}"
    body = alike(body)
    schema = torch.library.infer_schema(body, mutates_args=())
    LIBRARY.define(name + schema, tags=(torch.Tag.pt2_compliant_tag,))
    LIBRARY.impl(name, body, "CompositeExplicitAutograd")
    torch.library.register_fake(full, shaped, lib=LIBRARY)
    BODIES[full] = body
    operator = getattr(torch.ops.manifolds, name).default
    LIBRARY.impl(name, refusing(operator), "Autograd")
    torch.library.register_vmap(full, batched(operator), lib=LIBRARY)

    @functools.wraps(body)
    def call(*arguments: Argument) -> Any:
        if has_to_be_seen(arguments):
            return operator(*arguments)
        with BELOW_AUTOGRAD():
            return body(*arguments)

    return call
