"""Autocast, which chooses the dtype of operators itself, turned off where digits count."""

from contextlib import AbstractContextManager, nullcontext

import torch

NOTHING = nullcontext()
any_autocast = getattr(torch._C, "_is_any_autocast_enabled", lambda: True)


@torch.compiler.assume_constant_result
def has_autocast(device_type: str) -> bool:
    """Whether there is an autocast to turn off; a meta device has none."""
    return torch.amp.is_autocast_available(device_type)


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Turn autocast off where it is on; in a graph always (torch 2.6 has no guard of it)."""
    tracing = torch.compiler.is_compiling()
    if not (tracing or any_autocast()) or not has_autocast(device.type):
        return NOTHING
    if tracing or torch.is_autocast_enabled(device.type):
        return torch.autocast(device.type, enabled=False)
    return NOTHING
