"""An operator that a compiler does not look into: what it does may depend on the numbers."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from manifolds.operators.exact import exact_arithmetic
from manifolds.operators.registry import register


def opaque(name: str, shaped: Callable[..., Any] | None = None) -> Callable[[Callable], Any]:
    """Register a function of tensors, computed exactly.

    `shaped` returns what has its value's shapes, strides and dtypes; by default the value is one
    tensor as the first argument, and made contiguous.
    """

    def registered(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def exactly(*tensors: Tensor) -> Any:
            with exact_arithmetic(tensors[0].device):
                value = function(*tensors)
                return value if shaped else value.contiguous()

        return register(name, exactly, shaped or shaped_like_the_first)

    return registered


def shaped_like_the_first(*tensors: Tensor) -> Tensor:
    """Without numbers: the shape and dtype of the first argument, contiguous."""
    return torch.empty_like(tensors[0], memory_format=torch.contiguous_format)


def square_of(p: Tensor) -> Tensor:
    """Without numbers: (*batch, k, k) of P (*batch, n, k)."""
    return p.new_empty(*p.shape[:-2], p.shape[-1], p.shape[-1])
