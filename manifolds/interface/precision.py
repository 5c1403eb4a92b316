"""16-bit tensors are computed in float32 and cast back.

torch.matrix_exp in 16 bit on the CPU silently returns NaN or 1e30, and a product of two bfloat16
matrices keeps three digits: no constraint survives that, under autocast neither. Who wants the
speed of 16-bit tensor cores names it: `map=manifolds.BFloat16Polar()`, with its own error bound.

A backward that is itself called under autocast runs torch's own products in 16 bit, those of a map
that is made of them too (gradients to 2e-3 to 1e-2, measured; custom derivatives are sheltered). It
belongs outside, as torch's documentation of autocast says of every backward.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from manifolds.operators.autocast import without_autocast
from manifolds.operators.exact import exact_arithmetic

HALF = (torch.float16, torch.bfloat16)


def working_dtype(dtype: torch.dtype) -> torch.dtype:
    """float32 for the 16-bit types, the type itself otherwise."""
    return torch.float32 if dtype in HALF else dtype


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Within, neither autocast nor reduced products (TF32; Note [Reduced products])."""
    with without_autocast(device), exact_arithmetic(device):
        yield


def in_working_precision(function: Callable[..., Any], *tensors: Tensor) -> Any:
    """function(*tensors) computed in the working precision, cast to the dtype of the tensors."""
    dtype = tensors[0].dtype
    wide = working_dtype(dtype)
    device = tensors[0].device
    with without_autocast(device), exact_arithmetic(device):  # both seen by torch.compile (2.6)
        result = function(*(t if t.dtype == wide else t.to(wide) for t in tensors))
    if isinstance(result, Tensor):
        return narrowed(result, dtype)
    return tuple(narrowed(r, dtype) for r in result)


def narrowed(a: Tensor, dtype: torch.dtype) -> Tensor:
    """A in `dtype`, which beyond the range of a 16-bit type means its largest number, not ∞.

    float16 ends at 65504: parameters of a point near the end of an open set lie beyond.
    """
    if a.dtype == dtype:
        return a
    if dtype not in HALF:
        return a.to(dtype)
    largest = torch.finfo(dtype).max
    return a.clamp(-largest, largest).to(dtype)
