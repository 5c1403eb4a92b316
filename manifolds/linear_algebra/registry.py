"""The operators that a compiler does not look into, and their Python functions.

Registered with torch.library.Library: the wrappers that torch.library.custom_op puts around every
call take 10 µs more (measured), and a step makes several.

Note [Lazy conjugates]
torch keeps the conjugation of `.mH` as a flag and lets the dispatch key Conjugate carry it out
before an operator that does not know it. A graph of torch.compile runs, like everything below a
dispatch mode, with that key excluded: `a - a.mH` is then a - aᵀ wherever the flag was not copied
away (a contiguous 1×1 matrix, many small ones), without an error (torch 2.13). So a body runs with
the keys of both flags, Negative is that of `.imag` of a conjugate, and its values have no flag.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

LIBRARY = torch.library.Library("manifolds", "FRAGMENT")
BODIES: dict[str, Callable[..., Any]] = {}
"""The Python function of each operator, by its full name."""
CONJUGATE, NEGATIVE = torch._C.DispatchKey.Conjugate, torch._C.DispatchKey.Negative  # type: ignore[attr-defined]


def resolved(value: Any) -> Any:
    """A tensor, or each of several, without flags."""
    if isinstance(value, Tensor):
        return value.resolve_conj().resolve_neg()
    return tuple(resolved(v) for v in value)


def with_flags(body: Callable[..., Any]) -> Callable[..., Any]:
    """The body with its lazy conjugates carried out, wherever it runs; Note [Lazy conjugates]."""

    @functools.wraps(body)
    def within(*tensors: Tensor) -> Any:
        if not torch._C._dispatch_tls_is_dispatch_key_excluded(CONJUGATE):
            return body(*tensors)
        guard, excluded = torch._C._SetExcludeDispatchKeyGuard, False  # type: ignore[attr-defined]
        with guard(CONJUGATE, excluded), guard(NEGATIVE, excluded):
            return resolved(body(*tensors))

    return within


def register(name: str, body: Callable[..., Any], shaped: Callable[..., Any]) -> Any:
    """The operator `name` that runs `body` on tensors; `shaped` does it without their numbers."""
    full = f"{LIBRARY.ns}::{name}"
    body = with_flags(body)
    schema = torch.library.infer_schema(body, mutates_args=())
    LIBRARY.define(name + schema, tags=(torch.Tag.pt2_compliant_tag,))
    LIBRARY.impl(name, body, "CompositeExplicitAutograd")
    torch.library.register_fake(full, shaped, lib=LIBRARY)
    BODIES[full] = body
    return getattr(torch.ops.manifolds, name).default
