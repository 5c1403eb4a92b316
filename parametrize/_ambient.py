"""The state around a computation that decides its value or its gradient, beside its inputs."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, is_grad_enabled, is_inference_mode_enabled
from torch.nn import Module
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack


def _private(name: str, otherwise: Any) -> Callable[..., Any]:
    """Look up a private function of torch; `otherwise` is its answer in a torch without it."""
    found: Any = torch._C
    for part in name.split("."):
        found = getattr(found, part, None)
    return (lambda *_: otherwise) if found is None else found  # type: ignore[no-any-return]


_any_autocast = _private("_is_any_autocast_enabled", otherwise=True)
_mode_count = _private("_len_torch_dispatch_stack", otherwise=1)
saved_tensor_hooks = _private("_autograd._top_saved_tensors_default_hooks", otherwise=None)
_function_mode_count = _private("_len_torch_function_stack", otherwise=1)
_is_tracing = _private("_is_tracing", otherwise=False)
_functorch_level = _private("_functorch.maybe_get_level", otherwise=None)
_transform = _private("_functorch.peek_interpreter_stack", otherwise=None)
_tracing_state = _private("_get_tracing_state", otherwise=None)


def modes(held: Module) -> tuple[Any, ...]:
    """Return a key that is equal where the same inputs give the same value and gradient.

    Gradient, inference, autocast, function and dispatch modes (`FakeTensorMode` among these) are in
    it. A weight computed under no_grad has no graph: served outside, it would never be trained.
    """
    mode = (is_grad_enabled(), is_inference_mode_enabled())
    if not (_any_autocast() or _mode_count() or _function_mode_count() or _is_tracing()):
        return mode
    return (
        *mode,
        _autocast(held) if _any_autocast() else None,
        tuple(_get_current_dispatch_mode_stack()),
        tuple(_get_current_function_mode_stack()),
        _tracing_state(),
    )


def _autocast(held: Module) -> tuple[Any, ...]:
    tensor = next(chain(held.parameters(), held.buffers()), None)
    device = "cpu" if tensor is None else tensor.device.type
    return device, torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)


def is_plain() -> bool:
    """Whether neither a dispatch mode nor a torch.func transform nor a trace is watching."""
    return not _mode_count() and _transform() is None and _tracing_state() is None


def checkpoint() -> Any:
    """Return the activation checkpoint that this code runs in, None outside of one.

    It computes the region twice, and both times must do the same: what is cached before, between
    or after them would change what the region saves for backward.
    """
    hooks = saved_tensor_hooks(False)  # noqa: FBT003 -- a builtin without keywords
    if hooks is None:
        return None
    return hooks[0] if hooks[0].__module__ == "torch.utils.checkpoint" else None


def outlives_transform(value: Any, sources: list[Tensor]) -> bool:
    """Whether `value` is no more deeply wrapped by torch.func transforms than its `sources`.

    If it is, it ends with the current transform, and the next one would get a dead wrapper.
    """
    if not isinstance(value, Tensor):
        return False
    return _level(value) <= max(map(_level, sources), default=-1)


def _level(tensor: Tensor) -> int:
    level = _functorch_level(tensor)
    return -1 if level is None else int(level)


def refuse_tracing() -> None:
    """Raise RuntimeError inside `torch.jit.trace`, which would record one value as a constant."""
    if _tracing_state() is not None:
        raise RuntimeError(
            "torch.jit.trace cannot record a parametrized tensor inside cached(), because later "
            "calls would not compute it; leave cached() for the trace, or use torch.export"
        )
