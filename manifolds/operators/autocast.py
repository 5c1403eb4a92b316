"""Autocast, which chooses the dtype of operators itself, turned off where digits count."""

from contextlib import AbstractContextManager, nullcontext

import torch

NOTHING = nullcontext()
"""A context that does nothing: to make one takes longer than to enter it."""


@torch.compiler.assume_constant_result
def has_autocast(device_type: str) -> bool:
    """Whether there is an autocast to turn off; a meta device has none."""
    return torch.amp.is_autocast_available(device_type)


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Turn autocast off where it is on; in a graph always (torch 2.6 has no guard of it)."""
    kind = device.type
    if has_autocast(kind) and (torch.compiler.is_compiling() or torch.is_autocast_enabled(kind)):
        return torch.autocast(kind, enabled=False)
    return NOTHING
