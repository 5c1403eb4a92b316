"""Thin matrices of independent numbers that estimate norms, the same at every call."""

import functools

import torch
from torch import Tensor


@functools.lru_cache(maxsize=8)
def normal_probes(n: int, columns: int, dtype: torch.dtype) -> Tensor:
    """Standard normal numbers from a generator of their own, on the host; -> (n, columns).

    They outlive the call that draws them, and must not be what it happens to run under: inference
    tensors, or on the default device (inside `torch.device("meta")` products with them are noise).
    """
    with torch.inference_mode(mode=False):
        generator = torch.Generator().manual_seed(0)
        draws = torch.randn(n, columns, dtype=torch.float64, device="cpu", generator=generator)
        return draws.to(dtype)


@functools.lru_cache(maxsize=8)
def sign_probes(n: int, columns: int, dtype: torch.dtype) -> Tensor:
    """Their signs, ±1."""
    with torch.inference_mode(mode=False):
        return normal_probes(n, columns, dtype).sgn()
