"""The operators that a compiler does not look into, and their Python functions.

Registered with torch.library.Library: the wrappers that torch.library.custom_op puts around every
call take 10 µs more (measured), and a step makes several.
"""

from collections.abc import Callable
from typing import Any

import torch

LIBRARY = torch.library.Library("manifolds", "FRAGMENT")
BODIES: dict[str, Callable[..., Any]] = {}
"""The Python function of each operator, by its full name."""


def register(name: str, body: Callable[..., Any], shaped: Callable[..., Any]) -> Any:
    """The operator `name` that runs `body` on tensors; `shaped` does it without their numbers."""
    full = f"{LIBRARY.ns}::{name}"
    schema = torch.library.infer_schema(body, mutates_args=())
    LIBRARY.define(name + schema, tags=(torch.Tag.pt2_compliant_tag,))
    LIBRARY.impl(name, body, "CompositeExplicitAutograd")
    torch.library.register_fake(full, shaped, lib=LIBRARY)
    BODIES[full] = body
    return getattr(torch.ops.manifolds, name).default
