"""Random matrices that every test can name by a seed."""

import torch
from torch import Tensor


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Independent N(0, 1) entries."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)
